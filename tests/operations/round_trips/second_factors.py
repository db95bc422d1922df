"""Second factors of people: authenticator apps, and which factor they prefer."""

from typing import Any

from tests.authenticators import App, Guarded
from tests.keyholders import MFA
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import LEFT_OUT, Turns
from tests.sign_ins import refusal

SETTINGS = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "WEB_AUTHN"


@story("AssociateSoftwareToken", "VerifySoftwareToken", "AdminDeleteSoftwareToken")
def authenticator_apps(asker: Asker) -> None:
    people = Guarded(asker.house, "ON")
    people.alice()
    session = people.challenged()["Session"]

    _, told = asker.ask_all("AssociateSoftwareToken", {"AccessToken": LEFT_OUT, "Session": session}, unsigned=True)
    app = App(asker.house, told["SecretCode"])
    proof = {"FriendlyDeviceName": "phone", "UserCode": app.code()}
    proof_in_session = {"AccessToken": LEFT_OUT, "Session": told["Session"], **proof}
    _, told = asker.ask_all("VerifySoftwareToken", proof_in_session, unsigned=True)
    assert told["Status"] == "SUCCESS"
    tokens = people.respond("MFA_SETUP", told["Session"], USERNAME="alice")["AuthenticationResult"]
    assert people.challenged()["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone"

    token = {"AccessToken": tokens["AccessToken"], "Session": LEFT_OUT}
    _, told = asker.ask_all("AssociateSoftwareToken", token, unsigned=True)
    other = App(asker.house, told["SecretCode"])
    proof = {"FriendlyDeviceName": "tablet", "UserCode": other.code()}
    _, told = asker.ask_all("VerifySoftwareToken", {**token, **proof}, unsigned=True)
    assert told["Status"] == "SUCCESS"
    assert people.challenged()["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "tablet"
    asker.house.clock.advance(seconds=60)
    assert refusal(people.enter, app).name == "CodeMismatch"
    assert people.enter(other)["AccessToken"]

    asker.ask("AdminDeleteSoftwareToken", UserPoolId=people.pool_id, Username="alice")
    assert people.challenged()["ChallengeName"] == "MFA_SETUP"


@story(
    "SetUserMFAPreference",
    "GetUserAuthFactors",
    "AdminSetUserMFAPreference",
    "AdminGetUserAuthFactors",
    "SetUserSettings",
)
def preferred_factors(asker: Asker) -> None:
    people = Guarded(asker.house, sms=True, email=True)
    people.configure("OPTIONAL", WebAuthnConfiguration=MFA)
    people.alice(email="alice@example.com", phone_number="+15555550100")
    token = {"AccessToken": people.sign_in()["AccessToken"]}
    app = people.associate(token["AccessToken"])
    people.verify(token["AccessToken"], app.code())
    examples = {
        **token,
        "UserPoolId": people.pool_id,
        "Username": "alice",
        "PreferredMfa": False,
        "SMSMfaSettings.PreferredMfa": Turns((True, False, False)),
        "SoftwareTokenMfaSettings.PreferredMfa": Turns((False, True, False)),
        "Enabled": Turns((True, True, False)),
        "SMSMfaSettings.Enabled": Turns((True, False, False)),
    }
    expected = [(SETTINGS, "SMS_MFA"), (SETTINGS[1:], "SOFTWARE_TOKEN_MFA"), ((), None)]

    for operation in ("SetUserMFAPreference", "AdminSetUserMFAPreference"):
        for turn, (on, preferred) in enumerate(expected):
            asker.ask_all(operation, examples, turn=turn, unsigned=operation.startswith("Set"))
            told = factors(asker, "AdminGetUserAuthFactors", examples)
            assert sorted(told.get("UserMFASettingList", [])) == sorted(on)
            assert told.get("PreferredMfaSetting") == preferred
            if operation.startswith("Set"):
                assert factors(asker, "GetUserAuthFactors", examples) == told

    # A factor that an operator takes away ends all sessions.
    assert refusal(asker.ask_all, "GetUserAuthFactors", token, unsigned=True).name == "NotAuthorized"
    token = {"AccessToken": people.sign_in()["AccessToken"]}
    sms = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    asker.ask("SetUserSettings", **token, MFAOptions=sms, unsigned=True)
    told = factors(asker, "GetUserAuthFactors", token)
    assert told["UserMFASettingList"] == ["SMS_MFA"]
    assert set(told["ConfiguredUserAuthFactors"]) == {"PASSWORD", "SMS_OTP"}
    asker.ask("SetUserSettings", **token, MFAOptions=[], unsigned=True)
    assert "UserMFASettingList" not in factors(asker, "GetUserAuthFactors", token)


def factors(asker: Asker, operation: str, examples: dict[str, Any]) -> dict[str, Any]:
    """What alice can prove with, as she or an operator is told."""
    _, told = asker.ask_all(operation, examples, unsigned=operation.startswith("Get"))
    assert told["Username"] == "alice"
    return {name: value for name, value in told.items() if name != "ResponseMetadata"}
