import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido import errors
from lido.rules.filters import Filter, parse


@pytest.mark.parametrize(
    "text, expected",
    [
        ('email = "a@b.co"', Filter("email", "=", "a@b.co")),
        ('given_name ^= "Al"', Filter("given_name", "^=", "Al")),
        ('cognito:user_status="CONFIRMED"', Filter("cognito:user_status", "=", "CONFIRMED")),
        (r'name = "Al \"the\" Pal"', Filter("name", "=", 'Al "the" Pal')),
        (r'name = "back\\slash\n"', Filter("name", "=", "back\\slash\\n")),
        (' sub\t=\n"" ', Filter("sub", "=", "")),
        ("", None),
    ],
)
def test_a_filter_is_read(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "email",
        "email = a",
        'email = "a',
        'email = "a" and name = "b"',
        'email != "a"',
        'email ^ = "a"',
        'email == "a"',
        '= "a"',
        "email = 'a'",
        'email = "a""',
        'email = "a\\"',
        'email = "\0"',
        'email = "\ud800"',
        'email = "' + "a" * 250 + '"',
    ],
)
def test_what_is_no_filter_is_refused(text):
    with pytest.raises(errors.InvalidParameter) as refusal:
        parse(text)
    assert refusal.value.message == "Error while parsing filter"


@pytest.mark.parametrize("name", ["custom:tier", "address", "Email", "enabled"])
def test_only_indexed_attributes_are_searched(name):
    with pytest.raises(errors.InvalidParameter) as refusal:
        parse(f'{name} = "a"')
    assert refusal.value.message == f"Invalid search attribute: {name}"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100))
def test_any_value_comes_back_as_it_was_quoted(value):
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'name = "{escaped}"') == Filter("name", "=", value)
