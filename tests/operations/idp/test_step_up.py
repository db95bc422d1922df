"""Step-up: `USER_AUTH` with TARGET_ACR_VALUES, MAX_AGE and ACCESS_TOKEN."""

import pytest
from tests.authenticators import SES, App
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

from lido.rules import strength as strength_rules

LEVEL = "urn:cognito:loa:{}".format
EMAIL = "alice@example.com"
FIRST = ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]


@pytest.fixture
def people(house):
    return made(house)


def made(house, **pool):
    people = People(
        house,
        pool={
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": FIRST}},
            "UserPoolTags": {"lido:strength_claims": "true"},
            "EmailConfiguration": SES,
            **pool,
        },
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )
    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    people.alice(email=EMAIL, email_verified="true")
    return people


def with_app(house, people):
    """Alice's authenticator, which nobody asks her for unless a strength is asked for or she prefers it."""
    access_token = people.sign_in()["AccessToken"]
    app = App(house, house.idp_unsigned.associate_software_token(AccessToken=access_token)["SecretCode"])
    house.idp_unsigned.verify_software_token(AccessToken=access_token, UserCode=app.code())
    house.clock.advance(seconds=30)
    return app


def prefers_app(house, people):
    app = with_app(house, people)
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", SoftwareTokenMfaSettings={"Enabled": True}
    )
    return app


def step_up(people, **wishes):
    return people.initiate("USER_AUTH", USERNAME="alice", **wishes)


def by_password(people, **wishes):
    return step_up(people, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD, **wishes)


def show_app(people, app, asked):
    answers = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": app.code()}
    return people.respond("SOFTWARE_TOKEN_MFA", asked["Session"], **answers)["AuthenticationResult"]


def strength(tokens):
    told = claims(tokens["AccessToken"])
    return told["amr"], told["acr"]


# From nothing


def test_a_sign_in_reaches_the_level_that_was_asked_for(house, people):
    app = prefers_app(house, people)
    asked = by_password(people, TARGET_ACR_VALUES=LEVEL(4))

    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert strength(show_app(people, app, asked)) == (["pwd", "otp", "mfa"], LEVEL(4))


def test_only_first_factors_are_offered_from_which_the_level_can_be_reached(people):
    assert set(step_up(people)["AvailableChallenges"]) == {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}
    assert set(step_up(people, TARGET_ACR_VALUES=LEVEL(4))["AvailableChallenges"]) == {"PASSWORD", "PASSWORD_SRP"}


def test_the_first_value_that_somebody_can_reach_counts_and_unknown_ones_do_not(people):
    tokens = by_password(people, TARGET_ACR_VALUES=f"gold {LEVEL(4)}  {LEVEL(1)}")["AuthenticationResult"]

    assert strength(tokens) == (["pwd"], LEVEL(1))


def test_whoever_cannot_reach_it_is_told_so_only_after_the_first_factor(people):
    assert step_up(people, TARGET_ACR_VALUES=LEVEL(4))["ChallengeName"] == "SELECT_CHALLENGE"
    told = refusal(by_password, people, TARGET_ACR_VALUES=LEVEL(4))

    assert told == ("NotAuthorized", "The requested authentication context class cannot be reached.")


def test_strangers_are_offered_what_users_are(house, people):
    with_app(house, people)
    nobody = next(name for name in people.strangers() if people.offered(name) == people.offered("alice"))

    for level in strength_rules.LEVELS:
        wish = {"TARGET_ACR_VALUES": LEVEL(level)}
        assert people.offered(nobody, **wish) == people.offered("alice", **wish)


def test_whoever_has_nothing_strong_enough_is_offered_nothing_like_nobody(house, people):
    address = [{"Name": "email", "Value": "bob@example.com"}, {"Name": "email_verified", "Value": "true"}]
    house.idp.admin_create_user(UserPoolId=people.pool_id, Username="bob", UserAttributes=address)
    nobody = next(name for name in people.strangers() if people.offered(name) == ["EMAIL_OTP"])

    assert people.offered("bob") == ["EMAIL_OTP"]
    assert people.offered("bob", TARGET_ACR_VALUES=LEVEL(4)) == []
    assert people.offered(nobody, TARGET_ACR_VALUES=LEVEL(4)) == []


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"TARGET_ACR_VALUES": "gold"}, "TARGET_ACR_VALUES has no value that this user pool knows."),
        ({"MAX_AGE": "-1"}, "MAX_AGE must be a number of seconds."),
        ({"MAX_AGE": "1e3", "TARGET_ACR_VALUES": LEVEL(1)}, "MAX_AGE must be a number of seconds."),
        ({"ACCESS_TOKEN": "x"}, "ACCESS_TOKEN requires TARGET_ACR_VALUES."),
    ],
)
def test_malformed_wishes_are_refused(people, wishes, sentence):
    assert refusal(by_password, people, **wishes) == ("InvalidParameter", sentence)


def test_what_nobody_in_the_pool_can_reach_is_refused_at_once(house):
    people = made(house)
    house.idp.set_user_pool_mfa_config(UserPoolId=people.pool_id, MfaConfiguration="OFF")

    assert refusal(step_up, people, TARGET_ACR_VALUES=LEVEL(4)).name == "InvalidParameter"


# From a session


def test_a_step_up_asks_only_for_what_is_missing(house, people):
    app, tokens = with_app(house, people), people.sign_in()
    house.idp_unsigned.set_user_mfa_preference(
        AccessToken=tokens["AccessToken"], SoftwareTokenMfaSettings={"Enabled": True}
    )
    house.clock.advance(seconds=600)
    asked = step_up(people, TARGET_ACR_VALUES=LEVEL(4), ACCESS_TOKEN=tokens["AccessToken"], MAX_AGE="900")

    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    stronger = show_app(people, app, asked)
    assert strength(stronger) == (["pwd", "otp", "mfa"], LEVEL(4))
    before, after = claims(tokens["AccessToken"]), claims(stronger["AccessToken"])
    assert after["auth_time"] == before["auth_time"] + 600
    assert after["origin_jti"] != before["origin_jti"]
    again = step_up_refusal(people, stronger, LEVEL(4))
    assert again == ("InvalidParameter", "The access token already has the requested authentication context class.")


def step_up_refusal(people, tokens, values, **more):
    return refusal(step_up, people, TARGET_ACR_VALUES=values, ACCESS_TOKEN=tokens["AccessToken"], **more)


def test_what_was_shown_too_long_ago_is_asked_for_again(house, people):
    tokens = people.sign_in()
    prefers_app(house, people)
    house.clock.advance(seconds=600)
    tokens_now = {"TARGET_ACR_VALUES": LEVEL(4), "ACCESS_TOKEN": tokens["AccessToken"]}

    assert step_up(people, **tokens_now, MAX_AGE="599")["ChallengeName"] == "SELECT_CHALLENGE"
    assert step_up(people, **tokens_now)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_password_that_was_changed_since_has_not_been_shown(house, people):
    tokens = people.sign_in()
    prefers_app(house, people)
    house.clock.advance(seconds=10)
    house.idp_unsigned.change_password(
        AccessToken=tokens["AccessToken"], PreviousPassword=PASSWORD, ProposedPassword="An0ther-one!"
    )
    wishes = {"TARGET_ACR_VALUES": LEVEL(4), "ACCESS_TOKEN": tokens["AccessToken"]}

    assert step_up(people, **wishes)["ChallengeName"] == "SELECT_CHALLENGE"


def test_a_session_that_has_no_way_up_is_told_so(people):
    told = step_up_refusal(people, people.sign_in(), LEVEL(4))

    assert told == ("InvalidParameter", "The requested authentication context class cannot be reached.")


def test_a_step_up_may_begin_anew_where_the_session_leads_no_further(house, people):
    code = people.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="EMAIL_OTP")
    answers = {"USERNAME": "alice", "EMAIL_OTP_CODE": house.code(EMAIL)}
    tokens = people.respond("EMAIL_OTP", code["Session"], **answers)["AuthenticationResult"]
    prefers_app(house, people)
    asked = step_up(people, TARGET_ACR_VALUES=LEVEL(4), ACCESS_TOKEN=tokens["AccessToken"])

    assert (asked["ChallengeName"], set(asked["AvailableChallenges"])) == (
        "SELECT_CHALLENGE",
        {"PASSWORD", "PASSWORD_SRP"},
    )


def test_only_the_users_own_token_for_this_client_counts(house, people):
    house.user(people.pool_id, "bob")
    other = house.app(people.pool_id, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    elsewhere = house.idp_unsigned.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=other["ClientId"],
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    foreign = [people.sign_in("bob"), elsewhere, {"AccessToken": "x.y.z"}, made(house).sign_in()]

    for tokens in foreign:
        assert step_up_refusal(people, tokens, LEVEL(1)) == ("NotAuthorized", "Invalid Access Token")


def test_a_revoked_session_leads_nowhere(house, people):
    tokens = people.sign_in()
    house.idp_unsigned.global_sign_out(AccessToken=tokens["AccessToken"])

    assert step_up_refusal(people, tokens, LEVEL(4)) == ("NotAuthorized", "Access Token has been revoked")


def test_a_step_up_ends_with_the_session_that_it_goes_on_from(house, people):
    app, tokens = with_app(house, people), people.sign_in()
    token = tokens["AccessToken"]
    house.idp_unsigned.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True})
    asked = step_up(people, TARGET_ACR_VALUES=LEVEL(4), ACCESS_TOKEN=token)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    house.idp_unsigned.revoke_token(ClientId=people.client_id, Token=tokens["RefreshToken"])

    assert refusal(show_app, people, app, asked) == ("NotAuthorized", "Invalid session for the user.")


# The names of levels


def test_levels_are_called_as_the_pool_says(house):
    people = made(house, AcrConfiguration={"Level1": {"AcrValue": "bronze"}, "Level4": {"AcrValue": "gold"}})

    assert strength(by_password(people, TARGET_ACR_VALUES="bronze")["AuthenticationResult"]) == (["pwd"], "bronze")
    assert refusal(by_password, people, TARGET_ACR_VALUES=LEVEL(1)).name == "InvalidParameter"


def test_all_four_names_are_shown_once_one_is_given(house):
    pool_id = house.pool(AcrConfiguration={"Level2": {"AcrValue": "silver"}})
    shown = house.idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["AcrConfiguration"]

    assert {level: entry["AcrValue"] for level, entry in shown.items()} == {
        "Level1": LEVEL(1),
        "Level2": "silver",
        "Level3": LEVEL(3),
        "Level4": LEVEL(4),
    }
    house.pool(AcrConfiguration=shown)


@pytest.mark.parametrize(
    "given",
    [
        {"Level1": "same", "Level2": "same"},
        {"Level1": LEVEL(2)},
        {"Level1": LEVEL(2), "Level2": "other"},
    ],
)
def test_names_of_levels_are_unique_also_against_the_defaults(house, given):
    configuration = {level: {"AcrValue": value} for level, value in given.items()}

    assert refusal(house.pool, AcrConfiguration=configuration).name == "InvalidParameter"
