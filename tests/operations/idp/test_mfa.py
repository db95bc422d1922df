"""Which second factors a user has on and prefers: table of wishes, refusals, and how it is shown."""

from typing import Any

import pytest
from tests.authenticators import Guarded
from tests.sign_ins import refusal
from tests.world import World

ON: dict[str, Any] = {"Enabled": True}
OFF: dict[str, Any] = {"Enabled": False}
FIRST: dict[str, Any] = {"Enabled": True, "PreferredMfa": True}
NO_CONFIG = "User does not have delivery config set to turn on "


def sms(block: dict[str, Any]) -> dict[str, Any]:
    return {"SMSMfaSettings": block}


def totp(block: dict[str, Any]) -> dict[str, Any]:
    return {"SoftwareTokenMfaSettings": block}


def email(block: dict[str, Any]) -> dict[str, Any]:
    return {"EmailMfaSettings": block}


def passkey(block: dict[str, Any]) -> dict[str, Any]:
    return {"WebAuthnMfaSettings": block}


@pytest.fixture
def people(house: World) -> Guarded:
    """Alice has a phone, an e-mail address and a proven authenticator; nothing is switched on."""
    guarded = Guarded(house, sms=True, email=True)
    guarded.alice(email="alice@example.com", phone_number="+491701234567")
    return guarded


@pytest.fixture
def token(people: Guarded) -> str:
    token = str(people.sign_in()["AccessToken"])
    people.verify(token, people.associate(token).code())
    return token


def on_and_first(people: Guarded) -> tuple[list[str] | None, str | None]:
    """What is on, and what is preferred; the same whoever asks."""
    shown = people.shown()
    found = shown.get("UserMFASettingList"), shown.get("PreferredMfaSetting")
    factors = people.house.idp.admin_get_user_auth_factors(UserPoolId=people.pool_id, Username="alice")
    assert (factors.get("UserMFASettingList"), factors.get("PreferredMfaSetting")) == found
    return found


@pytest.mark.parametrize(
    ("wishes", "on", "first"),
    [
        ([], None, None),
        ([sms(ON)], ["SMS_MFA"], None),
        ([totp(ON)], ["SOFTWARE_TOKEN_MFA"], None),
        ([email(ON)], ["EMAIL_OTP"], None),
        ([totp(FIRST)], ["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"),
        ([email(ON) | sms(FIRST) | totp(ON)], ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"], "SMS_MFA"),
        ([sms(FIRST), totp(FIRST)], ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"),
        ([sms(FIRST), totp(ON)], ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], "SMS_MFA"),
        ([sms(ON) | totp(ON), totp({"PreferredMfa": True})], ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA"),
        ([sms(FIRST) | totp(ON), sms(OFF)], ["SOFTWARE_TOKEN_MFA"], None),
        ([sms(FIRST), sms(ON | {"PreferredMfa": False})], ["SMS_MFA"], None),
        ([sms(FIRST), {}], ["SMS_MFA"], "SMS_MFA"),
        ([sms(FIRST), sms({})], ["SMS_MFA"], "SMS_MFA"),
        ([sms(ON), sms(OFF) | totp(OFF) | email(OFF) | passkey(OFF)], None, None),
        ([sms(FIRST) | totp({"Enabled": False, "PreferredMfa": False})], ["SMS_MFA"], "SMS_MFA"),
    ],
)
@pytest.mark.parametrize("by", ["herself", "an operator"])
def test_wishes_come_true(
    people: Guarded, token: str, by: str, wishes: list[dict[str, Any]], on: list[str] | None, first: str | None
) -> None:
    for blocks in wishes:
        if by == "herself":
            people.prefer(token, **blocks)
            shown = people.house.idp_unsigned.get_user(AccessToken=token)
            assert shown.get("UserMFASettingList") == people.shown().get("UserMFASettingList")
            assert shown.get("PreferredMfaSetting") == people.shown().get("PreferredMfaSetting")
        else:
            people.house.idp.admin_set_user_mfa_preference(UserPoolId=people.pool_id, Username="alice", **blocks)
    assert on_and_first(people) == (on, first)


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        (sms(FIRST) | totp(FIRST), "Only one MFA method can be preferred."),
        (sms({"PreferredMfa": True}), NO_CONFIG + "SMS_MFA"),
        (totp({"Enabled": False, "PreferredMfa": True}), NO_CONFIG + "SOFTWARE_TOKEN_MFA"),
        (passkey(ON), NO_CONFIG + "WEB_AUTHN"),
    ],
)
def test_wishes_that_cannot_be_are_refused_and_nothing_changes(
    people: Guarded, token: str, blocks: dict[str, Any], sentence: str
) -> None:
    people.prefer(token, **email(ON))
    assert refusal(people.prefer, token, **blocks) == ("InvalidParameter", sentence)
    operators = people.house.idp.admin_set_user_mfa_preference
    refused = refusal(operators, UserPoolId=people.pool_id, Username="alice", **blocks)
    assert refused == ("InvalidParameter", sentence)
    assert on_and_first(people) == (["EMAIL_OTP"], None)


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        (sms(ON), NO_CONFIG + "SMS_MFA"),
        (email(ON), NO_CONFIG + "EMAIL_OTP"),
        (totp(ON), "User has not set up software token mfa"),
    ],
)
def test_who_has_nothing_to_prove_with_can_switch_nothing_on(
    house: World, block: dict[str, Any], sentence: str
) -> None:
    people = Guarded(house, sms=True, email=True)
    people.alice()
    token = people.sign_in()["AccessToken"]
    assert refusal(people.prefer, token, **block) == ("InvalidParameter", sentence)
    people.prefer(token, **sms(OFF), **totp(OFF), **email(OFF))


def test_an_app_that_was_not_proven_cannot_be_switched_on(people: Guarded) -> None:
    token = people.sign_in()["AccessToken"]
    people.associate(token)
    assert refusal(people.prefer, token, **totp(ON)) == (
        "InvalidParameter",
        "User has not verified software token mfa",
    )


def test_what_the_pool_does_not_offer_cannot_be_switched_on(house: World) -> None:
    people = Guarded(house)
    people.alice(email="alice@example.com", phone_number="+491701234567")
    token = people.sign_in()["AccessToken"]
    people.verify(token, people.associate(token).code())
    people.configure("OFF", totp=False)
    for block, name in ((sms(ON), "SMS_MFA"), (totp(ON), "SOFTWARE_TOKEN_MFA"), (email(ON), "EMAIL_OTP")):
        assert refusal(people.prefer, token, **block) == ("InvalidParameter", NO_CONFIG + name)


def test_where_mfa_is_required_only_the_preference_changes(people: Guarded, token: str) -> None:
    people.prefer(token, **sms(ON), **totp(FIRST))
    people.configure("ON")
    refused = refusal(people.prefer, token, **sms(OFF))
    assert refused == ("InvalidParameter", "MFA is required in this user pool, SMS_MFA cannot be turned off.")
    people.prefer(token, **sms(FIRST), **email(OFF))
    assert on_and_first(people) == (["SMS_MFA", "SOFTWARE_TOKEN_MFA"], "SMS_MFA")


def test_passkeys_are_a_second_factor_only_beside_another(people: Guarded, token: str) -> None:
    web = {"RelyingPartyId": "example.com", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
    people.configure("OPTIONAL", WebAuthnConfiguration=web)
    alone = ("InvalidParameter", "Passkey MFA needs another active MFA method.")
    assert refusal(people.prefer, token, **passkey(ON)) == alone
    people.prefer(token, **passkey(ON), **totp(ON))
    assert on_and_first(people) == (["SOFTWARE_TOKEN_MFA", "WEB_AUTHN"], None)
    assert refusal(people.prefer, token, **totp(OFF)) == alone
    people.prefer(token, **passkey(OFF), **totp(OFF))
    assert on_and_first(people) == (None, None)


def test_what_an_operator_switches_off_ends_all_sessions(people: Guarded, token: str) -> None:
    order = people.house.idp.admin_set_user_mfa_preference
    order(UserPoolId=people.pool_id, Username="alice", **sms(ON), **totp(ON))
    people.house.idp_unsigned.get_user(AccessToken=token)
    order(UserPoolId=people.pool_id, Username="alice", **sms(OFF))
    assert refusal(people.house.idp_unsigned.get_user, AccessToken=token).name == "NotAuthorized"


def test_what_the_user_switches_off_ends_nothing(people: Guarded, token: str) -> None:
    people.prefer(token, **totp(ON))
    people.prefer(token, **totp(OFF))
    people.house.idp_unsigned.get_user(AccessToken=token)
    assert "AuthenticationResult" in people.challenged()


def test_a_dead_token_changes_nothing(people: Guarded, token: str) -> None:
    people.house.idp_unsigned.global_sign_out(AccessToken=token)
    assert refusal(people.prefer, token, **sms(ON)).name == "NotAuthorized"
    deed = people.house.idp_unsigned.set_user_settings
    assert refusal(deed, AccessToken=token, MFAOptions=[]).name == "NotAuthorized"


def test_an_unknown_user_has_no_factors(house: World, people: Guarded) -> None:
    whose = {"UserPoolId": people.pool_id, "Username": "nobody"}
    unknown = ("UserNotFound", "User does not exist.")
    assert refusal(house.idp.admin_set_user_mfa_preference, **whose) == unknown
    assert refusal(house.idp.admin_set_user_settings, **whose, MFAOptions=[]) == unknown
    assert refusal(house.idp.admin_get_user_auth_factors, **whose) == unknown


SMS_OPTION = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


@pytest.mark.parametrize("by", ["herself", "an operator"])
def test_the_legacy_settings_switch_sms_on_and_off(people: Guarded, token: str, by: str) -> None:
    def settings(*options: dict[str, str]) -> None:
        if by == "herself":
            people.house.idp_unsigned.set_user_settings(AccessToken=token, MFAOptions=list(options))
        else:
            people.house.idp.admin_set_user_settings(
                UserPoolId=people.pool_id, Username="alice", MFAOptions=list(options)
            )

    settings(SMS_OPTION)
    assert people.shown()["MFAOptions"] == [SMS_OPTION]
    assert people.house.idp_unsigned.get_user(AccessToken=token)["MFAOptions"] == [SMS_OPTION]
    assert refusal(settings, {"DeliveryMedium": "EMAIL", "AttributeName": "email"}).name == "InvalidParameter"
    assert refusal(settings, {"DeliveryMedium": "SMS"}).name == "InvalidParameter"
    settings()
    assert "MFAOptions" not in people.shown()


def test_sms_needs_a_phone_number_in_the_legacy_settings_too(house: World) -> None:
    people = Guarded(house, sms=True)
    people.alice()
    deed = house.idp_unsigned.set_user_settings
    refused = refusal(deed, AccessToken=people.sign_in()["AccessToken"], MFAOptions=[SMS_OPTION])
    assert refused == ("InvalidParameter", NO_CONFIG + "SMS_MFA")


def configured(people: Guarded, token: str) -> list[str]:
    own = people.house.idp_unsigned.get_user_auth_factors(AccessToken=token)
    seen = people.house.idp.admin_get_user_auth_factors(UserPoolId=people.pool_id, Username="alice")
    assert own["Username"] == seen["Username"] == "alice"
    assert own["ConfiguredUserAuthFactors"] == seen["ConfiguredUserAuthFactors"]
    return list(own["ConfiguredUserAuthFactors"])


def test_the_factors_of_a_user_are_those_she_can_use(people: Guarded, token: str) -> None:
    assert configured(people, token) == ["PASSWORD"]
    people.prefer(token, **totp(ON), **email(ON))
    assert configured(people, token) == ["PASSWORD", "EMAIL_OTP", "SOFTWARE_TOKEN"]


def test_a_proven_address_is_a_factor_where_the_pool_signs_in_by_codes(house: World) -> None:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool_id = house.pool(Policies=policy)
    house.user(pool_id, email="alice@example.com", email_verified="true", phone_number="+491701234567")
    shown = house.idp.admin_get_user_auth_factors(UserPoolId=pool_id, Username="alice")
    assert shown["ConfiguredUserAuthFactors"] == ["PASSWORD", "EMAIL_OTP"]
    assert "UserMFASettingList" not in shown
    assert "PreferredMfaSetting" not in shown
