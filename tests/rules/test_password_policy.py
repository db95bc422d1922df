"""The sentences of the password policy, in Cognito's order."""

import pytest

from lido import errors
from lido.rules import common_passwords
from lido.rules.password_policy import DOES_NOT_CONFORM, Policy, check, has_symbol

FREE = Policy(minimum_length=6, uppercase=False, lowercase=False, digits=False, symbols=False)


def test_a_good_password_passes() -> None:
    check(Policy(), "Passw0rd!")
    check(Policy(), "Aa1!" + "é" * 252)
    check(FREE, "ßßßßßß")


@pytest.mark.parametrize(
    ("password", "tail"),
    [
        ("", "Password not long enough"),
        ("Pw0rd!!", "Password not long enough"),
        ("password", "Password must have uppercase characters"),
        ("ÄÖÜPASSWORD".lower(), "Password must have uppercase characters"),
        ("PASSWORD", "Password must have lowercase characters"),
        ("Password", "Password must have numeric characters"),
        ("Password٣", "Password must have numeric characters"),
        ("Passw0rd", "Password must have symbol characters"),
        (" Passw0rd ", "Password must have symbol characters"),
        ("Passw0rd€", "Password must have symbol characters"),
    ],
)
def test_the_first_violation_has_its_sentence(password: str, tail: str) -> None:
    with pytest.raises(errors.InvalidPassword) as refusal:
        check(Policy(), password)
    assert refusal.value.message == "Password did not conform with policy: " + tail
    with pytest.raises(errors.InvalidPassword) as refusal:
        check(Policy(), password, prefix=DOES_NOT_CONFORM)
    assert refusal.value.message == "Password does not conform to policy: " + tail


@pytest.mark.parametrize("symbol", "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-")
def test_each_of_cognitos_symbols_counts(symbol: str) -> None:
    check(Policy(), "Passw0rd" + symbol)


def test_a_space_counts_only_inside() -> None:
    assert has_symbol("a b")
    assert not has_symbol(" ab")
    assert not has_symbol("ab ")
    assert not has_symbol(" ")


@pytest.mark.parametrize("password", ["Aa1!" * 64 + "x", "Passw0rd!\ud800", "x" * 1_000_000])
def test_text_that_no_password_may_be_is_refused(password: str) -> None:
    with pytest.raises(errors.InvalidParameter):
        check(FREE, password)


def test_length_is_counted_in_characters() -> None:
    check(FREE, "é" * 256)


def test_common_passwords_are_refused_where_asked() -> None:
    check(FREE, "password")
    for common in ("123456", "password", "PassWord", "qwerty"):
        with pytest.raises(errors.InvalidPassword):
            check(FREE, common, refuse_common=True)
    check(FREE, "correct horse battery", refuse_common=True)


def test_words_a_guesser_knows_are_refused_where_given() -> None:
    context = ("Alice.Meyer@example.org", "Acme Shop", "bob")
    for guessable in ("xxaliceXX", "MEYER2024!", "my-acme-pass", "example77", "shopping"):
        with pytest.raises(errors.InvalidPassword):
            check(FREE, guessable, context=context)
    check(FREE, "bob and org are short", context=context)
    check(FREE, "xxaliceXX")


def test_the_list_has_three_thousand_distinct_entries() -> None:
    words = common_passwords._words()
    assert len(words) == 3000
    assert all(len(word) >= 6 and word == word.casefold() for word in words)
    assert not common_passwords.is_common("")
    assert not common_passwords.is_common("# Facts")
