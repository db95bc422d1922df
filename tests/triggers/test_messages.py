"""CustomMessage: the words of each message, asked for before it is written."""

import pytest
from botocore.exceptions import ClientError
from tests.authenticators import SES, SMS
from tests.sign_ins import refusal
from tests.triggers.conftest import answering, raising, unchanged

WORDS = answering(emailSubject="Blue Inc.", emailMessage="<b>Your code: {####}</b>", smsMessage="Blue: {####}")
EMAIL = "alice@example.com"


def last(people, to=EMAIL):
    return people.house.messages(to)[-1]


def test_the_words_of_a_sign_up(triggered):
    people = triggered(CustomMessage=WORDS)

    people.sign_up(ClientMetadata={"lang": "de"})

    message = last(people)
    assert message["subject"] == "Blue Inc."
    assert message["html"] == f"<b>Your code: {message['code']}</b>"
    (event,) = people.told
    assert event["triggerSource"] == "CustomMessage_SignUp"
    assert event["userName"] == "alice"
    assert event["request"]["codeParameter"] == "{####}"
    assert event["request"]["linkParameter"] == "{##Click Here##}"
    assert event["request"]["usernameParameter"] is None
    assert event["request"]["clientMetadata"] == {"lang": "de"}
    assert event["request"]["userAttributes"]["cognito:user_status"] == "UNCONFIRMED"
    assert event["response"] == {"smsMessage": None, "emailMessage": None, "emailSubject": None}
    assert message["code"] not in str(event)


def test_who_says_nothing_leaves_the_templates(triggered):
    people = triggered(CustomMessage=unchanged)

    people.sign_up()

    assert "verification code" in last(people)["subject"].lower()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"emailMessage": "no place for it"}, "Unrecognizable lambda output"),
        ({"emailMessage": "{####}" + "x" * 20_000}, "Unrecognizable lambda output"),
        ({"emailSubject": "x" * 141}, "Unrecognizable lambda output"),
        ({"emailMessage": 7}, "Unrecognizable lambda output"),
    ],
)
def test_words_that_cannot_be_sent_are_refused_and_nothing_is_stored(triggered, words, sentence):
    people = triggered(CustomMessage=answering(**words))

    assert refusal(people.sign_up) == ("InvalidLambdaResponse", sentence)
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []
    assert people.house.messages() == []


def test_a_subject_adds_no_header(triggered):
    people = triggered(CustomMessage=answering(emailSubject="Hi\r\nBcc: eve@example.com", emailMessage="{####}"))

    people.sign_up()

    assert last(people)["subject"].splitlines() == [last(people)["subject"]]


def test_a_failing_trigger_stops_the_sign_up(triggered):
    people = triggered(CustomMessage=raising("no words"))

    assert refusal(people.sign_up) == ("UserLambdaValidation", "CustomMessage failed with error no words.")
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


def test_every_source_is_told(triggered):
    people = triggered(CustomMessage=WORDS)
    unsigned, operator, pool_id = people.house.idp_unsigned, people.house.idp, people.pool_id
    client = {"ClientId": people.client_id, "Username": "alice"}
    people.sign_up()
    unsigned.resend_confirmation_code(**client)
    operator.admin_confirm_sign_up(UserPoolId=pool_id, Username="alice")
    verified = [{"Name": "email_verified", "Value": "true"}]
    operator.admin_update_user_attributes(UserPoolId=pool_id, Username="alice", UserAttributes=verified)
    unsigned.forgot_password(**client)
    token = people.sign_in()["AccessToken"]
    unsigned.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "email", "Value": "new@example.com"}])
    unsigned.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    operator.admin_update_user_attributes(UserPoolId=pool_id, Username="alice", UserAttributes=verified)
    operator.admin_reset_user_password(UserPoolId=pool_id, Username="alice")

    assert [source.removeprefix("CustomMessage_") for source in people.sources()] == [
        "SignUp",
        "ResendCode",
        "ForgotPassword",
        "UpdateUserAttribute",
        "VerifyUserAttribute",
        "ForgotPassword",
    ]
    assert {message["subject"] for message in people.house.messages()} == {"Blue Inc."}


def test_the_words_of_an_invitation_hold_name_and_password(triggered):
    people = triggered(
        CustomMessage=answering(emailSubject="Welcome", emailMessage="You are {username}, your key is {####}")
    )

    people.house.idp.admin_create_user(
        UserPoolId=people.pool_id,
        Username="bob",
        TemporaryPassword="Temp0rary!",
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": "bob@example.com"}],
    )

    (event,) = people.told
    assert event["triggerSource"] == "CustomMessage_AdminCreateUser"
    assert event["request"]["usernameParameter"] == "{username}"
    assert "You are bob, your key is Temp0rary!" in last(people, "bob@example.com")["html"]
    assert "Temp0rary!" not in str(event)


def test_codes_that_sign_in_have_words_too(triggered):
    people = triggered(
        pool={"EmailConfiguration": SES, "SmsConfiguration": SMS},
        CustomMessage=WORDS,
    )
    people.house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id,
        MfaConfiguration="ON",
        EmailMfaConfiguration={},
        SmsMfaConfiguration={"SmsConfiguration": SMS},
    )
    people.alice(phone_number="+4915100000000", phone_number_verified="true")

    begun = people.initiate(USERNAME="alice", PASSWORD="Passw0rd!")

    assert begun["ChallengeName"] == "SMS_MFA"
    message = last(people, "+4915100000000")
    assert message["text"] == f"Blue: {message['code']}"
    assert people.sources() == ["CustomMessage_Authentication"]


def test_nobody_is_told_of_who_does_not_exist(triggered):
    people = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, CustomMessage=WORDS)

    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="nobody")
    people.house.idp_unsigned.resend_confirmation_code(ClientId=people.client_id, Username="nobody")

    assert people.told == []


@pytest.mark.parametrize("operation", ["forgot_password", "resend_confirmation_code"])
def test_nobody_is_asked_for_words_of_a_message_that_will_not_be_written(triggered, operation):
    people = triggered(CustomMessage=WORDS)
    if operation == "forgot_password":
        people.alice(email=EMAIL, email_verified="true")
    else:
        people.sign_up()
    person = {"ClientId": people.client_id, "Username": "alice"}
    answers = [limited(getattr(people.house.idp_unsigned, operation), **person) for _ in range(20)]

    assert "LimitExceeded" in answers
    assert len(people.told) == answers.count("") + (operation == "resend_confirmation_code")


def limited(deed, **named):
    """'' for what is done, else the name of the refusal."""
    try:
        deed(**named)
    except ClientError as refused:
        return refused.response["Error"]["Code"].removesuffix("Exception")
    return ""


def test_an_operator_resets_although_the_person_asked_too_often(triggered):
    people = triggered(CustomMessage=WORDS)
    people.alice(email=EMAIL, email_verified="true")
    person = {"ClientId": people.client_id, "Username": "alice"}
    assert "LimitExceeded" in [limited(people.house.idp_unsigned.forgot_password, **person) for _ in range(20)]

    people.house.idp.admin_reset_user_password(UserPoolId=people.pool_id, Username="alice")
    assert people.sources()[-1] == "CustomMessage_ForgotPassword"
