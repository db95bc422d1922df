"""What operators do for users: confirm them, give them passwords, choose their second factor, sign them out."""

from typing import Any

import pytest
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns
from tests.operations.round_trips.triggers import config, triggers
from tests.world import PASSWORD

SMS = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}


def sign_in(asker: Asker, client_id: str, password: str = PASSWORD) -> Any:
    given = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "ann", "PASSWORD": password}}
    return asker.ask("InitiateAuth", unsigned=True, ClientId=client_id, **given)


@story("AdminConfirmSignUp")
def confirmations_by_operators(asker: Asker) -> None:
    pool_id = asker.house.pool(AutoVerifiedAttributes=["email"], LambdaConfig=config("PostConfirmation"))
    client_id = asker.house.app(pool_id)["ClientId"]
    named = {"UserPoolId": pool_id, "Username": "ann"}
    email = [{"Name": "email", "Value": "ann@example.com"}]
    signing_up = {"ClientId": client_id, "Username": "ann", "Password": PASSWORD, "UserAttributes": email}
    asker.ask("SignUp", unsigned=True, **signing_up)
    assert asker.ask("AdminGetUser", **named)["UserStatus"] == "UNCONFIRMED"

    with triggers(asker, "PostConfirmation") as functions:
        asker.ask_all("AdminConfirmSignUp", {**named, "ClientMetadata": {"by": "desk"}})

    (event,) = functions.events
    assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert event["request"]["clientMetadata"] == {"by": "desk"}
    user = asker.ask("AdminGetUser", **named)
    assert user["UserStatus"] == "CONFIRMED"
    # An operator's word proves no address.
    assert {"Name": "email_verified", "Value": "true"} not in user["UserAttributes"]
    assert "AuthenticationResult" in sign_in(asker, client_id)


@story("AdminSetUserPassword")
def passwords_by_operators(asker: Asker) -> None:
    pool_id = asker.house.pool()
    client_id = asker.house.app(pool_id)["ClientId"]
    asker.house.user(pool_id, "ann")
    examples = {
        "UserPoolId": pool_id,
        "Username": "ann",
        "Password": Turns(("Passw0rd-one", "Passw0rd-two")),
        "Permanent": Turns((True, False)),
    }
    for turn, (status, outcome) in enumerate(
        (("CONFIRMED", "AuthenticationResult"), ("FORCE_CHANGE_PASSWORD", "ChallengeName"))
    ):
        sent, _ = asker.ask_all("AdminSetUserPassword", examples, turn=turn)
        assert asker.ask("AdminGetUser", UserPoolId=pool_id, Username="ann")["UserStatus"] == status
        assert outcome in sign_in(asker, client_id, sent["Password"])
    with pytest.raises(asker.house.idp.exceptions.NotAuthorizedException):
        sign_in(asker, client_id, "Passw0rd-one")

    asker.ask("AdminSetUserPassword", UserPoolId=pool_id, Username="ann", Password="Passw0rd-three")
    assert sign_in(asker, client_id, "Passw0rd-three")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@story("AdminResetUserPassword")
def resets_by_operators(asker: Asker) -> None:
    pool_id = asker.house.pool(AutoVerifiedAttributes=["email"], LambdaConfig=config("CustomMessage"))
    client_id = asker.house.app(pool_id)["ClientId"]
    named = {"UserPoolId": pool_id, "Username": "ann"}
    asker.house.user(pool_id, "ann", email="ann@example.com", email_verified="true")

    with triggers(asker, "CustomMessage") as functions:
        asker.ask_all("AdminResetUserPassword", {**named, "ClientMetadata": {"by": "desk"}})

    (event,) = functions.events
    assert event["triggerSource"] == "CustomMessage_ForgotPassword"
    assert event["request"]["clientMetadata"] == {"by": "desk"}
    assert asker.ask("AdminGetUser", **named)["UserStatus"] == "RESET_REQUIRED"
    with pytest.raises(asker.house.idp.exceptions.PasswordResetRequiredException):
        sign_in(asker, client_id)
    shown = {"ClientId": client_id, "Username": "ann", "ConfirmationCode": asker.house.code("ann@example.com")}
    asker.ask("ConfirmForgotPassword", unsigned=True, **shown, Password="Passw0rd-two")
    assert asker.ask("AdminGetUser", **named)["UserStatus"] == "CONFIRMED"
    assert "AuthenticationResult" in sign_in(asker, client_id, "Passw0rd-two")


@story("AdminSetUserSettings")
def second_factors_by_operators(asker: Asker) -> None:
    pool_id = asker.house.pool()
    client_id = asker.house.app(pool_id)["ClientId"]
    asker.ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="OPTIONAL", SmsMfaConfiguration=SMS)
    named = {"UserPoolId": pool_id, "Username": "ann"}
    asker.house.user(pool_id, "ann", phone_number="+14255550123", phone_number_verified="true")
    examples = {**named, "DeliveryMedium": "SMS", "AttributeName": "phone_number"}

    sent, _ = asker.ask_all("AdminSetUserSettings", examples)
    user = asker.ask("AdminGetUser", **named)
    assert (user["MFAOptions"], user["UserMFASettingList"]) == (sent["MFAOptions"], ["SMS_MFA"])
    assert sign_in(asker, client_id)["ChallengeName"] == "SMS_MFA"

    asker.ask("AdminSetUserSettings", **named, MFAOptions=[])
    user = asker.ask("AdminGetUser", **named)
    assert set(user).isdisjoint({"MFAOptions", "UserMFASettingList", "PreferredMfaSetting"})
    assert "AuthenticationResult" in sign_in(asker, client_id)


@story("AdminUserGlobalSignOut")
def sign_outs_by_operators(asker: Asker) -> None:
    pool_id = asker.house.pool()
    client_id = asker.house.app(pool_id)["ClientId"]
    asker.house.user(pool_id, "ann")
    tokens = sign_in(asker, client_id)["AuthenticationResult"]
    refresh = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": tokens["RefreshToken"]}}
    assert asker.ask("GetUser", unsigned=True, AccessToken=tokens["AccessToken"])["Username"] == "ann"

    asker.ask_all("AdminUserGlobalSignOut", {"UserPoolId": pool_id, "Username": "ann"})

    refusal = asker.house.idp.exceptions.NotAuthorizedException
    with pytest.raises(refusal, match="Access Token has been revoked"):
        asker.ask("GetUser", unsigned=True, AccessToken=tokens["AccessToken"])
    with pytest.raises(refusal, match="Refresh Token has been revoked"):
        asker.ask("InitiateAuth", unsigned=True, ClientId=client_id, **refresh)
    again = sign_in(asker, client_id)["AuthenticationResult"]
    assert asker.ask("GetUser", unsigned=True, AccessToken=again["AccessToken"])["Username"] == "ann"
