import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido.rules import messages


def test_the_default_texts_are_cognitos():
    assert messages.email_body(messages.VERIFICATION.body, {"####": "123456"}) == "Your verification code is 123456. "
    assert messages.subject(messages.VERIFICATION.subject, {}) == "Your verification code"
    assert messages.sms(messages.MFA_SMS, {"####": "123456"}) == "Your authentication code is 123456. "
    assert messages.email_body(messages.INVITATION.body, {"####": "Pw1!", "username": "ann"}) == (
        "Your username is ann and temporary password is Pw1!. "
    )


def test_a_value_is_never_read_as_a_template():
    values = {"####": "123456", "username": "{####}{username}%s{{7*7}}${x}"}
    assert messages.sms("{username} {####}", values) == "{####}{username}%s{{7*7}}${x} 123456"


def test_markup_in_a_value_is_text():
    body = messages.email_body("<b>{username}</b>", {"username": '<a href="x">'})
    assert body == "<b>&lt;a href=&quot;x&quot;&gt;</b>"


def test_a_link_takes_the_words_between_the_signs():
    body = messages.email_body("Go: {##Verify Email##}", {}, link="https://a.example/?a=1&b=2")
    assert body == 'Go: <a href="https://a.example/?a=1&amp;b=2">Verify Email</a>'


def test_unknown_placeholders_and_missing_links_stay():
    assert (
        messages.email_body("{city} {####} {##Go##} {name.__class__}", {}) == "{city} {####} {##Go##} {name.__class__}"
    )


@given(st.text(), st.text())
def test_a_subject_cannot_begin_a_header(template, username):
    line = messages.subject(template + "{username}", {"username": username})
    assert len(line) <= 140
    assert len(line.splitlines()) <= 1
    assert all(letter.isprintable() or ord(letter) > 159 for letter in line)


def test_a_line_feed_in_a_subject_becomes_a_space():
    assert messages.subject("Hello {username}", {"username": "a\r\nBcc: b@c.co"}) == "Hello a Bcc: b@c.co"


def test_a_body_keeps_its_lines_and_loses_control_characters():
    assert messages.email_body("a\r\n\x00b\x1b", {}) == "a\r\nb"


@pytest.mark.parametrize("template", ["{" * 20_000, "{##" * 6_000, "{##a" * 5_000, "{a" * 9_000])
def test_a_hostile_template_costs_no_more_than_its_length(template):
    assert messages.email_body(template, {"a": "b"}) == template


def test_what_a_template_has_room_for():
    assert messages.has_code("is {####}")
    assert not messages.has_code("is ####")
    assert messages.has_link("{##Click##}")
    assert not messages.has_link("{####}")
