"""Codes: form, rules, masks."""

import hashlib
from collections import Counter

import pytest

from lido.rules.codes import RULES, Purpose, code_digits, mask_email, mask_phone


def test_a_code_has_its_digits_and_keeps_leading_zeros() -> None:
    assert code_digits(bytes(16)) == "000000"
    assert code_digits(bytes(15) + b"\x2a", 8) == "00000042"
    assert code_digits((10**6 + 7).to_bytes(16, "big")) == "000007"
    assert len(code_digits(b"\xff" * 16)) == 6


def test_too_little_chance_is_refused() -> None:
    with pytest.raises(ValueError):
        code_digits(bytes(15))


def test_all_digits_are_equally_likely_at_every_place() -> None:
    made = [code_digits(hashlib.sha256(bytes([n >> 8, n & 255])).digest()[:16]) for n in range(10_000)]
    for place in range(6):
        counted = Counter(code[place] for code in made)
        assert len(counted) == 10
        assert all(850 < times < 1150 for times in counted.values())


def test_every_purpose_has_a_rule_with_bounded_tries() -> None:
    assert set(RULES) == set(Purpose)
    assert all(0 < rule.tried_per_hour <= 60 for rule in RULES.values())


def test_what_cognito_documents() -> None:
    assert RULES[Purpose.SIGN_UP] == (6, 24 * 3600, 5, 15)
    assert RULES[Purpose.ATTRIBUTE] == (6, 24 * 3600, 5, 15)
    reset = RULES[Purpose.RESET]
    assert reset.lifetime_seconds == 3600
    assert (reset.asked_per_hour or 0) + reset.tried_per_hour <= 20
    assert RULES[Purpose.CHANGE].tried_per_hour == 5


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("felix@example.com", "f***@e***"),
        ("a@b", "a***@b***"),
        ('"x@y"@host.org', '"***@h***'),
        ("", "***@***"),
        ("nonsense", "***@n***"),
    ],
)
def test_an_address_shows_two_letters(address: str, masked: str) -> None:
    assert mask_email(address) == masked


def test_a_number_shows_four_digits() -> None:
    assert mask_phone("+12065559934") == "+*******9934"
    assert mask_phone("+4915112349934") == "+*******9934"
