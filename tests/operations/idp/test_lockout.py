"""Lockout: five free tries, then longer and longer locks, one counter for every way in."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from botocore.exceptions import ClientError
from tests.sign_ins import People, refusal
from tests.world import PASSWORD

from lido import errors
from lido.flows import sign_in, tokens
from lido.flows.scenes import Attempt
from lido.ports.clock import SystemClock

WRONG = ("NotAuthorized", "Incorrect username or password.")
LOCKED = ("NotAuthorized", "Password attempts exceeded")


@pytest.fixture
def people(house):
    people = People(house, pool={"AliasAttributes": ["email"]}, PreventUserExistenceErrors="ENABLED")
    people.alice(email="alice@example.com", email_verified="true")
    return people


def fail(people, username="alice", times=1):
    for _ in range(times):
        assert refusal(people.sign_in, username, "Wr0ng-password!") == WRONG


def test_the_right_password_fails_too_while_locked(people):
    fail(people, times=5)

    assert refusal(people.sign_in) == LOCKED
    people.house.clock.advance(seconds=1)
    assert people.sign_in()


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_each_failure_after_the_fourth_doubles_the_lock_up_to_fifteen_minutes(people, username):
    fail(people, username, times=4)

    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900):
        fail(people, username)
        people.house.clock.advance(seconds=seconds - 0.001)
        assert refusal(people.sign_in, username, "Wr0ng-password!") == LOCKED
        people.house.clock.advance(seconds=0.001)


def test_tries_while_locked_neither_count_nor_lengthen(people):
    fail(people, times=5)
    for _ in range(20):
        assert refusal(people.sign_in, password="Wr0ng-password!") == LOCKED
    people.house.clock.advance(seconds=1)

    fail(people)  # the sixth
    people.house.clock.advance(seconds=2)
    assert people.sign_in()


def test_signing_in_forgets_failures(people):
    fail(people, times=4)
    people.sign_in()

    fail(people, times=4)
    assert people.sign_in()


def test_fifteen_quiet_minutes_forget_failures(people):
    fail(people, times=4)
    people.house.clock.advance(minutes=15, seconds=1)

    fail(people, times=4)
    assert people.sign_in()


def test_all_names_and_flows_share_one_counter(people):
    fail(people, "alice", times=2)
    fail(people, "alice@example.com")
    assert refusal(people.admin_initiate, USERNAME="alice", PASSWORD="Wr0ng-password!") == WRONG
    with pytest.raises(ClientError, match="Incorrect username or password"):
        people.srp(password="Wr0ng-password!").authenticate_user()

    for way_in in (
        people.sign_in,
        lambda: people.sign_in(people.sub()),
        lambda: people.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD),
        lambda: people.srp().authenticate_user(),
    ):
        assert refusal(way_in) == LOCKED


def test_accounts_have_counters_of_their_own(people):
    people.house.user(people.pool_id, "bob")
    fail(people, times=5)
    fail(people, "nobody", times=5)

    assert people.sign_in("bob")


def test_a_right_password_that_leads_no_further_does_not_forget_failures(house):
    people = People(house)
    house.user(people.pool_id, "alice", confirmed=False)
    fail(people, times=4)
    assert people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    fail(people)
    assert refusal(people.initiate, USERNAME="alice", PASSWORD=PASSWORD) == LOCKED


class Counting:
    """The call's hashing, and how many passwords it judged."""

    def __init__(self, hashing):
        self._hashing = hashing
        self.judged = 0

    def verify(self, phc, password):
        self.judged += 1
        return self._hashing.verify(phc, password)

    def hash(self, password, salt):
        return self._hashing.hash(password, salt)

    def needs_rehash(self, phc):
        return self._hashing.needs_rehash(phc)


def in_parallel(people, hashing, password, times):
    """So many sign-ins at once, by the real clock: how each ended."""
    clock = SystemClock()

    def enter(_):
        call = msgspec.structs.replace(people.house.call(), clock=clock, now=clock.now(), hashing=hashing)
        attempt = Attempt("client", people.client_id, {"USERNAME": "alice", "PASSWORD": password})
        try:
            outcome = sign_in.start(call, attempt, "USER_PASSWORD_AUTH")
        except errors.NotAuthorized as fault:
            return fault.message
        assert isinstance(outcome, sign_in.SignedIn)
        return tokens.issue(call, outcome)

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(enter, range(times)))


def test_of_200_parallel_guesses_five_are_judged(people):
    hashing = Counting(people.house.call().hashing)

    answers = in_parallel(people, hashing, "Wr0ng-password!", 200)

    assert hashing.judged <= 5
    assert answers.count(WRONG[1]) == hashing.judged
    assert answers.count(LOCKED[1]) == 200 - hashing.judged


def test_parallel_sign_ins_with_the_right_password_all_succeed(people):
    hashing = Counting(people.house.call().hashing)

    answers = in_parallel(people, hashing, PASSWORD, 60)

    assert all(isinstance(answer, tokens.Tokens) for answer in answers)
    with people.house.database.read() as tx:
        row = tx.row("SELECT failures, in_flight FROM lockouts WHERE pool_id = :pool_id", pool_id=people.pool_id)
    assert row == (0, 0)


def test_a_judgement_that_never_ended_counts_as_a_failure(people):
    from lido.flows import lockout

    sub, call = people.sub(), people.house.call()
    for _ in range(4):
        lockout.reserve(call, people.pool_id, sub)
    people.house.clock.advance(seconds=31)

    fail(people)

    assert refusal(people.sign_in) == LOCKED


def test_nothing_stays_reserved_after_any_ending(people):
    fail(people)
    people.sign_in()
    assert people.srp().authenticate_user()
    assert refusal(people.sign_in, password="x" * 300).name == "InvalidParameter"
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")
    assert refusal(people.sign_in) == ("NotAuthorized", "User is disabled.")

    with people.house.database.read() as tx:
        rows = tx.rows("SELECT in_flight FROM lockouts WHERE pool_id = :pool_id", pool_id=people.pool_id)
    assert {row[0] for row in rows} == {0}
