"""The choices of a sign-in tell nobody who exists: each list that somebody shows, nobody shows too."""

import json
from itertools import islice
from typing import Any

import pytest
from tests.authenticators import SES, SMS, App
from tests.passkeys import Authenticator
from tests.sign_ins import People, refusal
from tests.world import FLOWS, World

FIRST = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]
BOTH = ["PASSWORD", "PASSWORD_SRP"]
NAMES = 500
EMAIL, PHONE = "alice@example.com", "+15550109934"


class Hidden(People):
    """A pool that allows every first factor and hides who exists."""

    def __init__(self, house: World, **pool: Any) -> None:
        settings = {
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": FIRST}},
            "SmsConfiguration": SMS,
            "EmailConfiguration": SES,
            "AutoVerifiedAttributes": ["email"],
        }
        super().__init__(
            house,
            pool={**settings, **pool},
            ExplicitAuthFlows=[*FLOWS, "ALLOW_USER_AUTH"],
            PreventUserExistenceErrors="ENABLED",
        )
        house.idp.set_user_pool_mfa_config(
            UserPoolId=self.pool_id,
            MfaConfiguration="OPTIONAL",
            SoftwareTokenMfaConfiguration={"Enabled": True},
            SmsMfaConfiguration={"SmsConfiguration": SMS},
            WebAuthnConfiguration={"RelyingPartyId": "example.com"},
        )

    def join(self, username: str, *, passkey: bool = False, app: bool = False, **addresses: str) -> None:
        proven = {f"{name}_verified": "true" for name in addresses}
        self.house.user(self.pool_id, username, **addresses, **proven)
        idp, token = self.house.idp_unsigned, self.sign_in(username)["AccessToken"]
        if passkey:
            options = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
            idp.complete_web_authn_registration(AccessToken=token, Credential=Authenticator().create(options))
        if app:
            secret = idp.associate_software_token(AccessToken=token)["SecretCode"]
            idp.verify_software_token(AccessToken=token, UserCode=App(self.house, secret).code())
            idp.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True})

    def join_without_password(self, username: str) -> None:
        address, idp = f"{username}@example.com", self.house.idp_unsigned
        named = {"ClientId": self.client_id, "Username": username}
        idp.sign_up(**named, UserAttributes=[{"Name": "email", "Value": address}])
        idp.confirm_sign_up(**named, ConfirmationCode=self.house.code(address))


@pytest.fixture
def people(house: World) -> Hidden:
    return Hidden(house)


def test_each_list_of_choices_that_somebody_shows_nobody_shows_too(people: Hidden) -> None:
    people.join("plain")
    people.join("mailed", email=EMAIL)
    people.join("called", phone_number=PHONE)
    people.join("both", email=EMAIL, phone_number=PHONE)
    people.join("careful", email=EMAIL, phone_number=PHONE, passkey=True, app=True)
    people.join("modern", email=EMAIL, passkey=True)
    people.join_without_password("light")
    real = {name: people.offered(name) for name in ("plain", "mailed", "called", "both", "careful", "modern", "light")}
    shown = {tuple(people.offered(f"none{number:04}")) for number in range(NAMES)}

    assert real["careful"] == real["plain"] == BOTH
    assert real["light"] == ["EMAIL_OTP"]
    assert {tuple(choices) for choices in real.values()} <= shown
    assert () not in shown


def test_nobodys_choices_are_the_same_in_every_spelling_and_at_every_time(house: World) -> None:
    people = Hidden(house, UsernameConfiguration={"CaseSensitive": False})
    for number in range(20):
        first = people.offered(f"none{number}")
        house.clock.advance(hours=1)
        assert people.offered(f"NONE{number}") == people.offered(f"None{number}") == first


def test_an_alias_that_leads_to_nobody_has_been_proven_like_anybodys(house: World) -> None:
    people = Hidden(house, AliasAttributes=["email", "phone_number"])
    people.join("alice", email=EMAIL, phone_number=PHONE)
    lists = {tuple(people.offered(f"none{number}@example.com")) for number in range(NAMES)}

    assert {choices for choices in lists if {"SMS_OTP", "WEB_AUTHN"} & set(choices)} == {
        (*passwords, "EMAIL_OTP", *more)
        for passwords in (BOTH, [])
        for more in (["SMS_OTP"], ["WEB_AUTHN"], ["SMS_OTP", "WEB_AUTHN"])
    }
    assert tuple(people.offered(EMAIL)) in lists


@pytest.mark.parametrize("choice", [*BOTH, "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"])
def test_whatever_nobody_chooses_looks_like_somebodys(people: Hidden, choice: str) -> None:
    people.join("somebody", email=EMAIL, phone_number=PHONE, passkey=True)
    somebody, nobody = people.offered("somebody"), next(people.strangers(*BOTH, "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"))
    assert people.offered(nobody) == somebody

    told = []
    for name in ("somebody", nobody):
        session = people.initiate("USER_AUTH", USERNAME=name)["Session"]
        given = {"USERNAME": name, "ANSWER": choice, "SRP_A": "7" * 700}
        asked = people.respond("SELECT_CHALLENGE", session, **given)
        parameters = asked["ChallengeParameters"]
        lengths = len(asked.get("Session", "")), len(parameters.get("SECRET_BLOCK", ""))
        medium = parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM")
        told.append((asked["ChallengeName"], sorted(parameters), medium, lengths))
    assert told[0] == told[1]


def test_what_nobody_has_not_is_refused_as_for_somebody(people: Hidden) -> None:
    people.join("somebody", email=EMAIL)
    nobody = next(name for name in people.strangers("EMAIL_OTP") if people.offered(name) == people.offered("somebody"))

    for choice in ("SMS_OTP", "WEB_AUTHN"):
        answers = []
        for name in ("somebody", nobody):
            session = people.initiate("USER_AUTH", USERNAME=name)["Session"]
            answers.append(refusal(people.respond, "SELECT_CHALLENGE", session, USERNAME=name, ANSWER=choice))
            preferred = people.initiate("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE=choice)
            answers.append((preferred["ChallengeName"], preferred["AvailableChallenges"]))
        assert answers[:2] == answers[2:]


def test_nobodys_masks_agree_with_the_name_and_stay(house: World) -> None:
    people = Hidden(house, AliasAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    names = (f"none{number}@example.com" for number in range(NAMES))
    name = next(name for name in names if "SMS_OTP" in people.offered(name))

    def destination(typed: str, choice: str) -> str:
        asked = people.initiate("USER_AUTH", USERNAME=typed, PREFERRED_CHALLENGE=choice)
        return str(asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"])

    assert destination(name, "EMAIL_OTP") == "n***@e***"
    assert destination(name, "SMS_OTP") == destination(name.title(), "SMS_OTP")
    others = list(islice(people.strangers("SMS_OTP"), 3))
    assert len({destination(other, "SMS_OTP") for other in others}) > 1
    assert json.dumps(house.messages()) == "[]"


def test_a_code_to_reset_a_password_goes_where_the_choices_say_that_one_may(house: World) -> None:
    hidden, media = Hidden(house), set()

    for number in range(80):
        name = f"none{number:04}"
        offered = set(hidden.offered(name))
        sent = house.idp_unsigned.forgot_password(ClientId=hidden.client_id, Username=name)["CodeDeliveryDetails"]
        media.add(sent["DeliveryMedium"])
        if offered & {"EMAIL_OTP", "SMS_OTP"} == {"EMAIL_OTP"}:
            assert sent["DeliveryMedium"] == "EMAIL", name
        if offered & {"EMAIL_OTP", "SMS_OTP"} == {"SMS_OTP"}:
            assert sent["DeliveryMedium"] == "SMS", name

    assert media == {"EMAIL", "SMS"}
