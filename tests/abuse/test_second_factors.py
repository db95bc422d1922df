"""Second factors are not redirected, exchanged or shed by whoever has only the first one, or only a stolen token."""

from typing import Any

import pytest
from tests.authenticators import SES, App, Guarded
from tests.passkeys import Authenticator
from tests.sign_ins import refusal
from tests.world import World

EMAIL, PHONE = "alice@example.com", "+15550109934"
THIEF_EMAIL, THIEF_PHONE = "thief@example.org", "+15550100666"
TEMPORARY, NEW = "Temp0rary-pass!", "New-Passw0rd!"
MISMATCH = ("CodeMismatch", "Invalid code or auth state for the user.")


def reachable(house: World, mode: str = "OPTIONAL", *factors: str) -> Guarded:
    """Alice with both addresses proven and these factors switched on."""
    people = Guarded(house, mode, sms=True, email=True)
    people.alice(email=EMAIL, email_verified="true", phone_number=PHONE, phone_number_verified="true")
    switch(people, *factors)
    return people


def switch(people: Guarded, *factors: str, on: bool = True) -> None:
    blocks = {f"{name}MfaSettings": {"Enabled": on} for name in factors}
    people.house.idp.admin_set_user_mfa_preference(UserPoolId=people.pool_id, Username="alice", **blocks)


def invited_again(people: Guarded) -> str:
    """The session of NEW_PASSWORD_REQUIRED, for whoever has the temporary password."""
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password=TEMPORARY, Permanent=False
    )
    begun = people.initiate(USERNAME="alice", PASSWORD=TEMPORARY)
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    return str(begun["Session"])


@pytest.mark.parametrize(
    ("factor", "attribute", "address"), [("SMS", "phone_number", THIEF_PHONE), ("Email", "email", THIEF_EMAIL)]
)
@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
def test_a_temporary_password_does_not_redirect_the_second_factor(
    house: World, mode: str, factor: str, attribute: str, address: str
) -> None:
    people = reachable(house, mode, factor)
    session = invited_again(people)
    answer = {"USERNAME": "alice", "NEW_PASSWORD": NEW}

    for value in (address, ""):
        refused = refusal(
            people.respond, "NEW_PASSWORD_REQUIRED", session, **answer, **{f"userAttributes.{attribute}": value}
        )
        assert refused == ("NotAuthorized", f"Cannot modify an already provided {attribute}")
    assert house.messages(address) == []
    asked = people.respond("NEW_PASSWORD_REQUIRED", session, **answer)
    assert asked["ChallengeName"] in ("SMS_MFA", "EMAIL_OTP")


def test_a_temporary_password_does_not_exchange_the_proven_address_that_is_to_become_the_factor(house: World) -> None:
    people = Guarded(house, "ON", email=True)
    people.alice(email=EMAIL, email_verified="true")
    answer = {"USERNAME": "alice", "NEW_PASSWORD": NEW, "userAttributes.email": THIEF_EMAIL}

    assert refusal(people.respond, "NEW_PASSWORD_REQUIRED", invited_again(people), **answer).name == "NotAuthorized"


def test_an_address_that_was_not_there_may_still_come_with_the_new_password(house: World) -> None:
    people = Guarded(house, "ON", email=True)
    people.alice()
    answer = {"USERNAME": "alice", "NEW_PASSWORD": NEW, "userAttributes.email": EMAIL}

    assert people.respond("NEW_PASSWORD_REQUIRED", invited_again(people), **answer)["ChallengeName"] == "MFA_SETUP"


def setting_up(people: Guarded, address: str) -> str:
    """The session of an address that is about to become alice's second factor."""
    asked = people.respond("MFA_SETUP", people.challenged()["Session"], USERNAME="alice", EMAIL=address)
    assert asked["ChallengeName"] == "EMAIL_OTP"
    return str(asked["Session"])


def show_code(people: Guarded, session: str, address: str) -> dict[str, Any]:
    return people.respond("EMAIL_OTP", session, USERNAME="alice", EMAIL_OTP_CODE=people.house.code(address))


def test_a_set_up_that_was_begun_earlier_does_not_replace_the_factor_that_was_quicker(house: World) -> None:
    people = Guarded(house, "ON", email=True)
    people.alice()
    earlier, hers = setting_up(people, THIEF_EMAIL), setting_up(people, EMAIL)
    assert show_code(people, hers, EMAIL)["AuthenticationResult"]

    assert refusal(show_code, people, earlier, THIEF_EMAIL) == MISMATCH
    assert people.sessions() == 1
    assert people.challenged()["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"


def test_a_set_up_that_was_begun_earlier_does_not_replace_an_address_proven_meanwhile(house: World) -> None:
    people = Guarded(house, "ON", email=True)
    people.alice()
    earlier = setting_up(people, THIEF_EMAIL)
    proven = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    house.idp.admin_update_user_attributes(UserPoolId=people.pool_id, Username="alice", UserAttributes=proven)

    assert refusal(show_code, people, earlier, THIEF_EMAIL) == MISMATCH
    assert people.sessions() == 0


@pytest.mark.parametrize(("factor", "address"), [("Email", EMAIL), ("SMS", PHONE)])
def test_the_medium_of_the_second_factor_does_not_give_a_new_password_too(
    house: World, factor: str, address: str
) -> None:
    """Else one mailbox, or one telephone, would be both."""
    people = reachable(house, "OPTIONAL", factor)
    forgotten = house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="alice")

    assert forgotten["CodeDeliveryDetails"]["AttributeName"] == ("phone_number" if factor == "Email" else "email")
    assert house.messages(address) == []
    switch(people, "Email", "SMS")
    refused = refusal(house.idp_unsigned.forgot_password, ClientId=people.client_id, Username="alice")
    assert refused.name == "InvalidParameter"


def test_a_medium_that_is_no_second_factor_any_more_gives_a_new_password(house: World) -> None:
    people = reachable(house, "OPTIONAL", "Email", "SMS")
    house.idp.set_user_pool_mfa_config(UserPoolId=people.pool_id, MfaConfiguration="OFF")

    assert house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="alice")["CodeDeliveryDetails"]


# A stolen token that is not fresh


SIGN_IN_AGAIN = ("NotAuthorized", "The sign-in is too long ago to change how you sign in, sign in again.")
TOTP_OFF = {"SoftwareTokenMfaSettings": {"Enabled": False}}


class Settled(Guarded):
    """Alice with an authenticator and a passkey in a pool of the strict profile."""

    def __init__(self, house: World, profile: str = "secure") -> None:
        super().__init__(house)
        self.option(profile=profile)
        policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
        house.idp.update_user_pool(UserPoolId=self.pool_id, Policies=policy, MfaConfiguration="OPTIONAL")
        self.configure("OPTIONAL", WebAuthnConfiguration={"RelyingPartyId": "example.com"})
        self.alice(email=EMAIL, phone_number=PHONE, email_verified="true", phone_number_verified="true")
        token = self.sign_in()["AccessToken"]
        self.passkey = Authenticator()
        house.idp_unsigned.complete_web_authn_registration(
            AccessToken=token, Credential=self.passkey.create(self.registration(token))
        )
        self.app = self.enrol(token)

    def registration(self, token: str) -> dict[str, Any]:
        started = self.house.idp_unsigned.start_web_authn_registration(AccessToken=token)
        options: dict[str, Any] = started["CredentialCreationOptions"]
        return options

    def deeds(self, token: str) -> dict[str, Any]:
        """Everything by which a token changes how alice signs in, in an order in which all succeed."""
        idp, made = self.house.idp_unsigned, Authenticator()
        other, number = "other@example.com", "+15550107777"
        waiting: list[App] = []
        options: list[dict[str, Any]] = []
        return {
            "AssociateSoftwareToken": lambda: waiting.append(self.associate(token)),
            "VerifySoftwareToken": lambda: self.verify(token, waiting[0].code() if waiting else self.app.code()),
            "StartWebAuthnRegistration": lambda: options.append(self.registration(token)),
            "CompleteWebAuthnRegistration": lambda: idp.complete_web_authn_registration(
                AccessToken=token, Credential=made.create(options[0]) if options else {}
            ),
            "DeleteWebAuthnCredential": lambda: idp.delete_web_authn_credential(
                AccessToken=token, CredentialId=self.passkey.id
            ),
            "SetUserMFAPreference": lambda: self.prefer(token, **TOTP_OFF),
            "SetUserSettings": lambda: idp.set_user_settings(AccessToken=token, MFAOptions=[]),
            "UpdateUserAttributes": lambda: idp.update_user_attributes(
                AccessToken=token, UserAttributes=[{"Name": "email", "Value": other}]
            ),
            "UpdateUserAttributes, a phone": lambda: idp.update_user_attributes(
                AccessToken=token, UserAttributes=[{"Name": "phone_number", "Value": number}]
            ),
            "DeleteUserAttributes": lambda: idp.delete_user_attributes(
                AccessToken=token, UserAttributeNames=["phone_number"]
            ),
        }


def test_a_token_of_an_old_sign_in_changes_no_factor_however_often_it_was_refreshed(house: World) -> None:
    people = Settled(house)
    tokens = people.enter(people.app)
    house.clock.advance(seconds=601)
    refreshed = people.refresh(tokens["RefreshToken"])["AccessToken"]
    before = (people.shown()["UserAttributes"], people.shown()["UserMFASettingList"])

    for token in (tokens["AccessToken"], refreshed):
        refused = {name: refusal(deed) for name, deed in people.deeds(token).items()}
        assert refused == dict.fromkeys(refused, SIGN_IN_AGAIN)
    assert (people.shown()["UserAttributes"], people.shown()["UserMFASettingList"]) == before
    assert people.challenged()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


@pytest.mark.parametrize(("profile", "age_seconds"), [("secure", 600), ("compatible", 86_000)])
def test_a_fresh_token_changes_factors_and_so_does_any_where_the_pool_follows_cognito(
    house: World, profile: str, age_seconds: int
) -> None:
    people = Settled(house, profile)
    people.client_id = house.app(people.pool_id, AccessTokenValidity=24)["ClientId"]
    token = people.enter(people.app)["AccessToken"]
    house.clock.advance(seconds=age_seconds)

    for deed in people.deeds(token).values():
        deed()
    assert "AuthenticationResult" in people.challenged()


def test_an_old_token_still_changes_what_nobody_signs_in_with(house: World) -> None:
    people = Settled(house)
    token = people.enter(people.app)["AccessToken"]
    house.clock.advance(seconds=1_800)

    house.idp_unsigned.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "name", "Value": "Alice"}])
    house.idp_unsigned.delete_user_attributes(AccessToken=token, UserAttributeNames=["name"])


def test_the_age_is_what_the_pool_says(house: World) -> None:
    people = Settled(house)
    people.option(factor_change_max_age="60")
    token = people.enter(people.app)["AccessToken"]
    house.clock.advance(seconds=61)

    assert refusal(people.associate, token) == SIGN_IN_AGAIN
    people.option(factor_change_max_age="off")
    people.associate(token)


# A factor that the pool can ask for no more


MISSING = ("NotAuthorized", "None of the second factors of the user is available.")


def drop_sms(people: Guarded) -> None:
    people.sms = False
    people.house.idp.update_user_pool(UserPoolId=people.pool_id, MfaConfiguration="OFF", EmailConfiguration=SES)
    people.configure("OPTIONAL")


def drop_the_number(people: Guarded) -> None:
    people.house.idp.admin_delete_user_attributes(
        UserPoolId=people.pool_id, Username="alice", UserAttributeNames=["phone_number"]
    )


@pytest.mark.parametrize("drop", [drop_sms, drop_the_number])
@pytest.mark.parametrize("profile", ["compatible", "secure"])
def test_whoever_lost_the_only_second_factor_gets_in_with_one_only_where_the_pool_follows_cognito(
    house: World, profile: str, drop: Any
) -> None:
    people = reachable(house, "OPTIONAL", "SMS")
    people.option(profile=profile)
    drop(people)

    if profile == "compatible":
        assert people.sign_in()
        return
    assert refusal(people.sign_in) == MISSING
    assert people.sessions() == 0
    switch(people, "SMS", on=False)
    assert people.sign_in()


@pytest.mark.parametrize("profile", ["compatible", "secure"])
def test_whoever_lost_the_only_second_factor_sets_up_a_new_one_by_password_only_where_the_pool_follows_cognito(
    house: World, profile: str
) -> None:
    people = reachable(house, "ON", "Email")
    drop_the_number(people)
    people.option(profile=profile)
    house.idp.admin_delete_user_attributes(UserPoolId=people.pool_id, Username="alice", UserAttributeNames=["email"])

    if profile == "compatible":
        assert show_code(people, setting_up(people, EMAIL), EMAIL)["AuthenticationResult"]
    else:
        assert refusal(people.challenged) == MISSING


def test_a_missing_factor_is_told_only_after_the_first_one(house: World) -> None:
    people = reachable(house, "OPTIONAL", "SMS")
    people.option(missing_second_factor="refuse")
    drop_sms(people)

    refused = refusal(people.initiate, USERNAME="alice", PASSWORD="Wr0ng-password!")
    assert refused == ("NotAuthorized", "Incorrect username or password.")


def test_without_its_second_factor_an_account_is_not_opened_by_one_code_either(house: World) -> None:
    people = reachable(house, "OPTIONAL", "SMS")
    people.option(missing_second_factor="refuse")
    drop_sms(people)
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    house.idp.update_user_pool(
        UserPoolId=people.pool_id, Policies=policy, MfaConfiguration="OPTIONAL", EmailConfiguration=SES
    )
    people.client_id = house.app(people.pool_id, ExplicitAuthFlows=["ALLOW_USER_AUTH"])["ClientId"]

    assert people.initiate("USER_AUTH", USERNAME="alice")["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP"]


def test_a_pool_that_asks_for_no_second_factor_misses_none(house: World) -> None:
    people = reachable(house, "OPTIONAL", "SMS")
    people.option(profile="secure")
    house.idp.set_user_pool_mfa_config(UserPoolId=people.pool_id, MfaConfiguration="OFF")

    assert people.sign_in()
