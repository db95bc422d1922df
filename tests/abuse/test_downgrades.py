"""Nobody chooses, or is led to, less than what the pool, the client, the user or the request asks for."""

from typing import Any

import pytest
from tests.abuse.stages import Everything, reach
from tests.remembered import outcome
from tests.sign_ins import claims, refusal
from tests.world import PASSWORD, World

from lido.flows import recovery_codes

LEVEL = "urn:cognito:loa:{}".format
INVALID = ("NotAuthorized", "Invalid session for the user.")
CHOICES = ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "EMAIL_LINK"]


@pytest.fixture
def people(house: World) -> Everything:
    return Everything(house)


def offered(people: Everything, username: str = "alice", **wishes: str) -> list[str]:
    choices: list[str] = people.initiate("USER_AUTH", USERNAME=username, **wishes)["AvailableChallenges"]
    return choices


def require_a_second(people: Everything) -> None:
    people.switch("alice", "SoftwareTokenMfaSettings")


# First factors


@pytest.mark.parametrize("choice", CHOICES)
def test_what_was_not_offered_is_neither_preferred_nor_selected(people: Everything, choice: str) -> None:
    """Whoever has a second factor begins with a password; one code alone would be less."""
    require_a_second(people)
    begun = people.initiate("USER_AUTH", USERNAME="alice")
    allowed = begun["AvailableChallenges"]
    sent = len(people.house.messages())
    given = {"SRP_A": "7" * 700} if choice == "PASSWORD_SRP" else {}

    assert allowed == ["PASSWORD", "PASSWORD_SRP"]
    if choice in allowed:
        return
    assert people.choose("alice", choice)["ChallengeName"] == "SELECT_CHALLENGE"
    refused = refusal(people.respond, "SELECT_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER=choice, **given)
    assert refused == ("InvalidParameter", "The selected challenge is not available for the user.")
    assert len(people.house.messages()) == sent


@pytest.mark.parametrize(
    "answer", ["", "SMS_MFA", "SOFTWARE_TOKEN_MFA", "DEVICE_SRP_AUTH", "PROVEN", "password", "x" * 900]
)
def test_what_is_no_first_factor_cannot_be_selected(people: Everything, answer: str) -> None:
    begun = people.initiate("USER_AUTH", USERNAME="alice")

    refused = refusal(people.respond, "SELECT_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER=answer)
    assert refused.name == "InvalidParameter"


def test_a_client_for_passkeys_takes_no_password_by_another_flow(people: Everything) -> None:
    people.client_id = people.house.app(people.pool_id, ExplicitAuthFlows=["ALLOW_USER_AUTH"])["ClientId"]
    half = people.srp().get_auth_params()

    for flow, given in (("USER_PASSWORD_AUTH", {"PASSWORD": PASSWORD}), ("USER_SRP_AUTH", {"SRP_A": half["SRP_A"]})):
        assert refusal(people.initiate, flow, USERNAME="alice", **given).name == "InvalidParameter"
    for flow in ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"):
        refused = refusal(people.admin_initiate, flow, USERNAME="alice", PASSWORD=PASSWORD)
        assert refused.name == "InvalidParameter"


def test_a_user_without_a_password_is_not_signed_in_by_one(people: Everything) -> None:
    house = people.house
    attributes = {"email": "carol@example.com", "email_verified": "true"}
    house.idp.admin_create_user(
        UserPoolId=people.pool_id,
        Username="carol",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    has = offered(people, "carol")
    opened = people.sessions()

    if "PASSWORD" not in has:
        assert people.choose("carol", "PASSWORD", PASSWORD="")["ChallengeName"] == "SELECT_CHALLENGE"
    for guess in ("carol", "carol@example.com", "None", "null", " " * 8):
        assert outcome(people.initiate, USERNAME="carol", PASSWORD=guess) == "NotAuthorized"
    assert people.sessions() == opened


# Second factors


@pytest.mark.parametrize(
    "answer", ["EMAIL_OTP", "WEB_AUTHN", "RECOVERY_CODE", "MFA_SETUP", "DEVICE_SRP_AUTH", "sms_mfa", "", "SMS_MFA "]
)
def test_a_second_factor_that_the_user_does_not_have_cannot_be_selected(people: Everything, answer: str) -> None:
    stage = reach(people, "a choice of the second factor")
    sent = len(people.house.messages())

    assert refusal(people.give, stage, ANSWER=answer).name == "InvalidParameter"
    assert len(people.house.messages()) == sent
    assert people.give(stage)["ChallengeName"] == "SMS_MFA"


@pytest.mark.parametrize("name", ["an authenticator", "a second SMS code", "a second e-mail code", "a second passkey"])
def test_whoever_has_a_second_factor_sets_up_no_other_in_a_sign_in(people: Everything, name: str) -> None:
    stage = reach(people, name)
    idp = people.house.idp_unsigned

    assert outcome(idp.associate_software_token, Session=stage.session) == "NotAuthorized"
    assert outcome(idp.verify_software_token, Session=stage.session, UserCode="123456") == "NotAuthorized"
    assert refusal(people.respond, "MFA_SETUP", stage.session, USERNAME="alice", EMAIL="thief@example.org") == INVALID


def test_a_factor_taken_away_by_its_user_in_the_middle_does_not_finish_with_one(people: Everything) -> None:
    """The table is asked anew: what was proven and how the account stands now decide, not how it stood."""
    stage = reach(people, "an authenticator")
    token = people.give(stage)["AuthenticationResult"]["AccessToken"]
    people.house.clock.advance(seconds=60)
    going = reach(people, "an authenticator")
    people.prefer(token, SoftwareTokenMfaSettings={"Enabled": False}, SMSMfaSettings={"Enabled": True})

    assert refusal(people.give, going) == INVALID


def test_a_code_that_counted_first_is_not_counted_again_as_the_second(people: Everything) -> None:
    """The same mailbox twice is one factor, also when the factor is switched on after the code was sent."""
    for name in ("an e-mail code", "a magic link"):
        people.switch("alice")
        stage, opened = reach(people, name), people.sessions()
        people.switch("alice", "EmailMfaSettings")
        assert outcome(people.give, stage) == "NotAuthorized"
        assert people.sessions() == opened


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
@pytest.mark.parametrize(
    ("factor", "choice"),
    [("EmailMfaSettings", "EMAIL_OTP"), ("EmailMfaSettings", "EMAIL_LINK"), ("SMSMfaSettings", "SMS_OTP")],
)
def test_where_codes_may_begin_a_sign_in_of_two_factors_one_medium_is_still_one(
    people: Everything, mode: str, factor: str, choice: str
) -> None:
    people.option(passwordless_mfa="true")
    people.passkeys("MULTI_FACTOR_WITH_USER_VERIFICATION", mode)
    people.switch("alice", factor)

    assert choice not in offered(people)
    assert people.choose("alice", choice)["ChallengeName"] == "SELECT_CHALLENGE"
    people.switch("alice", factor, "SoftwareTokenMfaSettings")
    begun = people.choose("alice", choice)
    sent = people.house.messages()[-1]
    code = sent["code"] or begun["Session"]
    names = {"USERNAME": "alice", "EMAIL_OTP_CODE": code, "SMS_OTP_CODE": code}
    asked = people.respond(begun["ChallengeName"], begun["Session"], **names)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    for name in ("EMAIL_OTP", "SMS_MFA", "SMS_OTP", "SELECT_MFA_TYPE"):
        answers = {"USERNAME": "alice", "EMAIL_OTP_CODE": code, "SMS_MFA_CODE": code, "ANSWER": "EMAIL_OTP"}
        assert outcome(people.respond, name, asked["Session"], **answers) in ("NotAuthorized", "InvalidParameter")


# A strength that was asked for


@pytest.fixture
def token(people: Everything) -> str:
    """Of a session that has shown a password only, while alice has an authenticator by now."""
    access_token: str = people.sign_in()["AccessToken"]
    people.prefer(access_token, SoftwareTokenMfaSettings={"Enabled": True})
    return access_token


def step_up(people: Everything, token: str, **more: str) -> dict[str, Any]:
    return people.initiate("USER_AUTH", USERNAME="alice", TARGET_ACR_VALUES=LEVEL(4), ACCESS_TOKEN=token, **more)


def test_a_step_up_is_led_down_by_no_recovery_code_no_device_and_no_other_factor(
    people: Everything, token: str
) -> None:
    code = recovery_codes.make_for(people.house.call(), people.pool_id, "alice")[0]
    asked, opened = step_up(people, token, DEVICE_KEY=people.gadgets["alice"].key), people.sessions()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    answers = {"USERNAME": "alice", "RECOVERY_CODE": code}
    assert outcome(people.respond, "SOFTWARE_TOKEN_MFA", asked["Session"], **answers) == "InvalidParameter"
    for name in ("DEVICE_SRP_AUTH", "SMS_MFA", "EMAIL_OTP", "SELECT_MFA_TYPE", "MFA_SETUP", "SELECT_CHALLENGE"):
        given = {
            "DEVICE_KEY": people.gadgets["alice"].key,
            "SRP_A": "7" * 700,
            "ANSWER": "SMS_MFA",
            "SMS_MFA_CODE": "1",
        }
        assert outcome(people.respond, name, asked["Session"], USERNAME="alice", **given) == "NotAuthorized"
    assert people.sessions() == opened
    answers = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": people.apps["alice"].code()}
    asked = step_up(people, token)
    tokens = people.respond("SOFTWARE_TOKEN_MFA", asked["Session"], **answers)["AuthenticationResult"]
    assert claims(tokens["AccessToken"])["acr"] == LEVEL(4)


def test_the_wish_is_sealed_into_the_sign_in(people: Everything) -> None:
    """Who asks for a strength and answers without repeating it gets no less."""
    begun = people.initiate("USER_AUTH", USERNAME="alice", TARGET_ACR_VALUES=LEVEL(3))
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"
    given = {"USERNAME": "alice", "ANSWER": "PASSWORD", "PASSWORD": PASSWORD}
    answer = outcome(people.respond, "SELECT_CHALLENGE", begun["Session"], **given)

    assert answer == "NotAuthorized"


def test_only_a_living_access_token_of_this_user_and_client_leads_up(people: Everything, token: str) -> None:
    house, idp = people.house, people.house.idp_unsigned
    people.join("mallory", "2")
    asked_for = {"TARGET_ACR_VALUES": LEVEL(4)}
    tokens = people.give(reach(people, "an authenticator"))["AuthenticationResult"]
    mine, people.client_id = people.client_id, people.sister()
    elsewhere = people.give(reach_after(people, "an authenticator"))["AuthenticationResult"]["AccessToken"]
    people.client_id = mine
    foreign = [
        elsewhere,
        people.sign_in("mallory")["AccessToken"],
        Everything(house).sign_in()["AccessToken"],
        tokens["IdToken"],
        tokens["RefreshToken"],
        token[:-4] + "AAAA",
        ".".join([*token.split(".")[:2], ""]),
        "x" * 2_000,
    ]
    for each in foreign:
        assert (
            outcome(people.initiate, "USER_AUTH", USERNAME="alice", ACCESS_TOKEN=each, **asked_for) == "NotAuthorized"
        )
    house.clock.advance(hours=1)
    assert refusal(step_up, people, token) == ("NotAuthorized", "Access Token has expired")
    idp.revoke_token(Token=tokens["RefreshToken"], ClientId=mine)
    assert refusal(step_up, people, tokens["AccessToken"]).name == "NotAuthorized"


def reach_after(people: Everything, name: str) -> Any:
    people.house.clock.advance(seconds=60)
    return reach(people, name)


@pytest.mark.parametrize("end", ["revoked", "signed out", "disabled", "its session revoked"])
def test_a_step_up_under_way_ends_with_the_session_that_it_goes_on_from(
    people: Everything, token: str, end: str
) -> None:
    house, idp = people.house, people.house.idp_unsigned
    house.idp.set_user_pool_session_configuration(
        UserPoolId=people.pool_id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    stage = reach(people, "an authenticator")
    tokens = people.give(stage)["AuthenticationResult"]
    house.clock.advance(seconds=60)
    people.switch("alice")
    tokens = people.sign_in()
    people.prefer(tokens["AccessToken"], SoftwareTokenMfaSettings={"Enabled": True})
    asked, opened = step_up(people, tokens["AccessToken"]), people.sessions()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    match end:
        case "revoked":
            idp.revoke_token(Token=tokens["RefreshToken"], ClientId=people.client_id)
        case "signed out":
            idp.global_sign_out(AccessToken=tokens["AccessToken"])
        case "disabled":
            house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")
        case _:
            shown = idp.list_user_sessions(AccessToken=tokens["AccessToken"])["Sessions"]
            current = next(session["SessionId"] for session in shown if session["IsCurrentSession"])
            house.idp.admin_revoke_user_session(UserPoolId=people.pool_id, Username="alice", SessionId=current)

    answers = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": people.apps["alice"].code()}
    assert outcome(people.respond, "SOFTWARE_TOKEN_MFA", asked["Session"], **answers) == "NotAuthorized"
    assert people.sessions() == opened


@pytest.mark.parametrize("age", ["0", "1", "59"])
def test_an_old_proof_does_not_count_where_a_fresh_one_is_wanted(people: Everything, token: str, age: str) -> None:
    people.house.clock.advance(seconds=60)

    assert step_up(people, token, MAX_AGE=age)["ChallengeName"] == "SELECT_CHALLENGE"


def test_a_refreshed_token_is_as_old_as_its_sign_in(people: Everything) -> None:
    tokens = people.sign_in()
    people.prefer(tokens["AccessToken"], SoftwareTokenMfaSettings={"Enabled": True})
    people.house.clock.advance(seconds=600)
    fresh = people.refresh(tokens["RefreshToken"])["AccessToken"]

    assert step_up(people, fresh, MAX_AGE="599")["ChallengeName"] == "SELECT_CHALLENGE"
    assert step_up(people, fresh, MAX_AGE="600")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
