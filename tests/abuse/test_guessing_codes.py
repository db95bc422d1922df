"""Two hundred guesses at once, at everything that can be guessed in a sign-in: few are judged, and none lets in."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.abuse.stages import Everything, Stage, reach
from tests.remembered import outcome
from tests.sign_ins import refusal
from tests.world import World

GUESSES = 200
WRONG = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
TOO_MANY = ("TooManyRequests", "Attempt limit exceeded, please try after some time.")
# As many sign-ins as messages allow in an hour, or as it takes to ask two hundred times.
ASKED = [
    # what is asked, the member guessed, sign-ins under way, judged in an hour
    ("an e-mail code", "EMAIL_OTP_CODE", 20, 60),
    ("an SMS code", "SMS_OTP_CODE", 20, 60),
    ("a magic link", "EMAIL_OTP_CODE", 20, 60),
    ("a second SMS code", "SMS_MFA_CODE", 20, 60),
    ("a second e-mail code", "EMAIL_OTP_CODE", 20, 60),
    ("an authenticator", "SOFTWARE_TOKEN_MFA_CODE", 67, 30),
    ("a recovery code", "RECOVERY_CODE", 67, 30),
]


@pytest.fixture
def people(house: World) -> Everything:
    # Who waits for others' tries must not move the time in which a lock holds.
    house.clock.sleep = lambda seconds: None  # type: ignore[method-assign, misc, assignment]
    return Everything(house)


def at_once(people: Everything, stages: Iterable[Stage], **guess: str) -> Counter[str]:
    """What becomes of two hundred guesses, spread over sign-ins under way: "in", or the sentence of a refusal."""
    begun = list(stages)

    def answer(number: int) -> str:
        try:
            people.give(begun[number % len(begun)], **guess)
        except ClientError as error:
            return str(error.response["Error"]["Message"])
        return "in"

    with ThreadPoolExecutor(16) as threads:
        return Counter(threads.map(answer, range(GUESSES)))


def spoilt(code: str) -> str:
    """A guess that is wrong, and of the right form."""
    return code[:-1] + ("1" if code[-1] != "1" else "2")


@pytest.mark.parametrize(("name", "member", "sign_ins", "most"), ASKED)
def test_guesses_at_one_sign_in_are_judged_three_times(
    people: Everything, name: str, member: str, sign_ins: int, most: int
) -> None:
    stage, opened = reach(people, name), people.sessions()
    counted = at_once(people, [stage], **{member: spoilt(stage.answer[member])})

    assert counted["in"] == 0
    assert counted["Invalid session for the user."] == GUESSES - 3
    assert refusal(people.give, stage).name == "NotAuthorized"
    assert people.sessions() == opened


@pytest.mark.parametrize(("name", "member", "sign_ins", "most"), ASKED)
def test_guesses_at_many_sign_ins_are_judged_as_often_as_an_hour_allows(
    people: Everything, name: str, member: str, sign_ins: int, most: int
) -> None:
    stages = [reach(people, name) for _ in range(sign_ins)]
    opened, guess = people.sessions(), spoilt(stages[0].answer[member])
    counted = at_once(people, stages, **{member: guess})

    assert counted["in"] == 0
    judged = sum(times for sentence, times in counted.items() if "code" in sentence.lower())
    assert judged <= most
    assert people.sessions() == opened


def test_the_hour_is_one_for_authenticator_and_recovery_codes_and_then_begins_anew(people: Everything) -> None:
    stages = [reach(people, "an authenticator") for _ in range(11)]
    wrong = {"SOFTWARE_TOKEN_MFA_CODE": people.apps["alice"].wrong()}
    judged = [refusal(people.give, stage, **wrong).name for stage in stages[:10] for _ in range(3)]

    assert judged == ["CodeMismatch"] * 30
    assert refusal(people.give, stages[10]) == TOO_MANY
    assert refusal(people.give, reach(people, "a recovery code")) == TOO_MANY
    people.house.clock.advance(hours=1)
    assert people.give(reach(people, "an authenticator"))["AuthenticationResult"]


def test_guesses_at_a_devices_password_lock_the_account(people: Everything) -> None:
    stages, opened = [reach(people, "a device") for _ in range(40)], people.sessions()
    counted = at_once(people, stages, PASSWORD_CLAIM_SIGNATURE="d3Jvbmc=")

    assert counted["in"] == 0
    assert counted[WRONG] <= 5
    assert counted[LOCKED] >= GUESSES - 45
    assert refusal(people.give, stages[-1]).name == "NotAuthorized"
    assert people.sessions() == opened


@pytest.mark.parametrize("name", ["a passkey", "a second passkey"])
def test_guesses_at_a_signature_end_the_sign_in(people: Everything, name: str) -> None:
    stage, opened = reach(people, name), people.sessions()
    other = reach(people, name) if name == "a passkey" else stage
    assertion = other.answer["CREDENTIAL"].replace('"signature": "', '"signature": "AAAA')
    counted = at_once(people, [stage], CREDENTIAL=assertion)

    assert counted["in"] == 0
    assert outcome(people.give, stage) == "NotAuthorized"
    assert people.sessions() == opened


def test_a_right_password_or_a_new_code_gives_no_try_back(people: Everything) -> None:
    """Not asked for again, not chosen again, not begun again."""
    judged = 0
    for _ in range(30):
        stage = reach(people, "an authenticator")
        wrong = {"SOFTWARE_TOKEN_MFA_CODE": people.apps["alice"].wrong()}
        judged += sum(refusal(people.give, stage, **wrong).name == "CodeMismatch" for _ in range(4))

    assert judged == 30
