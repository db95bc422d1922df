"""Guesses are counted before they are judged: in one counter for each account, on every way in, whatever is raced."""

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.sign_ins import People, refusal
from tests.tokens import access_token
from tests.world import PASSWORD, World

LOCKED = ("NotAuthorized", "Password attempts exceeded")
WRONG = ("NotAuthorized", "Incorrect username or password.")
GUESS = "Wr0ng-password!"


@pytest.fixture
def people(house: World) -> People:
    # Who waits for others' tries must not move the time in which a lock holds.
    house.clock.sleep = lambda seconds: None  # type: ignore[method-assign, misc, assignment]
    pool = {
        "AliasAttributes": ["email"],
        "AutoVerifiedAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": False},
    }
    people = People(house, pool=pool, PreventUserExistenceErrors="ENABLED")
    people.alice(email="alice@example.com", email_verified="true")
    return people


def secret_block(people: People, username: str = "alice") -> dict[str, str]:
    begun = people.initiate("USER_SRP_AUTH", USERNAME=username, SRP_A="7" * 700)["ChallengeParameters"]
    return {
        "USERNAME": begun["USERNAME"],
        "PASSWORD_CLAIM_SECRET_BLOCK": begun["SECRET_BLOCK"],
        "TIMESTAMP": "Tue Nov 24 06:42:00 UTC 2026",
    }


def guess(people: People, way: int, block: dict[str, str], token: str) -> str:
    """One wrong guess by one of the ways that exist; the sentence that answers it."""
    try:
        match way % 4:
            case 0:
                people.initiate(USERNAME="Alice@Example.com", PASSWORD=GUESS)
            case 1:
                people.admin_initiate(USERNAME="ALICE", PASSWORD=GUESS)
            case 2:
                people.respond("PASSWORD_VERIFIER", PASSWORD_CLAIM_SIGNATURE="d3Jvbmc=", **block)
            case _:
                people.house.idp_unsigned.change_password(
                    AccessToken=token, PreviousPassword=GUESS, ProposedPassword="New-Passw0rd!"
                )
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return "let in"


def failures(people: People) -> int:
    with people.house.database.read() as tx:
        row = tx.row(
            "SELECT failures FROM lockouts WHERE pool_id = :pool_id AND subject = :sub",
            pool_id=people.pool_id,
            sub=people.sub(),
        )
    return 0 if row is None else int(row[0])


def test_parallel_guesses_by_every_way_in_share_one_counter(people: People) -> None:
    token = access_token(people.house, people.pool_id, people.client_id, "alice")
    blocks = [secret_block(people) for _ in range(60)]
    with ThreadPoolExecutor(20) as workers:
        answers = list(workers.map(lambda n: guess(people, n, blocks[n], token), range(60)))

    assert "let in" not in answers
    assert failures(people) == 5
    assert refusal(people.sign_in) == LOCKED


def test_one_secret_block_answered_again_and_again_is_judged_no_oftener_than_the_lock_allows(people: People) -> None:
    block = secret_block(people)
    for _ in range(5):
        refusal(people.respond, "PASSWORD_VERIFIER", PASSWORD_CLAIM_SIGNATURE="d3Jvbmc=", **block)

    assert failures(people) == 5
    assert refusal(people.sign_in) == LOCKED


def test_one_secret_block_raced_gives_no_more_guesses_than_the_lock_allows(people: People) -> None:
    block = secret_block(people)
    with ThreadPoolExecutor(16) as workers:
        answers = list(workers.map(lambda _: guess(people, 2, block, ""), range(48)))

    assert answers.count("Incorrect username or password.") <= 1
    assert failures(people) == 5


def test_a_signature_that_was_right_once_does_not_sign_in_again(people: People) -> None:
    srp = people.srp()
    challenge = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    responses = srp.process_challenge(challenge["ChallengeParameters"], srp.get_auth_params())
    assert people.respond("PASSWORD_VERIFIER", **responses)["AuthenticationResult"]

    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == (
        "NotAuthorized",
        "Invalid session for the user, session can only be used once.",
    )
    assert people.sessions() == 1


@pytest.mark.slow
def test_a_day_of_patient_guessing_stays_below_one_hundred_and_fifty_tries(people: People) -> None:
    judged = 0
    for _ in range(24 * 60):
        judged += refusal(people.sign_in, password=GUESS) == WRONG
        people.house.clock.advance(minutes=1)

    # Five free ones, ten under doubling locks, then one each quarter of an hour.
    assert judged <= 5 + 10 + 24 * 4


@pytest.mark.parametrize("spelling", ["ALICE", "aLiCe", "ａｌｉｃｅ", "alice@example.com", "ALICE@EXAMPLE.COM", "sub"])
def test_every_spelling_of_an_account_counts_on_it(people: People, spelling: str) -> None:
    name = people.sub() if spelling == "sub" else spelling
    for _ in range(5):
        assert refusal(people.sign_in, name, GUESS) == WRONG

    assert refusal(people.sign_in) == LOCKED


@pytest.mark.parametrize("name", ["alice ", "alice.", "alice\u200b", "\u202ealice", "alice\0", "alice\n"])
def test_a_name_with_something_added_is_not_the_account(people: People, name: str) -> None:
    for _ in range(6):
        refusal(people.sign_in, name, PASSWORD)

    assert people.sign_in()


def test_a_lock_outlives_the_process_that_made_it(people: People) -> None:
    for _ in range(5):
        refusal(people.sign_in, password=GUESS)
    restarted = World(people.house.database)
    restarted.clock = restarted.lido.clock = people.house.clock
    try:
        parameters = {"USERNAME": "alice", "PASSWORD": PASSWORD}
        answer = refusal(
            restarted.idp_unsigned.initiate_auth,
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=people.client_id,
            AuthParameters=parameters,
        )
    finally:
        restarted.close()
    assert answer == LOCKED


def test_the_right_password_of_a_first_step_does_not_forget_the_failures(house: World) -> None:
    people = People(house)
    house.user(people.pool_id, "alice", confirmed=False)  # a new password is asked for before tokens are given
    for _ in range(4):
        refusal(people.sign_in, password=GUESS)
    assert people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    assert refusal(people.sign_in, password=GUESS) == WRONG
    assert refusal(people.sign_in) == LOCKED


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_reset_codes_are_tried_fifteen_times_an_hour_however_many_try_at_once(people: People, username: str) -> None:
    unsigned = people.house.idp_unsigned
    unsigned.forgot_password(ClientId=people.client_id, Username=username)

    def attempt(number: int) -> str:
        try:
            unsigned.confirm_forgot_password(
                ClientId=people.client_id,
                Username=username,
                ConfirmationCode=f"{number:06}",
                Password="New-Passw0rd!",
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "right"

    with ThreadPoolExecutor(10) as workers:
        answers = list(workers.map(attempt, range(40)))
    unsigned.forgot_password(ClientId=people.client_id, Username=username)  # a new code gives no new tries

    assert answers.count("CodeMismatchException") + answers.count("right") == 15
    assert attempt(41) == "LimitExceededException"


def test_a_lock_of_one_account_is_not_a_lock_of_another(people: People) -> None:
    people.house.user(people.pool_id, "bob")
    for _ in range(6):
        refusal(people.sign_in, "bob", GUESS)

    assert people.sign_in()


def test_a_secret_hash_fits_only_byte_for_byte(house: World) -> None:
    people = People(house, GenerateSecret=True)
    people.alice()

    def hashed(username: str, client_id: str, secret: str) -> str:
        mac = hmac.new(secret.encode(), (username + client_id).encode(), hashlib.sha256)
        return base64.b64encode(mac.digest()).decode()

    right = hashed("alice", people.client_id, people.app["ClientSecret"])
    changed: list[Any] = [right[:-1], right + "=", right.swapcase(), right.rstrip("="), "", right + "\0", "é" * 44]
    changed += [hashed("bob", people.client_id, people.app["ClientSecret"]), hashed("alice", people.client_id, "guess")]
    for wrong in changed:
        assert refusal(people.initiate, USERNAME="alice", PASSWORD=PASSWORD, SECRET_HASH=wrong).name in (
            "NotAuthorized",
            "InvalidParameter",
            "Serialization",
        )
    assert people.initiate(USERNAME="alice", PASSWORD=PASSWORD, SECRET_HASH=right)["AuthenticationResult"]
