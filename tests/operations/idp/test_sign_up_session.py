"""From a sign-up straight into the first sign-in: once, soon, and only for whoever signed up."""

import pytest
from tests.authenticators import SES, SMS
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

EMAIL = "alice@example.com"
INVALID = ("NotAuthorized", "Invalid session for the user.")
USED = ("NotAuthorized", "Invalid session for the user, session can only be used once.")
EXPIRED = ("NotAuthorized", "Invalid session for the user, session is expired.")


class Newcomers(People):
    def __init__(self, house, **app):
        pool = {
            "AutoVerifiedAttributes": ["email"],
            "EmailConfiguration": SES,
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
        }
        super().__init__(house, pool=pool, **{"ExplicitAuthFlows": ["ALLOW_USER_AUTH"], **app})

    def sign_up(self, username="alice", email=EMAIL, **given):
        return self.house.idp_unsigned.sign_up(
            ClientId=self.client_id, Username=username, UserAttributes=[{"Name": "email", "Value": email}], **given
        )

    def confirm(self, username="alice", email=EMAIL, **given):
        return self.house.idp_unsigned.confirm_sign_up(
            ClientId=self.client_id, Username=username, ConfirmationCode=self.house.code(email), **given
        )

    def joined(self):
        return self.confirm(Session=self.sign_up()["Session"])["Session"]

    def enter(self, session, username="alice"):
        return self.house.idp_unsigned.initiate_auth(
            AuthFlow="USER_AUTH",
            ClientId=self.client_id,
            AuthParameters={"USERNAME": username},
            Session=session,
        )


@pytest.fixture
def people(house):
    return Newcomers(house)


def test_a_sign_up_without_password_leads_into_the_first_sign_in(people):
    token = people.enter(people.joined())["AuthenticationResult"]["IdToken"]

    assert claims(token)["email_verified"] is True
    assert people.sessions() == 1


def test_operators_go_on_with_it_too(people):
    session = people.joined()

    answer = people.house.idp.admin_initiate_auth(
        UserPoolId=people.pool_id,
        ClientId=people.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "alice"},
        Session=session,
    )
    assert answer["AuthenticationResult"]


def test_it_works_once(people):
    session = people.joined()
    people.enter(session)

    assert refusal(people.enter, session) == USED
    assert people.sessions() == 1


def test_it_is_for_the_first_sign_in_only(people):
    session = people.joined()
    challenge = people.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="EMAIL_OTP")
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": people.house.code(EMAIL)}
    people.respond("EMAIL_OTP", challenge["Session"], **given)

    assert refusal(people.enter, session) == INVALID


def test_it_lives_as_long_as_a_session(people):
    session = people.joined()
    people.house.clock.advance(minutes=3)

    assert refusal(people.enter, session) == EXPIRED


def test_whoever_reads_mail_later_signs_in_too(people):
    begun = people.sign_up()["Session"]
    people.house.clock.advance(minutes=3)

    assert people.enter(people.confirm(Session=begun)["Session"])["AuthenticationResult"]


def test_the_code_alone_is_enough(people):
    people.sign_up()

    assert people.enter(people.confirm()["Session"])["AuthenticationResult"]


def test_a_sign_up_session_alone_signs_nobody_in(people):
    begun = people.sign_up()["Session"]

    assert refusal(people.enter, begun) == INVALID
    people.confirm()
    assert refusal(people.enter, begun) == INVALID


def test_the_session_of_another_sign_up_confirms_nobody(people):
    people.sign_up()
    others = people.sign_up("bob", "bob@example.com")["Session"]

    assert refusal(people.confirm, Session=others) == INVALID
    assert people.confirm()


def test_it_is_good_for_its_user_and_client_only(people, house):
    house.user(people.pool_id, "bob")
    session = people.joined()
    sibling = Newcomers(house)
    sibling.pool_id = people.pool_id
    sibling.client_id = house.app(people.pool_id, ExplicitAuthFlows=["ALLOW_USER_AUTH"])["ClientId"]

    assert refusal(people.enter, session, "bob") == INVALID
    assert refusal(sibling.enter, session) == INVALID
    assert refusal(people.respond, "SELECT_CHALLENGE", session, USERNAME="alice", ANSWER="PASSWORD") == INVALID
    assert people.enter(session)["AuthenticationResult"]


@pytest.mark.parametrize("change", ["admin_disable_user", "admin_user_global_sign_out", "admin_delete_user"])
def test_it_ends_when_the_account_changes(people, change):
    session = people.joined()
    getattr(people.house.idp, change)(UserPoolId=people.pool_id, Username="alice")

    assert refusal(people.enter, session).name in ("NotAuthorized", "UserNotFound")
    assert people.sessions() == 0


def test_clients_without_the_flow_get_no_session(house):
    people = Newcomers(house, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])

    assert "Session" not in people.sign_up(Password=PASSWORD)
    assert "Session" not in people.confirm()


def test_a_required_second_factor_is_still_asked_for(house):
    people = Newcomers(house)
    house.idp.update_user_pool(
        UserPoolId=people.pool_id,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}},
        AutoVerifiedAttributes=["email"],
        EmailConfiguration=SES,
        SmsConfiguration=SMS,
    )
    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id,
        MfaConfiguration="ON",
        SmsMfaConfiguration={"SmsConfiguration": SMS},
        SoftwareTokenMfaConfiguration={"Enabled": True},
        EmailMfaConfiguration={},
    )
    session = people.confirm(Session=people.sign_up(Password=PASSWORD)["Session"])["Session"]

    answer = people.enter(session)

    assert answer["ChallengeName"] == "MFA_SETUP"
    # The sign-up code came by e-mail: another one would not be a second factor.
    assert answer["ChallengeParameters"]["MFAS_CAN_SETUP"] == '["SMS_MFA","SOFTWARE_TOKEN_MFA"]'
    assert refusal(people.enter, session) == USED
