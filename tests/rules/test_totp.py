"""TOTP against RFC 6238 appendix B, and what a step is worth."""

from base64 import b32decode

import pytest

from lido.rules import totp

SEED = b"12345678901234567890"
RFC_6238 = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
]
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("seconds", "eight_digits"), RFC_6238)
def test_codes_are_the_last_six_digits_of_the_rfc_s_eight(seconds: int, eight_digits: str) -> None:
    assert totp.code_at(SEED, totp.step_at(seconds * 1000)) == eight_digits[2:]


def test_codes_are_those_of_counters() -> None:
    assert [totp.code_at(SEED, step) for step in range(10)] == RFC_4226


def test_a_code_is_good_for_its_step_and_one_on_each_side() -> None:
    now = 1_790_000_010_000
    step = totp.step_at(now)
    found = [totp.matching_step(SEED, totp.code_at(SEED, step + drift), now) for drift in (-2, -1, 0, 1, 2)]
    assert found == [None, step - 1, step, step + 1, None]


def test_a_step_ends_on_the_millisecond() -> None:
    step = totp.step_at(1_790_000_010_000)
    begins_at, ends_at = (step - 1) * totp.STEP_MS, (step + 2) * totp.STEP_MS
    code = totp.code_at(SEED, step)
    assert totp.matching_step(SEED, code, begins_at - 1) is None
    assert totp.matching_step(SEED, code, begins_at) == step
    assert totp.matching_step(SEED, code, ends_at - 1) == step
    assert totp.matching_step(SEED, code, ends_at) is None


@pytest.mark.parametrize("code", ["", "28708", "94287082", "28708²", "\uff12" * 6, " 287082", "287082 ", "\ud800" * 6])
def test_what_is_not_six_digits_matches_nothing(code: str) -> None:
    assert totp.matching_step(SEED, "287082", 59_000) == 1
    assert totp.matching_step(SEED, code, 59_000) is None


def test_the_secret_code_is_52_letters_of_base32() -> None:
    code = totp.secret_code(bytes(range(totp.SEED_BYTES)))
    assert len(code) == 52
    assert b32decode(code + "====") == bytes(range(32))
