"""Codes as first factor where a second one is required (pool option `passwordless_mfa`)."""

import json

import pytest
from tests.authenticators import SES, SMS, App
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

from lido.flows import pool_options

EMAIL, PHONE = "alice@example.com", "+15550109934"
FIRST = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]


class Passwordless(People):
    """A pool that requires MFA and lets codes come first."""

    def __init__(self, house, mode="ON"):
        super().__init__(
            house,
            pool={"SmsConfiguration": SMS, "EmailConfiguration": SES},
            ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
        )
        self.option("true", strength_claims="true")
        self.allow(FIRST)
        self.configure(mode)

    def option(self, value, **more):
        changes = {"passwordless_mfa": value, **more}
        pool_options.set_for_pool(self.house.call(root=True), self.pool_id, changes)

    def allow(self, factors):
        self.house.idp.update_user_pool(
            UserPoolId=self.pool_id,
            SmsConfiguration=SMS,
            EmailConfiguration=SES,
            Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}},
        )

    def configure(self, mode):
        self.house.idp.set_user_pool_mfa_config(
            UserPoolId=self.pool_id,
            MfaConfiguration=mode,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            EmailMfaConfiguration={},
        )

    def by_email(self):
        asked = self.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="EMAIL_OTP")
        answers = {"USERNAME": "alice", "EMAIL_OTP_CODE": self.house.code(EMAIL)}
        return self.respond("EMAIL_OTP", asked["Session"], **answers)


@pytest.fixture
def people(house):
    people = Passwordless(house)
    people.alice(email=EMAIL, email_verified="true", phone_number=PHONE, phone_number_verified="true")
    return people


def set_up(people, session):
    house = people.house
    secret = house.idp_unsigned.associate_software_token(Session=session)
    app = App(house, secret["SecretCode"])
    session = house.idp_unsigned.verify_software_token(Session=secret["Session"], UserCode=app.code())["Session"]
    house.clock.advance(seconds=30)
    return app, people.respond("MFA_SETUP", session, USERNAME="alice")["AuthenticationResult"]


def test_a_code_comes_first_and_another_kind_of_factor_is_set_up_and_then_asked_for(people):
    asked = people.by_email()
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
    app, tokens = set_up(people, asked["Session"])
    assert claims(tokens["AccessToken"])["amr"] == ["email_otp", "otp", "mfa"]

    asked = people.by_email()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answers = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": app.code()}
    assert people.respond("SOFTWARE_TOKEN_MFA", asked["Session"], **answers)["AuthenticationResult"]


def test_a_code_that_would_lead_to_no_second_factor_is_not_offered(house):
    people = Passwordless(house, mode="OPTIONAL")
    people.alice(email=EMAIL, email_verified="true", phone_number=PHONE, phone_number_verified="true")
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", EmailMfaSettings={"Enabled": True}
    )
    offered = people.initiate("USER_AUTH", USERNAME="alice")["AvailableChallenges"]

    assert offered == ["PASSWORD", "PASSWORD_SRP", "SMS_OTP"]


def test_a_code_alone_never_leads_in(people):
    app, _ = set_up(people, people.by_email()["Session"])
    asked = people.by_email()
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": people.house.code(EMAIL)}

    assert "AuthenticationResult" not in asked
    assert refusal(people.respond, "EMAIL_OTP", asked["Session"], **given).name == "NotAuthorized"
    wrong = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": app.wrong()}
    assert refusal(people.respond, "SOFTWARE_TOKEN_MFA", asked["Session"], **wrong).name == "CodeMismatch"


def test_strangers_are_offered_what_users_are(people):
    assert people.offered("alice") == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"]
    assert any(people.offered(name) == people.offered("alice") for name in people.strangers("EMAIL_OTP"))


def test_without_the_option_cognitos_refusal_stands(house):
    people = People(house, pool={"SmsConfiguration": SMS, "EmailConfiguration": SES})
    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    refused = refusal(
        house.idp.update_user_pool,
        UserPoolId=people.pool_id,
        MfaConfiguration="ON",
        SmsConfiguration=SMS,
        EmailConfiguration=SES,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": FIRST}},
    )

    assert refused == (
        "InvalidParameter",
        "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled",
    )


def test_the_option_cannot_be_taken_away_from_under_such_a_pool(people):
    with pytest.raises(ValueError, match="Only PASSWORD and WEB_AUTHN"):
        people.option("")
    people.allow(["PASSWORD"])
    people.option("")
    assert people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["ChallengeName"] == "MFA_SETUP"
