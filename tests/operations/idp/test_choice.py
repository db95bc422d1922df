"""Choice-based sign-in (USER_AUTH): what is offered, what may be chosen, and what nobody learns from it."""

from itertools import islice

import pytest
from tests.authenticators import SES, SMS
from tests.sign_ins import People, claims, refusal
from tests.world import FLOWS, PASSWORD

PHONE, EMAIL = "+15550109934", "alice@example.com"
WRONG = ("NotAuthorized", "Incorrect username or password.")
MISMATCH = ("CodeMismatch", "Invalid code or auth state for the user.")
INVALID = ("NotAuthorized", "Invalid session for the user.")
USED = ("NotAuthorized", "Invalid session for the user, session can only be used once.")
EXPIRED = ("NotAuthorized", "Invalid session for the user, session is expired.")
BOTH = ["PASSWORD", "PASSWORD_SRP"]
ALL = [*BOTH, "EMAIL_OTP", "SMS_OTP"]


class Choosers(People):
    """A pool that allows codes as first factor; alice has a password and both addresses."""

    def __init__(self, house, factors=("PASSWORD", "EMAIL_OTP", "SMS_OTP"), *, alice=True, **app):
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": list(factors)}}
        pool = {"Policies": policies, "SmsConfiguration": SMS, "EmailConfiguration": SES}
        super().__init__(house, pool=pool, **{"ExplicitAuthFlows": ["ALLOW_USER_AUTH"], **app})
        if alice:
            self.alice(email=EMAIL, email_verified="true", phone_number=PHONE, phone_number_verified="true")

    def choose(self, username="alice", **given):
        return self.initiate("USER_AUTH", USERNAME=username, **given)

    def select(self, session, choice, username="alice", **given):
        return self.respond("SELECT_CHALLENGE", session, USERNAME=username, ANSWER=choice, **given)

    def require_mfa(self, mode="OPTIONAL"):
        self.house.idp.set_user_pool_mfa_config(
            UserPoolId=self.pool_id,
            MfaConfiguration=mode,
            SmsMfaConfiguration={"SmsConfiguration": SMS},
            SoftwareTokenMfaConfiguration={"Enabled": True},
        )


@pytest.fixture
def people(house):
    return Choosers(house)


def test_the_choice_is_among_what_pool_and_user_have(people):
    answer = people.choose()

    assert answer["ChallengeName"] == "SELECT_CHALLENGE"
    assert answer["ChallengeParameters"] == {}
    assert answer["AvailableChallenges"] == ALL
    assert people.house.messages() == []


@pytest.mark.parametrize("factors", [["PASSWORD"], ["PASSWORD", "WEB_AUTHN"]])
def test_what_the_pool_does_not_allow_is_not_offered(house, factors):
    assert Choosers(house, factors).choose()["AvailableChallenges"] == BOTH


def test_addresses_that_nobody_has_proven_are_not_offered(house):
    people = Choosers(house, alice=False)
    people.alice(email=EMAIL, phone_number=PHONE, phone_number_verified="false")

    answer = people.choose(PREFERRED_CHALLENGE="EMAIL_OTP")

    assert (answer["ChallengeName"], answer["AvailableChallenges"]) == ("SELECT_CHALLENGE", BOTH)


def test_the_flow_needs_its_own_flag_and_no_other(house):
    people = Choosers(house, ExplicitAuthFlows=FLOWS)

    assert refusal(people.choose) == ("InvalidParameter", "USER_AUTH flow not enabled for this client")


# Passwords


def test_a_preferred_password_signs_in_at_once(people):
    assert people.choose(PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]
    assert refusal(people.choose, PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Wr0ng-password!") == WRONG


def test_a_preferred_password_may_come_later(people):
    challenge = people.choose(PREFERRED_CHALLENGE="PASSWORD")

    assert challenge["ChallengeName"] == "PASSWORD"
    answer = people.respond("PASSWORD", challenge["Session"], USERNAME="alice", PASSWORD=PASSWORD)
    assert answer["AuthenticationResult"]


def test_a_selected_password_comes_along_and_burns_the_session_if_wrong(people):
    session = people.choose()["Session"]

    assert refusal(people.select, session, "PASSWORD", PASSWORD="Wr0ng-password!") == WRONG
    assert refusal(people.select, session, "PASSWORD", PASSWORD=PASSWORD) == USED
    answer = people.select(people.choose()["Session"], "PASSWORD", PASSWORD=PASSWORD)
    assert claims(answer["AuthenticationResult"]["AccessToken"])["username"] == "alice"


def test_all_ways_to_guess_a_password_share_one_lock(people):
    for _ in range(4):
        refusal(people.choose, PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Wr0ng-password!")
    refusal(people.select, people.choose()["Session"], "PASSWORD", PASSWORD="Wr0ng-password!")

    assert refusal(people.choose, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD) == (
        "NotAuthorized",
        "Password attempts exceeded",
    )


@pytest.mark.parametrize("selected", [True, False])
def test_srp_is_one_of_the_choices(people, selected):
    srp = people.srp()
    begun = srp.get_auth_params()
    if selected:
        challenge = people.select(people.choose()["Session"], "PASSWORD_SRP", SRP_A=begun["SRP_A"])
    else:
        challenge = people.choose(PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=begun["SRP_A"])

    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
    responses = srp.process_challenge(challenge["ChallengeParameters"], {"USERNAME": "alice"})
    assert people.respond("PASSWORD_VERIFIER", **responses)["AuthenticationResult"]
    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == USED


def test_srp_needs_its_first_half(people):
    missing = ("InvalidParameter", "Missing required parameter SRP_A")

    assert refusal(people.choose, PREFERRED_CHALLENGE="PASSWORD_SRP") == missing
    assert refusal(people.select, people.choose()["Session"], "PASSWORD_SRP") == missing


# Codes


@pytest.mark.parametrize(
    ("factor", "address", "masked"), [("EMAIL_OTP", EMAIL, "a***@e***"), ("SMS_OTP", PHONE, "+*******9934")]
)
@pytest.mark.parametrize("selected", [True, False])
def test_a_code_signs_in_without_a_password(people, factor, address, masked, selected):
    if selected:
        challenge = people.select(people.choose()["Session"], factor)
    else:
        challenge = people.choose(PREFERRED_CHALLENGE=factor)

    medium = "SMS" if factor == "SMS_OTP" else "EMAIL"
    assert challenge["ChallengeName"] == factor
    assert challenge["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": medium,
        "CODE_DELIVERY_DESTINATION": masked,
    }
    code = people.house.code(address)
    assert len(code) == 8
    given = {"USERNAME": "alice", f"{factor}_CODE": code}
    assert people.respond(factor, challenge["Session"], **given)["AuthenticationResult"]
    assert refusal(people.respond, factor, challenge["Session"], **given) == USED


def test_a_first_code_is_guessed_three_times_whatever_is_asked_for_again(people):
    session = people.choose()["Session"]
    for _ in range(3):
        asked = people.select(session, "EMAIL_OTP")["Session"]
        assert refusal(people.respond, "EMAIL_OTP", asked, USERNAME="alice", EMAIL_OTP_CODE="x") == MISMATCH

    asked = people.select(session, "EMAIL_OTP")["Session"]
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": people.house.code(EMAIL)}
    assert refusal(people.respond, "EMAIL_OTP", asked, **given) == INVALID


def test_messages_of_one_choice_are_limited(people):
    session = people.choose()["Session"]
    for _ in range(20):
        people.select(session, "EMAIL_OTP")

    refused = refusal(people.select, session, "EMAIL_OTP")
    assert refused == ("TooManyRequests", "Attempt limit exceeded, please try after some time.")
    assert len(people.house.messages(EMAIL)) == 20


def test_each_step_lives_as_long_as_a_session(house):
    people = Choosers(house, AuthSessionValidity=15)
    session = people.choose()["Session"]
    house.clock.advance(minutes=14)

    asked = people.select(session, "EMAIL_OTP")["Session"]
    house.clock.advance(minutes=14)

    assert refusal(people.respond, "EMAIL_OTP", asked, USERNAME="alice", EMAIL_OTP_CODE="x") == MISMATCH
    house.clock.advance(minutes=1)
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": house.code(EMAIL)}
    assert refusal(people.respond, "EMAIL_OTP", asked, **given) == EXPIRED


@pytest.mark.parametrize("answer", ["WEB_AUTHN", "SOFTWARE_TOKEN_MFA", "SMS_MFA", "nonsense"])
def test_what_was_not_offered_cannot_be_chosen(people, answer):
    assert refusal(people.select, people.choose()["Session"], answer).name == "InvalidParameter"
    assert people.choose(PREFERRED_CHALLENGE=answer)["ChallengeName"] == "SELECT_CHALLENGE"


def test_what_is_withdrawn_meanwhile_is_not_accepted(people):
    session = people.choose(PREFERRED_CHALLENGE="EMAIL_OTP")["Session"]
    people.house.idp.update_user_pool(
        UserPoolId=people.pool_id,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}},
        EmailConfiguration=SES,
    )
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": people.house.code(EMAIL)}

    assert refusal(people.respond, "EMAIL_OTP", session, **given) == INVALID


def test_the_state_of_an_account_shows_after_the_code_only(people):
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")
    session = people.choose(PREFERRED_CHALLENGE="EMAIL_OTP")["Session"]
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": people.house.code(EMAIL)}

    assert refusal(people.respond, "EMAIL_OTP", session, USERNAME="alice", EMAIL_OTP_CODE="x") == MISMATCH
    assert refusal(people.respond, "EMAIL_OTP", session, **given) == ("NotAuthorized", "User is disabled.")


def test_operators_offer_the_choice_too(people):
    answer = people.admin_initiate("USER_AUTH", USERNAME="alice")

    assert answer["AvailableChallenges"] == ALL


# Codes and second factors


def test_whoever_has_a_second_factor_begins_with_a_password(people):
    people.require_mfa()
    assert people.choose()["AvailableChallenges"] == ALL
    people.house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", SMSMfaSettings={"Enabled": True}
    )

    answer = people.choose(PREFERRED_CHALLENGE="EMAIL_OTP")

    assert (answer["ChallengeName"], answer["AvailableChallenges"]) == ("SELECT_CHALLENGE", BOTH)
    assert people.choose(PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)["ChallengeName"] == "SMS_MFA"


def test_a_code_under_way_does_not_get_around_a_factor_that_is_set_up_meanwhile(people):
    people.require_mfa()
    session = people.choose(PREFERRED_CHALLENGE="SMS_OTP")["Session"]
    people.house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", SMSMfaSettings={"Enabled": True}
    )
    given = {"USERNAME": "alice", "SMS_OTP_CODE": people.house.code(PHONE)}

    assert refusal(people.respond, "SMS_OTP", session, **given) == INVALID


# Who exists


@pytest.fixture
def hidden(house):
    return Choosers(house, PreventUserExistenceErrors="ENABLED")


def test_an_unknown_user_is_named_in_legacy_mode(people):
    assert refusal(people.choose, "nobody") == ("UserNotFound", "User does not exist.")


def test_nobody_is_offered_the_same_choice_each_time(hidden):
    first, second = (hidden.choose("nobody") for _ in range(2))

    assert first["ChallengeName"] == "SELECT_CHALLENGE"
    assert first["AvailableChallenges"] == second["AvailableChallenges"] != []
    assert len(first["Session"]) == len(hidden.choose("bobody")["Session"])


def shape(answer):
    return answer["ChallengeName"], sorted(answer["ChallengeParameters"]), len(answer["Session"])


def test_nobody_looks_like_somebody_at_every_step(hidden):
    nobody = next(name for name in hidden.strangers() if hidden.offered(name) == [*BOTH, "EMAIL_OTP"])
    hidden.house.user(hidden.pool_id, "somebody", email="somebody@example.com", email_verified="true")
    shapes = []
    for username in ("somebody", nobody):
        chosen = hidden.choose(username)
        selected = hidden.select(chosen["Session"], "EMAIL_OTP", username)
        preferred = hidden.choose(username, PREFERRED_CHALLENGE="EMAIL_OTP")
        given = {"USERNAME": username, "EMAIL_OTP_CODE": "12345678"}
        guesses = [refusal(hidden.respond, "EMAIL_OTP", selected["Session"], **given) for _ in range(4)]
        passwords = [
            refusal(hidden.choose, username, PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Wr0ng-password!"),
            refusal(hidden.select, chosen["Session"], "PASSWORD", username, PASSWORD="Wr0ng-password!"),
        ]
        assert guesses == [MISMATCH, MISMATCH, MISMATCH, INVALID]
        assert passwords == [WRONG, WRONG]
        shapes.append([chosen["AvailableChallenges"], *map(shape, (chosen, selected, preferred))])

    assert shapes[0] == shapes[1]


def test_nobody_asks_for_messages_as_often_as_somebody(hidden):
    nobody = next(hidden.strangers("EMAIL_OTP"))
    for _ in range(20):
        hidden.choose(nobody, PREFERRED_CHALLENGE="EMAIL_OTP")

    assert refusal(hidden.choose, nobody, PREFERRED_CHALLENGE="EMAIL_OTP").name == "TooManyRequests"
    assert hidden.house.messages() == []


def test_whoever_has_nothing_to_choose_looks_like_nobody(hidden):
    bob, eve = islice(hidden.strangers("EMAIL_OTP"), 2)
    hidden.house.idp_unsigned.sign_up(
        ClientId=hidden.client_id, Username=bob, UserAttributes=[{"Name": "email", "Value": "bob@example.com"}]
    )

    answer = hidden.choose(bob, PREFERRED_CHALLENGE="EMAIL_OTP")

    assert answer["ChallengeName"] == "EMAIL_OTP"
    assert len(answer["Session"]) == len(hidden.choose(eve, PREFERRED_CHALLENGE="EMAIL_OTP")["Session"])
    assert hidden.house.messages("bob@example.com") == []
    given = {"USERNAME": bob, "EMAIL_OTP_CODE": "12345678"}
    assert refusal(hidden.respond, "EMAIL_OTP", answer["Session"], **given) == MISMATCH
