"""Authenticator apps: set up, asked for, each code good once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.authenticators import App, Guarded
from tests.sign_ins import claims, refusal
from tests.world import World

from lido.flows import key_rotation
from lido.rules.sealing import KeyRing
from lido.storage import budgets

WRONG = ("CodeMismatch", "Invalid code received for user")
USED = ("ExpiredCode", "Your software token has already been used once.")
OFF = ("SoftwareTokenMFANotFound", "Software Token MFA has not been enabled by the userPool")
NOT_SET_UP = ("SoftwareTokenMFANotFound", "Software Token MFA does not exist for the user.")
MISMATCH = ("EnableSoftwareTokenMFA", "Code mismatch")
INVALID = ("NotAuthorized", "Invalid session for the user.")


@pytest.fixture
def people(house: World) -> Guarded:
    guarded = Guarded(house)
    guarded.alice()
    return guarded


@pytest.fixture
def token(people: Guarded) -> str:
    return str(people.sign_in()["AccessToken"])


@pytest.fixture
def app(people: Guarded, token: str) -> App:
    return people.enrol(token)


@pytest.fixture
def required(house: World) -> Guarded:
    """A pool that requires MFA; alice has none yet."""
    guarded = Guarded(house, "ON")
    guarded.alice()
    return guarded


def outcome(deed: Any, *arguments: Any, **named: Any) -> str:
    """The name of the refusal, or "in"."""
    try:
        deed(*arguments, **named)
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    return "in"


def test_a_secret_has_52_letters_and_no_session_comes_with_it(house: World, token: str) -> None:
    answer = house.idp_unsigned.associate_software_token(AccessToken=token)
    assert len(answer["SecretCode"]) == 52
    assert "Session" not in answer


def test_a_verified_app_is_asked_for_once_the_user_says_so(people: Guarded, token: str) -> None:
    app = people.associate(token)
    people.verify(token, app.code(), "phone")
    assert "AuthenticationResult" in people.challenged()

    people.prefer(token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = people.challenged()
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert asked["ChallengeParameters"] == {"USER_ID_FOR_SRP": "alice", "FRIENDLY_DEVICE_NAME": "phone"}
    assert "AuthenticationResult" not in asked


def test_a_code_leads_in_and_the_token_tells_how(people: Guarded, app: App) -> None:
    tokens = people.enter(app)
    assert claims(tokens["AccessToken"])["username"] == "alice"
    assert people.events()[-1] == "signed_in"


def test_no_app_has_a_name_that_was_not_given(people: Guarded, app: App) -> None:
    assert people.challenged()["ChallengeParameters"] == {"USER_ID_FOR_SRP": "alice"}


def test_the_operators_door_asks_too(house: World, people: Guarded, app: App) -> None:
    asked = people.admin_initiate(USERNAME="alice", PASSWORD="Passw0rd!")
    answer = house.idp.admin_respond_to_auth_challenge(
        UserPoolId=people.pool_id,
        ClientId=people.client_id,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": app.code()},
    )
    assert "AccessToken" in answer["AuthenticationResult"]


def test_a_wrong_first_code_sets_nothing_up_and_may_be_corrected(people: Guarded, token: str) -> None:
    app = people.associate(token)
    assert refusal(people.verify, token, app.wrong()) == MISMATCH
    people.verify(token, app.code())


def test_the_first_code_is_used_up_by_showing_it(people: Guarded, token: str) -> None:
    app = people.associate(token)
    people.verify(token, app.code())
    people.prefer(token, SoftwareTokenMfaSettings={"Enabled": True})
    assert refusal(people.enter, app) == USED
    assert refusal(people.verify, token, app.code()) == NOT_SET_UP


def test_nothing_can_be_verified_that_was_not_associated(people: Guarded, token: str) -> None:
    assert refusal(people.verify, token, "123456") == NOT_SET_UP


@pytest.mark.parametrize("given", [{}, {"AccessToken": "a.b.c", "Session": "s" * 20}])
def test_exactly_one_of_token_and_session_is_given(house: World, given: dict[str, str]) -> None:
    for deed, more in (("associate_software_token", {}), ("verify_software_token", {"UserCode": "123456"})):
        assert refusal(getattr(house.idp_unsigned, deed), **given, **more).name == "InvalidParameter"


def test_a_dead_token_sets_nothing_up(house: World, people: Guarded, token: str) -> None:
    people.associate(token)
    house.idp_unsigned.global_sign_out(AccessToken=token)
    assert refusal(people.associate, token).name == "NotAuthorized"
    assert refusal(people.verify, token, "123456").name == "NotAuthorized"


def test_a_user_who_must_reset_the_password_is_refused_in_words_of_the_operation(
    house: World, people: Guarded, token: str
) -> None:
    house.idp.admin_update_user_attributes(
        UserPoolId=people.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": "a@example.com"}, {"Name": "email_verified", "Value": "true"}],
    )
    house.idp.admin_reset_user_password(UserPoolId=people.pool_id, Username="alice")
    assert refusal(people.associate, token) == ("NotAuthorized", "Password reset required for the user")
    assert refusal(people.verify, token, "123456").name == "PasswordResetRequired"


def test_a_pool_without_authenticators_says_so(people: Guarded, token: str) -> None:
    people.configure("OFF", totp=False)
    assert refusal(people.associate, token) == OFF
    assert refusal(people.verify, token, "123456") == OFF


def test_a_new_app_replaces_the_old_one_only_once_it_is_proven(people: Guarded, token: str, app: App) -> None:
    newer = people.associate(token)
    people.enter(app)
    people.verify(token, newer.code())
    people.house.clock.advance(seconds=60)
    assert refusal(people.enter, app) == WRONG
    people.enter(newer)


def test_only_the_newest_secret_can_be_proven(people: Guarded, token: str) -> None:
    older, newer = people.associate(token), people.associate(token)
    assert refusal(people.verify, token, older.code()) == MISMATCH
    people.verify(token, newer.code())


def test_a_wrong_code_leaves_the_session_three_answers(people: Guarded, app: App) -> None:
    session = people.challenged()["Session"]
    assert [refusal(people.finish, session, app.wrong()) for _ in range(2)] == [WRONG, WRONG]
    people.finish(session, app.code())

    people.house.clock.advance(seconds=60)
    session = people.challenged()["Session"]
    assert [refusal(people.finish, session, app.wrong()) for _ in range(3)] == [WRONG] * 3
    assert refusal(people.finish, session, app.code()).name == "NotAuthorized"


@pytest.mark.parametrize("text", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\n"])
def test_what_is_no_code_is_a_wrong_one(people: Guarded, app: App, text: str) -> None:
    assert refusal(people.finish, people.challenged()["Session"], text) == WRONG


def test_no_code_at_all_is_a_malformed_answer(people: Guarded, app: App) -> None:
    deed = people.respond
    assert refusal(deed, "SOFTWARE_TOKEN_MFA", people.challenged()["Session"], USERNAME="alice") == (
        "InvalidParameter",
        "Missing required parameter SOFTWARE_TOKEN_MFA_CODE",
    )


def test_a_code_is_good_once_within_its_step(people: Guarded, app: App) -> None:
    people.enter(app)
    assert refusal(people.enter, app) == USED


def test_an_earlier_step_is_refused_after_a_later_one(people: Guarded, app: App) -> None:
    earlier = app.code(-1)
    people.enter(app)
    assert refusal(people.finish, people.challenged()["Session"], earlier) == USED


def test_a_code_is_good_once_on_all_nodes(house: World, people: Guarded, app: App) -> None:
    sessions = [people.challenged()["Session"] for _ in range(2)]
    people.finish(sessions[0], app.code())
    other = World(house.database)
    try:
        other.clock.advance(seconds=(house.clock.now() - other.clock.now()) / 1000)
        people.house = other
        assert refusal(people.finish, sessions[1], app.code()) == USED
    finally:
        other.close()


def test_a_used_code_does_not_spend_the_session(people: Guarded, app: App) -> None:
    people.enter(app)
    session = people.challenged()["Session"]
    assert refusal(people.finish, session, app.code()) == USED
    people.house.clock.advance(seconds=30)
    people.finish(session, app.code())


def test_of_64_parallel_uses_of_a_code_one_leads_in(people: Guarded, app: App) -> None:
    sessions = [people.challenged()["Session"] for _ in range(64)]
    code = app.code()
    with ThreadPoolExecutor(64) as pool:
        counted = Counter(pool.map(lambda session: outcome(people.finish, session, code), sessions))
    assert counted["in"] == 1
    assert counted.keys() <= {"in", "ExpiredCode", "TooManyRequests"}


@pytest.mark.parametrize(("drift", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_wrong_by_one_step(people: Guarded, app: App, drift: int, is_right: bool) -> None:
    deed = people.finish, people.challenged()["Session"], app.code(drift)
    assert outcome(*deed) == ("in" if is_right else "CodeMismatch")


def test_the_time_that_a_client_claims_counts_for_nothing(people: Guarded, app: App) -> None:
    session = people.challenged()["Session"]
    claimed = {"TIMESTAMP": "Tue Nov 5 00:00:00 UTC 2030", "TIME": "1920000000"}
    assert refusal(people.finish, session, app.code(20), **claimed) == WRONG


def test_guesses_are_bounded_for_all_sign_ins_together_and_a_right_password_gives_none_back(
    people: Guarded, app: App
) -> None:
    judged = Counter[str]()
    for _ in range(14):
        session = people.challenged()["Session"]
        judged.update(outcome(people.finish, session, app.wrong()) for _ in range(3))
    assert judged == {"CodeMismatch": 30, "TooManyRequests": 12}
    assert outcome(people.enter, app) == "TooManyRequests"

    people.house.clock.advance(hours=1)
    people.enter(app)


def test_ten_thousand_guesses_within_a_step_succeed_less_than_once_in_a_thousand(
    house: World, people: Guarded, app: App
) -> None:
    from lido.flows import access, codes
    from lido.flows.totp import MOST

    call, sub = house.call(), people.sub()
    with house.database.write() as tx:
        pool = access.require_pool(call, tx, people.pool_id)
        evaluated = sum(codes.count_try(call, tx, pool, sub, codes.TOTP) for _ in range(10_000))
        budgets.forget(tx, people.pool_id, sub)
    steps_that_match = 3
    assert evaluated * steps_that_match * MOST / 10**6 < 0.001


def test_a_session_of_another_user_is_worth_nothing(house: World, people: Guarded, app: App) -> None:
    house.user(people.pool_id, "bob")
    session = people.challenged()["Session"]
    deed = people.respond
    assert refusal(deed, "SOFTWARE_TOKEN_MFA", session, USERNAME="bob", SOFTWARE_TOKEN_MFA_CODE=app.code()) == INVALID


def test_several_apps_count_side_by_side_where_the_pool_allows_them(people: Guarded, token: str) -> None:
    people.option(several_authenticators="true")
    phone, tablet = people.enrol(token, "phone"), people.enrol(token, "tablet")
    assert people.challenged()["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone, tablet"
    people.enter(phone)
    people.enter(tablet)
    assert refusal(people.enter, phone) == USED

    newer = people.enrol(token, "phone")
    assert refusal(people.enter, phone) == WRONG
    people.enter(newer)
    people.enter(tablet)


def test_a_sixth_app_is_refused_and_stays_to_be_verified(people: Guarded, token: str) -> None:
    people.option(several_authenticators="true")
    for number in range(5):
        people.enrol(token, f"app {number}")
    sixth = people.associate(token)
    assert refusal(people.verify, token, sixth.code(), "one more") == (
        "InvalidParameter",
        "A user may have at most 5 authenticators.",
    )
    people.verify(token, sixth.code(), "app 3")


def test_a_name_too_long_is_refused(people: Guarded, token: str) -> None:
    app = people.associate(token)
    assert refusal(people.verify, token, app.code(), "n" * 257).name == "InvalidParameter"
    people.verify(token, app.code(), "n" * 256)


def test_an_operator_takes_the_app_away_and_ends_all_sessions(people: Guarded, token: str, app: App) -> None:
    people.prefer(token, SoftwareTokenMfaSettings={"PreferredMfa": True})
    tokens = people.enter(app)
    session = people.challenged()["Session"]
    people.remove_authenticators()
    assert "UserMFASettingList" not in people.shown()
    assert "PreferredMfaSetting" not in people.shown()
    assert refusal(people.refresh, tokens["RefreshToken"]).name == "NotAuthorized"
    assert refusal(people.finish, session, app.code()) == INVALID
    assert "AuthenticationResult" in people.challenged()
    assert "authenticators_removed" in people.events()


def test_taking_away_what_nobody_has_changes_nothing(house: World, people: Guarded, token: str) -> None:
    people.remove_authenticators()
    house.idp_unsigned.get_user(AccessToken=token)
    assert "authenticators_removed" not in people.events()
    deed = house.idp.admin_delete_software_token
    assert refusal(deed, UserPoolId=people.pool_id, Username="nobody") == ("UserNotFound", "User does not exist.")


def test_an_unconfirmed_user_has_nothing_to_take_away(house: World, people: Guarded) -> None:
    house.idp_unsigned.sign_up(ClientId=people.client_id, Username="carol", Password="Passw0rd!")
    deed = house.idp.admin_delete_software_token
    assert refusal(deed, UserPoolId=people.pool_id, Username="carol").name == "UserNotConfirmed"


def test_whoever_has_an_app_keeps_it_when_the_pool_offers_none_any_more(house: World) -> None:
    people = Guarded(house, sms=True)
    people.alice()
    app = people.enrol(people.sign_in()["AccessToken"])
    people.configure("OPTIONAL", totp=False)
    people.enter(app)


def test_an_app_outlives_the_master_key(house: World, people: Guarded, app: App) -> None:
    newer = bytes(31) + b"\1"
    rotating = World(house.database, keys=KeyRing([newer, bytes(32)], house.entropy.bytes))
    list(key_rotation.reseal(rotating.call()))
    rotating.close()
    rotated = World(house.database, keys=KeyRing([newer], house.entropy.bytes))
    try:
        rotated.clock.advance(seconds=(house.clock.now() - rotated.clock.now()) / 1000)
        people.house = rotated
        people.enter(app)
    finally:
        rotated.close()


def set_up(people: Guarded, name: str | None = None) -> tuple[App, str, str]:
    """The app that a required set-up made, its last session, and the one that the secret came with."""
    begun = people.challenged()
    assert begun["ChallengeName"] == "MFA_SETUP"
    made = people.house.idp_unsigned.associate_software_token(Session=begun["Session"])
    app = App(people.house, made["SecretCode"])
    named = {"FriendlyDeviceName": name} if name else {}
    proven = people.house.idp_unsigned.verify_software_token(Session=made["Session"], UserCode=app.code(), **named)
    assert proven["Status"] == "SUCCESS"
    return app, proven["Session"], made["Session"]


def test_a_required_app_is_set_up_within_the_sign_in(required: Guarded) -> None:
    app, session, _ = set_up(required, "phone")
    answer = required.respond("MFA_SETUP", session, USERNAME="alice")
    assert "AccessToken" in answer["AuthenticationResult"]
    assert required.shown()["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]

    required.house.clock.advance(seconds=60)
    assert required.challenged()["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone"
    required.enter(app)


def test_whoever_stops_after_the_first_code_is_asked_for_the_next_one(required: Guarded) -> None:
    app, _, _ = set_up(required)
    required.house.clock.advance(seconds=60)
    required.enter(app)


def test_a_set_up_that_was_not_finished_leads_nowhere(required: Guarded) -> None:
    begun = required.challenged()
    made = required.house.idp_unsigned.associate_software_token(Session=begun["Session"])
    for session in (begun["Session"], made["Session"]):
        refused = refusal(required.respond, "MFA_SETUP", session, USERNAME="alice")
        assert refused == ("InvalidParameter", "User has not verified software token mfa")


def test_a_wrong_first_code_may_be_corrected_within_the_sign_in(required: Guarded) -> None:
    begun = required.challenged()
    made = required.house.idp_unsigned.associate_software_token(Session=begun["Session"])
    app, verify = App(required.house, made["SecretCode"]), required.house.idp_unsigned.verify_software_token
    assert refusal(verify, Session=begun["Session"], UserCode=app.code()) == NOT_SET_UP
    assert refusal(verify, Session=made["Session"], UserCode=app.wrong()) == WRONG
    verify(Session=made["Session"], UserCode=app.code())


def test_sessions_of_a_set_up_work_once(required: Guarded) -> None:
    app, session, before = set_up(required)
    required.respond("MFA_SETUP", session, USERNAME="alice")
    used = refusal(required.respond, "MFA_SETUP", session, USERNAME="alice")
    assert used == ("NotAuthorized", "Invalid session for the user, session can only be used once.")
    again = refusal(required.house.idp_unsigned.verify_software_token, Session=before, UserCode=app.code())
    assert again.name == "NotAuthorized"


def test_two_set_ups_at_once_leave_one_app(required: Guarded) -> None:
    made = [
        required.house.idp_unsigned.associate_software_token(Session=required.challenged()["Session"]) for _ in range(2)
    ]
    apps = [App(required.house, each["SecretCode"]) for each in made]
    verify = required.house.idp_unsigned.verify_software_token
    verify(Session=made[0]["Session"], UserCode=apps[0].code())
    assert refusal(verify, Session=made[1]["Session"], UserCode=apps[1].code()).name == "NotAuthorized"


def test_no_app_is_set_up_with_a_session_of_another_step(people: Guarded, app: App) -> None:
    session = people.challenged()["Session"]
    assert refusal(people.house.idp_unsigned.associate_software_token, Session=session) == INVALID
    verify = people.house.idp_unsigned.verify_software_token
    assert refusal(verify, Session=session, UserCode=app.code()) == INVALID


def test_whoever_lost_a_required_app_sets_up_another(required: Guarded) -> None:
    app, _, _ = set_up(required)
    required.remove_authenticators()
    newer, session, _ = set_up(required)
    required.respond("MFA_SETUP", session, USERNAME="alice")
    required.house.clock.advance(seconds=60)
    assert refusal(required.enter, app) == WRONG
    required.enter(newer)
