"""Recovery codes: each leads in once, in place of a second factor and never of the first."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.authenticators import App, Guarded
from tests.sign_ins import refusal
from tests.world import World

from lido import errors
from lido.flows import access, lasting_keys, recovery_codes
from lido.rules.sealing import KeyRing
from lido.storage import recovery_codes as stored

WRONG = ("CodeMismatch", "Invalid code received for user")


@pytest.fixture
def people(house: World) -> Guarded:
    guarded = Guarded(house)
    guarded.option(recovery_codes="true")
    guarded.alice()
    return guarded


@pytest.fixture
def app(people: Guarded) -> App:
    return people.enrol(people.sign_in()["AccessToken"])


@pytest.fixture
def codes(people: Guarded, app: App) -> list[str]:
    return make(people)


def make(people: Guarded, username: str = "alice") -> list[str]:
    return recovery_codes.make_for(people.house.call(), people.pool_id, username)


def recover(people: Guarded, session: str, code: str) -> dict[str, object]:
    answer = people.respond("SOFTWARE_TOKEN_MFA", session, USERNAME="alice", RECOVERY_CODE=code)
    result: dict[str, object] = answer["AuthenticationResult"]
    return result


def enter(people: Guarded, code: str) -> dict[str, object]:
    return recover(people, people.challenged()["Session"], code)


def left(people: Guarded) -> int:
    with people.house.database.read() as tx:
        return stored.count(tx, people.pool_id, people.sub())


def test_there_are_ten_codes_of_80_bits_in_groups(codes: list[str]) -> None:
    assert len(set(codes)) == 10
    assert all(re.fullmatch("[a-z2-7]{4}(-[a-z2-7]{4}){3}", code) for code in codes)


def test_each_code_leads_in_once(people: Guarded, codes: list[str]) -> None:
    for code in codes:
        assert "AccessToken" in enter(people, code)
    assert refusal(enter, people, codes[0]).name == "InvalidParameter"
    assert left(people) == 0
    assert people.events().count("recovery_code_used") == 10


def test_a_used_code_is_a_wrong_one(people: Guarded, codes: list[str]) -> None:
    enter(people, codes[0])
    assert refusal(enter, people, codes[0]) == WRONG
    assert left(people) == 9


@pytest.mark.parametrize("spell", [str.upper, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_case_spaces_and_dashes_do_not_matter(people: Guarded, codes: list[str], spell) -> None:
    assert "AccessToken" in enter(people, spell(codes[3]))


@pytest.mark.parametrize("wrong", ["aaaa-aaaa-aaaa-aaaa", "-", "ä" * 16, "a" * 100_000])
def test_any_other_text_is_a_wrong_code(people: Guarded, codes: list[str], wrong: str) -> None:
    assert refusal(enter, people, wrong) == WRONG
    assert left(people) == 10


def test_a_wrong_recovery_code_leaves_the_app_to_be_used(people: Guarded, app: App, codes: list[str]) -> None:
    session = people.challenged()["Session"]
    assert refusal(recover, people, session, "aaaa-aaaa-aaaa-aaaa") == WRONG
    people.finish(session, app.code())


def test_recovery_codes_and_codes_of_the_app_share_the_tries(people: Guarded, app: App, codes: list[str]) -> None:
    session = people.challenged()["Session"]
    assert refusal(recover, people, session, "aaaa-aaaa-aaaa-aaaa") == WRONG
    assert refusal(people.finish, session, app.wrong()) == WRONG
    assert refusal(recover, people, session, "aaaa-aaaa-aaaa-aaaa") == WRONG
    assert refusal(recover, people, session, codes[0]).name == "NotAuthorized"
    assert left(people) == 10


def test_new_codes_end_the_earlier_ones(people: Guarded, codes: list[str]) -> None:
    newer = make(people)
    assert refusal(enter, people, codes[0]) == WRONG
    assert "AccessToken" in enter(people, newer[0])


def test_codes_are_worth_nothing_for_another_user(people: Guarded, codes: list[str]) -> None:
    people.house.user(people.pool_id, "bob")
    theirs = make(people, "bob")
    assert refusal(enter, people, theirs[0]) == WRONG
    with people.house.database.read() as tx:
        pool = access.require_pool(people.house.call(), tx, people.pool_id)
        bob = access.require_user(tx, pool, "bob")
    assert recovery_codes.find(people.house.call(), bob, codes[0]) is None
    assert recovery_codes.find(people.house.call(), bob, theirs[0]) is not None


def test_a_code_does_not_stand_for_a_password(people: Guarded, codes: list[str]) -> None:
    with pytest.raises(ClientError, match="Incorrect username or password"):
        people.initiate(USERNAME="alice", PASSWORD=codes[0], RECOVERY_CODE=codes[0])
    assert left(people) == 10


def test_of_parallel_uses_of_a_code_one_leads_in(people: Guarded, codes: list[str]) -> None:
    sessions = [people.challenged()["Session"] for _ in range(16)]

    def outcome(session: str) -> str:
        try:
            recover(people, session, codes[0])
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "in"

    with ThreadPoolExecutor(16) as pool:
        counted = Counter(pool.map(outcome, sessions))
    assert counted == {"in": 1, "CodeMismatchException": 15}
    assert left(people) == 9


def test_a_pool_that_takes_none_makes_none_and_takes_no_earlier_ones(people: Guarded, codes: list[str]) -> None:
    people.option(recovery_codes="false")
    assert refusal(enter, people, codes[0]).name == "NotAuthorized"
    with pytest.raises(errors.InvalidParameter):
        make(people)
    assert left(people) == 10


def test_codes_outlive_the_master_key(people: Guarded, codes: list[str]) -> None:
    house, newer = people.house, bytes(31) + b"\1"
    both = KeyRing([newer, bytes(32)], house.entropy.bytes)
    rotated = World(house.database, keys=both)
    try:
        assert lasting_keys.reseal(rotated.call(), lasting_keys.RECOVERY_CODES)
    finally:
        rotated.close()
    with house.database.read() as tx:
        alone = KeyRing([newer], house.entropy.bytes)
        assert lasting_keys.find(alone, tx, lasting_keys.RECOVERY_CODES) == lasting_keys.find(
            both, tx, lasting_keys.RECOVERY_CODES
        )


def test_nothing_of_a_code_is_stored(people: Guarded, codes: list[str]) -> None:
    with people.house.database.read() as tx:
        rows = tx.rows("SELECT digest FROM recovery_codes WHERE pool_id = :pool_id", pool_id=people.pool_id)
    known = {form for code in codes for form in (code.encode(), code.replace("-", "").encode())}
    assert len(rows) == 10
    assert all(len(row[0]) == 32 and bytes(row[0]) not in known for row in rows)


def test_codes_go_with_their_user(people: Guarded, codes: list[str]) -> None:
    people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")
    with people.house.database.read() as tx:
        assert tx.rows("SELECT 1 FROM recovery_codes") == []
    with pytest.raises(errors.UserNotFound):
        make(people)
