"""Codes that a device shows and a person types."""

from collections import Counter

import pytest

from lido.rules import user_codes


def test_a_code_is_eight_letters_that_spell_nothing():
    code = user_codes.make(b"\x07" * 16)

    assert len(code) == 8
    assert set(code) <= set("BCDFGHJKLMNPQRSTVWXZ")
    assert user_codes.shown(code) == f"{code[:4]}-{code[4:]}"


def test_every_letter_is_as_likely():
    made = Counter("".join(user_codes.make(number.to_bytes(16, "big")) for number in range(0, 2**34, 2**24 + 12_345)))

    assert set(made) == set(user_codes.LETTERS)


@pytest.mark.parametrize("text", ["WDJBMJHT", "wdjb-mjht", " WDJB MJHT ", "w d j b.m-j_h t"])
def test_a_code_is_read_however_it_is_typed(text):
    assert user_codes.typed(text) == "WDJBMJHT"


@pytest.mark.parametrize(
    "text", ["", "WDJB", "WDJBMJHTT", "WDJBMJHA", "WDJB-MJH1", "ß" * 4, "\u0131" * 8, "B" * 1_000_000]
)
def test_what_is_no_code_is_none(text):
    assert user_codes.typed(text) is None
