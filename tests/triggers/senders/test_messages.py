"""What each message tells its sender, and that its code is theirs to decrypt."""

from html import unescape

import pytest
from tests.authenticators import SMS
from tests.triggers.conftest import ARN
from tests.triggers.senders.conftest import EMAIL, PHONE, with_sms
from tests.world import PASSWORD

from lido.storage import messages


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
