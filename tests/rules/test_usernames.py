import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido import errors
from lido.records import Folding, HandleKind
from lido.rules import usernames
from lido.rules.usernames import check_username, cut_key, name_key, prefix_end

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@pytest.mark.parametrize(
    "one, other", [("Alice", "aLICE"), ("Straße", "STRASSE"), ("ﬁn", "FIN"), ("é", "E\u0301"), ("\uff41b", "AB")]
)
def test_spellings_of_one_name_share_a_key_where_case_does_not_count(one, other):
    assert name_key(one, Folding.INSENSITIVE) == name_key(other, Folding.INSENSITIVE)


def test_where_case_counts_only_the_composition_is_folded():
    assert name_key("é", Folding.SENSITIVE) == name_key("e\u0301", Folding.SENSITIVE)
    assert name_key("Alice", Folding.SENSITIVE) != name_key("alice", Folding.SENSITIVE)
    assert name_key("ﬁn", Folding.SENSITIVE) != name_key("fin", Folding.SENSITIVE)


@pytest.mark.parametrize(
    "letter", ["\0", "\n", "\x7f", "\u202e", "\u200b", "\u2066", "\ud800", "\ue000", "\u0378", "\u2028", " ", "\u00a0"]
)
@pytest.mark.parametrize("folding", [Folding.INSENSITIVE, Folding.SENSITIVE])
def test_invisible_and_unstable_letters_are_refused(letter, folding):
    with pytest.raises(errors.InvalidParameter):
        name_key(f"al{letter}ice", folding)


def test_an_empty_or_endless_name_is_refused():
    for name in ("", "a" * 2049):
        with pytest.raises(errors.InvalidParameter):
            name_key(name, Folding.INSENSITIVE)


@pytest.mark.parametrize("value", ["a@b.co", "first.last+tag@example.com", "o'neil@x-y.example", "A@localhost"])
def test_an_address_is_an_address(value):
    usernames.check_email(value)
    assert usernames.looks_like_email(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "@b.co",
        "a@",
        "a@b@c.co",
        "a@b.co\n",
        "a@b.co\r\nbcc: c@d.co",
        "a@b.co,c@d.co",
        "a@b.co;c@d.co",
        "a@b.co c@d.co",
        "<a@b.co>",
        '"a b"@c.co',
        '"a"@c.co',
        "a\uff20b.co",
        "a@b\uff0eco",
        "a\u202e@b.co",
        "a\0@b.co",
        "ä@b.co",
        "a@bücher.example",
        "a@[127.0.0.1]",
        "a..b@c.co",
        ".a@b.co",
        "a.@b.co",
        "a@-b.co",
        "a@b-.co",
        "a@b..co",
        "a@b.co.",
        "a(comment)@b.co",
        "a" * 65 + "@b.co",
        "a@" + "b" * 64 + ".co",
        "a@" + "b.co" * 99,
    ],
)
def test_what_could_mean_two_recipients_or_none_is_refused(value):
    with pytest.raises(errors.InvalidParameter) as refusal:
        usernames.check_email(value)
    assert refusal.value.message == "Invalid email address format."


@pytest.mark.parametrize("value", ["+15551234567", "+4930123456"])
def test_a_phone_number_is_one(value):
    usernames.check_phone(value)
    assert usernames.looks_like_phone(value)


@pytest.mark.parametrize(
    "value", ["15551234567", "+", "+0123456", "+1 555", "+1-555", "+1555\n", "+\uff11555", "+1234567890123456", "+1,+2"]
)
def test_what_is_no_e164_number_is_refused(value):
    with pytest.raises(errors.InvalidParameter) as refusal:
        usernames.check_phone(value)
    assert refusal.value.message == "Invalid phone number format."


@given(st.emails())
def test_no_accepted_address_passes_for_a_username_where_email_is_an_alias(value):
    try:
        usernames.check_email(value)
    except errors.InvalidParameter:
        return
    with pytest.raises(errors.InvalidParameter):
        check_username(value, alias_attributes=["email"], username_attributes=[])


@pytest.mark.parametrize(
    "name, alias, attributes, sentence",
    [
        (
            "a@b.co",
            ["email"],
            [],
            "Username cannot be of email format, since user pool is configured for email alias.",
        ),
        (
            "a\uff20b.co",
            ["email"],
            [],
            "Username cannot be of email format, since user pool is configured for email alias.",
        ),
        (
            "+15551234567",
            ["phone_number"],
            [],
            "Username cannot be of phone number format, since user pool is configured for phone number alias.",
        ),
        ("alice", [], ["email"], "Username should be an email."),
        ("+15551234567", [], ["email"], "Username should be an email."),
        ("a@b.co", [], ["phone_number"], "Username should be a phone number."),
        ("alice", [], ["email", "phone_number"], "Username should be either an email or a phone number."),
    ],
)
def test_a_name_of_the_wrong_form_is_refused_in_cognitos_words(name, alias, attributes, sentence):
    with pytest.raises(errors.InvalidParameter) as refusal:
        check_username(name, alias_attributes=alias, username_attributes=attributes)
    assert refusal.value.message == sentence


def test_a_name_is_the_handle_that_the_pool_makes_of_it():
    both = ["email", "phone_number"]
    assert check_username("alice", alias_attributes=both, username_attributes=[]) is HandleKind.USERNAME
    assert check_username("a@b.co", alias_attributes=[], username_attributes=[]) is HandleKind.USERNAME
    assert check_username("a@b.co", alias_attributes=[], username_attributes=both) is HandleKind.EMAIL
    assert check_username("+15551234567", alias_attributes=[], username_attributes=both) is HandleKind.PHONE_NUMBER


def test_a_search_key_is_folded_and_cut():
    assert cut_key("Ä" * 300, Folding.INSENSITIVE) == "ä" * 256
    assert cut_key("John\tSmith", Folding.INSENSITIVE) == "john\tsmith"


def test_an_email_key_follows_the_pool():
    assert usernames.email_key("A@B.co", Folding.INSENSITIVE) == "a@b.co"
    assert usernames.email_key("A@B.co", Folding.SENSITIVE) == "A@B.co"


@pytest.mark.parametrize(
    "prefix, end",
    [
        ("al", "am"),
        ("a\U0010ffff", "b"),
        ("\ud7ff", "\ue000"),
        ("\U0010ffff", None),
        ("", None),
        ("\uffff", "\U00010000"),
    ],
)
def test_the_end_of_a_prefix_is_the_next_text(prefix, end):
    assert prefix_end(prefix) == end


@given(text.filter(bool), text, text)
def test_exactly_the_texts_with_the_prefix_lie_before_its_end(prefix, tail, other):
    end = prefix_end(prefix)
    for value in (prefix + tail, other):
        inside = prefix.encode() <= value.encode() and (end is None or value.encode() < end.encode())
        assert inside == value.startswith(prefix)
