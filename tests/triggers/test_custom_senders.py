"""Custom senders: what each message tells them, that its code is theirs to decrypt, and what becomes of failures."""

import threading
from html import unescape

import pytest
from structlog.testing import capture_logs
from tests.authenticators import SES, SMS
from tests.flows.post import Gateway
from tests.ports.amazon import Decryption, amazon, kms_key
from tests.triggers.conftest import ARN, Triggered, raising, unchanged
from tests.world import PASSWORD, World, sign_by

from lido.flows.message_worker import MessageWorker
from lido.flows.sender_queues import AT_ONCE, OF_ONE_POOL
from lido.ports.triggers.carrier import NotInvocable, TimedOut, Unrecognizable
from lido.storage import messages

EMAIL, PHONE = "alice@example.com", "+4915100000000"
ACCESS_KEY = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret-of-the-tests"}


@pytest.fixture(scope="module")
def moto():
    with amazon() as running:
        yield running


@pytest.fixture(scope="module")
def key(moto):
    return kms_key(moto.url)


@pytest.fixture(scope="module")
def decrypted(moto, key):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_KMS", moto.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield Decryption(key)


class Sending(Triggered):
    """A pool that sends itself, and the worker that hands its messages over."""

    worker: MessageWorker

    def post(self):
        """Everything that is due goes out; the events of senders so far."""
        while self.worker.run_due():
            self.worker.finish()
        return [event for event in self.told if event["triggerSource"].partition("_")[0] in SENDERS]

    def stored(self):
        with self.house.database.read() as tx:
            return sorted(messages.page(tx, limit=100), key=lambda message: message.id)


SENDERS = ("CustomEmailSender", "CustomSMSSender")


@pytest.fixture
def world(database, functions, moto):
    world = World(database, carriers=functions, kms_endpoint=moto.url, **ACCESS_KEY)
    sign_by(world.clock)
    yield world
    world.close()


@pytest.fixture
def sending(world, functions, key):
    """Makes a pool whose own functions send: `sending(CustomEmailSender=function)`, both unless said otherwise."""

    def make(*, kms=key, pool=None, app=None, **given):
        config = {"KMSKeyID": kms}
        for name, function in (given or dict.fromkeys(SENDERS, unchanged)).items():
            functions[name] = function
            arn = ARN.format(name)
            config[name] = {"LambdaArn": arn, "LambdaVersion": "V1_0"} if name in SENDERS else arn
        settings = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": config, **(pool or {})}
        people = Sending(world, functions, pool=settings, app=app or {})
        people.worker = world.lido.message_worker()
        return people

    return make


def with_sms(**more):
    return {"SmsConfiguration": SMS, "EmailConfiguration": SES, **more}


def test_the_code_of_a_sign_up_is_decrypted_as_amazon_s_samples_do_and_confirms(sending, decrypted):
    people = sending()

    people.sign_up(ClientMetadata={"lang": "de"})
    (event,) = people.post()

    code, context = decrypted.whole(event["request"].pop("code"))
    assert context["userpool-id"] == people.pool_id
    sub = people.sub()
    assert event == {
        "version": "1",
        "triggerSource": "CustomEmailSender_SignUp",
        "region": "us-east-1",
        "userPoolId": people.pool_id,
        "userName": "alice",
        "callerContext": {"awsSdkVersion": event["callerContext"]["awsSdkVersion"], "clientId": people.client_id},
        "request": {
            "type": "customEmailSenderRequestV1",
            "clientMetadata": {"lang": "de"},
            "userAttributes": {"sub": sub, "email": EMAIL, "cognito:user_status": "UNCONFIRMED"}
            | ({"email_verified": "false"} if "email_verified" in event["request"]["userAttributes"] else {}),
        },
    }
    people.house.idp_unsigned.confirm_sign_up(ClientId=people.client_id, Username="alice", ConfirmationCode=code)


def test_without_metadata_it_is_null_and_there_is_no_response(sending):
    people = sending()

    people.sign_up()
    (event,) = people.post()

    assert event["request"]["clientMetadata"] is None
    assert "response" not in event


def test_every_message_by_e_mail_is_the_sender_s(sending, decrypted):
    people = sending()
    unsigned, operator, pool_id = people.house.idp_unsigned, people.house.idp, people.pool_id
    client = {"ClientId": people.client_id, "Username": "alice"}
    people.sign_up()
    people.post()
    unsigned.resend_confirmation_code(**client, ClientMetadata={"n": "1"})
    (_, resent) = people.post()
    unsigned.confirm_sign_up(**client, ConfirmationCode=decrypted(resent["request"]["code"]))
    unsigned.forgot_password(**client, ClientMetadata={"n": "2"})
    forgotten = people.post()[-1]
    code = decrypted(forgotten["request"]["code"])
    unsigned.confirm_forgot_password(**client, ConfirmationCode=code, Password="An0ther!pass")
    token = people.sign_in(password="An0ther!pass")["AccessToken"]
    new = [{"Name": "email", "Value": "new@example.com"}]
    unsigned.update_user_attributes(AccessToken=token, UserAttributes=new, ClientMetadata={"n": "3"})
    people.post()
    unsigned.get_user_attribute_verification_code(AccessToken=token, AttributeName="email", ClientMetadata={"n": "4"})
    changed = people.post()[-1]
    code = decrypted(changed["request"]["code"])
    unsigned.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    operator.admin_reset_user_password(UserPoolId=pool_id, Username="alice", ClientMetadata={"n": "5"})

    sources = [event["triggerSource"].removeprefix("CustomEmailSender_") for event in people.post()]
    assert sources == [
        "SignUp",
        "ResendCode",
        "ForgotPassword",
        "UpdateUserAttribute",
        "VerifyUserAttribute",
        "ForgotPassword",
    ]
    assert [event["request"]["clientMetadata"] for event in people.told[1:]] == [{"n": n} for n in "12345"]
    assert people.told[3]["request"]["userAttributes"]["email"] == "new@example.com"
    assert {message.state for message in people.stored()} == {messages.SENT}


def test_an_address_that_waits_to_be_verified_is_where_the_sender_is_to_send(sending, decrypted):
    keep = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    people = sending(pool={"UserAttributeUpdateSettings": keep})
    people.alice(email=EMAIL, email_verified="true")
    token = people.sign_in()["AccessToken"]

    people.house.idp_unsigned.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": "new@example.com"}]
    )
    (event,) = people.post()

    told = event["request"]["userAttributes"]
    assert (told["email"], told["email_verified"]) == ("new@example.com", "false")
    people.house.idp_unsigned.verify_user_attribute(
        AccessToken=token, AttributeName="email", Code=decrypted(event["request"]["code"])
    )


def test_text_messages_are_the_sms_sender_s(sending, decrypted):
    people = sending(pool=with_sms(AutoVerifiedAttributes=["phone_number"]))

    people.sign_up(UserAttributes=[{"Name": "phone_number", "Value": PHONE}])
    (event,) = people.post()

    assert event["triggerSource"] == "CustomSMSSender_SignUp"
    assert event["request"]["type"] == "customSMSSenderRequestV1"
    assert event["request"]["userAttributes"]["phone_number"] == PHONE
    people.house.idp_unsigned.confirm_sign_up(
        ClientId=people.client_id, Username="alice", ConfirmationCode=decrypted(event["request"]["code"])
    )


@pytest.mark.parametrize("template", [{}, {"InviteMessageTemplate": {"EmailMessage": "Ask for your password."}}])
def test_a_temporary_password_is_escaped_whatever_the_template_says(sending, decrypted, template):
    people = sending(pool={"AdminCreateUserConfig": template} if template else {})
    password = "Temp0<r>&\"a'ry!"

    people.house.idp.admin_create_user(
        UserPoolId=people.pool_id,
        Username="bob",
        TemporaryPassword=password,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": "bob@example.com"}],
        ClientMetadata={"team": "blue"},
    )
    (event,) = people.post()

    assert event["triggerSource"] == "CustomEmailSender_AdminCreateUser"
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    assert event["request"]["clientMetadata"] == {"team": "blue"}
    escaped = decrypted(event["request"]["code"])
    assert escaped.startswith("Temp0&lt;r&gt;&amp;&quot;")
    assert unescape(escaped) == password


def test_a_second_factor_s_code_signs_in(sending, decrypted):
    people = sending(pool=with_sms())
    people.house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="ON", SmsMfaConfiguration={"SmsConfiguration": SMS}
    )
    people.alice(phone_number=PHONE, phone_number_verified="true")

    begun = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)
    (event,) = people.post()

    assert event["triggerSource"] == "CustomSMSSender_Authentication"
    answer = people.respond(
        "SMS_MFA", begun["Session"], USERNAME="alice", SMS_MFA_CODE=decrypted(event["request"]["code"])
    )
    assert "AuthenticationResult" in answer


def test_a_first_factor_s_code_signs_in(sending, decrypted):
    people = sending(
        pool=with_sms(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}),
        app={"ExplicitAuthFlows": ["ALLOW_USER_AUTH"]},
    )
    people.alice(email=EMAIL, email_verified="true")

    begun = people.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="EMAIL_OTP")
    (event,) = people.post()

    assert event["triggerSource"] == "CustomEmailSender_Authentication"
    code = decrypted(event["request"]["code"])
    assert "AuthenticationResult" in people.respond(
        "EMAIL_OTP", begun["Session"], USERNAME="alice", EMAIL_OTP_CODE=code
    )


def test_custom_message_is_not_asked_where_a_sender_is_named(sending):
    people = sending(CustomMessage=unchanged, CustomEmailSender=unchanged)

    people.sign_up()
    people.post()

    assert people.sources() == ["CustomEmailSender_SignUp"]


def test_the_other_medium_goes_by_its_gateway(sending, world):
    people = sending(CustomSMSSender=unchanged)
    mail = Gateway()
    people.worker = MessageWorker(world.call, mail=mail, sms=None, mail_from="no-reply@lido.example")

    people.sign_up()

    assert people.post() == []
    assert [email.to for email in mail.sent] == [EMAIL]


def test_no_gateway_gets_what_a_pool_sends_itself(sending, world):
    people = sending(CustomEmailSender=raising("not now"))
    mail = Gateway()
    people.worker = MessageWorker(world.call, mail=mail, sms=None, mail_from="no-reply@lido.example")

    people.sign_up()
    people.post()

    assert mail.sent == []
    assert people.stored()[0].state == messages.WAITING


def test_a_sender_that_is_named_later_gets_what_still_waits(sending, world, functions, key):
    people = sending(CustomSMSSender=unchanged)
    people.sign_up()
    functions["late"] = unchanged
    late = {"LambdaArn": ARN.format("late"), "LambdaVersion": "V1_0"}
    world.idp.update_user_pool(
        UserPoolId=people.pool_id,
        AutoVerifiedAttributes=["email"],
        LambdaConfig={"CustomEmailSender": late, "KMSKeyID": key},
    )

    assert [event["triggerSource"] for event in people.post()] == ["CustomEmailSender_SignUp"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ValueError("it was {code}"), "CustomEmailSender raised an error"),
        (
            NotInvocable("AccessDeniedException"),
            "CustomEmailSender was not invoked: AccessDeniedException",
        ),
        (TimedOut(), "CustomEmailSender gave no answer: TimedOut"),
    ],
)
def test_a_sender_that_fails_is_asked_again_and_nothing_tells_the_code(sending, decrypted, failure, reason):
    told = []

    def function(event):
        told.append(decrypted(event["request"]["code"]))
        if len(told) == 1:
            raise type(failure)(failure.args[0].format(code=told[0])) if failure.args else failure
        return event

    people = sending(CustomEmailSender=function)
    with capture_logs() as logs:
        people.sign_up()
        people.post()
        (waits,) = people.stored()
        assert (waits.state, waits.last_error, waits.attempts) == (messages.WAITING, reason, 1)
        people.house.clock.advance(seconds=7)
        people.post()

    (sent,) = people.stored()
    assert (sent.state, len(told), len(set(told))) == (messages.SENT, 2, 1)
    lines = [{name: value for name, value in line.items() if not name.endswith("_id")} for line in logs]
    assert "message not delivered" in str(lines)
    assert told[0] not in str(lines)
    assert told[0] not in str(people.told[0]["request"] | {"code": "", "userAttributes": {}})


@pytest.mark.parametrize("answer", [None, "well done", [1], {"response": {"emailMessage": "{####}"}}])
def test_whatever_a_sender_answers_the_message_has_left(sending, answer):
    people = sending(CustomEmailSender=lambda _: answer)

    people.sign_up()
    people.post()

    assert people.stored()[0].state == messages.SENT


def test_an_answer_that_is_too_large_is_an_answer_too(sending):
    def function(_):
        raise Unrecognizable

    people = sending(CustomEmailSender=function)

    people.sign_up()
    people.post()

    assert people.stored()[0].state == messages.SENT


def test_a_key_that_is_not_there_keeps_the_message(sending, moto):
    elsewhere = kms_key(moto.url, "eu-west-1").replace("eu-west-1", "us-east-1")
    people = sending(kms=elsewhere)

    people.sign_up()

    assert people.post() == []
    assert people.stored()[0].last_error == "KMS refused: 400 NotFoundException"


def test_a_key_of_another_region_is_asked_for_there(sending, moto):
    people = sending(kms=kms_key(moto.url, "eu-west-1"))

    people.sign_up()

    assert len(people.post()) == 1


def test_an_arn_that_is_no_key_s_leads_nowhere(sending):
    people = sending(kms="arn:aws:kms:evil.example/:123456789012:key/k")

    people.sign_up()

    assert people.post() == []
    assert people.stored()[0].last_error == "KMSKeyID is not the ARN of a key of KMS"


def test_without_an_endpoint_the_message_waits_and_the_log_says_why(triggered, key):
    people = triggered(CustomEmailSender=unchanged, pool={"LambdaConfig": _naming("CustomEmailSender", key)})
    worker = people.house.lido.message_worker()

    with capture_logs() as logs:
        people.sign_up()
        worker.run_due()
        worker.finish()

    assert people.told == []
    assert people.house.messages(EMAIL)[-1]["state"] == "waiting"
    assert [line["reason"] for line in logs if line["event"] == "message not delivered"] == ["no kms_endpoint is set"]


def test_without_the_package_the_message_waits(sending, monkeypatch):
    monkeypatch.setattr("lido.ports.kms.find_spec", lambda _: None)
    people = sending()

    people.sign_up()

    assert people.post() == []
    assert "aws-encryption-sdk is not installed" in people.stored()[0].last_error


def test_a_function_whose_secret_cannot_be_opened_keeps_the_message(sending, world, key):
    people = sending(CustomEmailSender=unchanged)
    with world.database.write() as tx:
        tx.run(
            "INSERT INTO trigger_targets (name, kind, address, secret, settings, created_at) "
            "VALUES ('CustomEmailSender', 'url', 'https://x.example', :secret, '{}', 0)",
            secret=b"of another master key",
        )

    people.sign_up()

    assert people.post() == []
    assert people.stored()[0].last_error == "its master key is missing"


def test_a_pool_needs_a_key_for_its_senders(world):
    config = {"CustomEmailSender": {"LambdaArn": ARN.format("f"), "LambdaVersion": "V1_0"}}

    with pytest.raises(world.idp.exceptions.InvalidParameterException, match="KMSKeyId parameter is required"):
        world.pool(LambdaConfig=config)


def test_strangers_are_answered_like_users_and_nothing_is_invoked(sending):
    people = sending(app={"PreventUserExistenceErrors": "ENABLED"})
    people.alice(email=EMAIL, email_verified="true")
    unsigned, client_id = people.house.idp_unsigned, people.client_id

    known = unsigned.forgot_password(ClientId=client_id, Username="alice")
    unknown = unsigned.forgot_password(ClientId=client_id, Username="nobody")

    assert known["CodeDeliveryDetails"].keys() == unknown["CodeDeliveryDetails"].keys()
    assert [event["userName"] for event in people.post()] == ["alice"]


def test_two_nodes_hand_a_message_over_once(sending, world):
    people = sending()
    others = world.lido.message_worker()
    people.sign_up()

    people.worker.run_due()
    others.run_due()
    people.worker.finish()
    others.finish()

    assert len(people.told) == 1


def test_who_was_deleted_is_sent_nothing(sending):
    people = sending()
    people.sign_up()
    people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")

    assert people.post() == []
    assert people.stored()[0].state == messages.GIVEN_UP


def test_a_slow_sender_rests_three_times_as_long_and_then_goes_on(sending, world):
    def slowly(event):
        world.clock.advance(seconds=4)
        return event

    people = sending(CustomEmailSender=slowly)
    for number in range(12):
        people.sign_up(f"u{number}", UserAttributes=[{"Name": "email", "Value": f"u{number}@example.com"}])

    first = len(people.post())
    world.clock.advance(seconds=11)
    resting = len(people.post())
    world.clock.advance(minutes=2)

    assert first == resting < 12
    assert len(people.post()) > first
    assert {message.attempts for message in people.stored() if message.state == messages.WAITING} <= {0}


def test_senders_that_hang_hold_up_no_mail_and_no_other_pool(sending, world):
    release, begun = threading.Event(), threading.Semaphore(0)

    def hanging(event):
        begun.release()
        release.wait(20)
        return event

    people = sending(CustomEmailSender=hanging)
    other = Triggered(world, people.functions, pool={"AutoVerifiedAttributes": ["email"]}, app={})
    third = sending(CustomSMSSender=unchanged, pool=with_sms(AutoVerifiedAttributes=["phone_number"]))
    mail = Gateway()
    worker = MessageWorker(world.call, mail=mail, sms=None, mail_from="no-reply@lido.example", kms=people.worker._kms)
    for number in range(AT_ONCE + 2):
        people.sign_up(f"u{number}", UserAttributes=[{"Name": "email", "Value": f"u{number}@example.com"}])
    worker.run_due()
    other.sign_up()
    third.sign_up(UserAttributes=[{"Name": "phone_number", "Value": PHONE}])

    for _ in range(OF_ONE_POOL):
        assert begun.acquire(timeout=10)
    while worker.run_due():
        pass

    assert [email.to for email in mail.sent] == [EMAIL]
    assert not begun.acquire(blocking=False)
    for _ in range(200):
        if "CustomSMSSender_SignUp" in people.sources():
            break
        threading.Event().wait(0.05)
    assert "CustomSMSSender_SignUp" in people.sources()
    release.set()
    worker.finish()


def test_a_stopped_worker_gives_back_what_it_did_not_hand_over(sending, world):
    people = sending()
    people.sign_up()
    people.worker.stop()

    people.worker.run_due()
    people.worker.finish()

    (message,) = people.stored()
    assert (people.told, message.state, message.leased_until, message.attempts) == ([], messages.WAITING, 0, 0)


def _naming(trigger, key):
    return {trigger: {"LambdaArn": ARN.format(trigger), "LambdaVersion": "V1_0"}, "KMSKeyID": key}
