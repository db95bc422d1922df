import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido.records import MessageTemplate
from lido.rules import templates


def words(source="SignUp", medium="EMAIL", language="de", **parts):
    given = {"subject": "Ihr Code", "html": "<p>Code: {####}</p>"} if medium == "EMAIL" else {"text": "Code: {####}"}
    return MessageTemplate(source, medium, language, **{**given, **parts})


GERMAN, SWISS, ENGLISH = words(), words(language="de-ch"), words(language="en")


@pytest.mark.parametrize(
    ("locale", "default", "found"),
    [
        ("de", "", GERMAN),
        ("de-CH", "", SWISS),
        ("de_CH", "", SWISS),
        ("de-AT-1996", "", GERMAN),
        ("DE", "en", GERMAN),
        ("fr-FR", "en", ENGLISH),
        ("fr", "en-GB", ENGLISH),
        ("fr", "", None),
        ("", "en", ENGLISH),
        ("../../en", "", None),
        ("d" * 10_000, "de", GERMAN),
    ],
)
def test_the_words_are_of_the_user_s_language_or_of_the_default_one(locale, default, found):
    assert templates.find([GERMAN, SWISS, ENGLISH], "SignUp", "EMAIL", locale, default) is found


def test_words_for_another_source_or_medium_are_not_taken():
    assert templates.find([GERMAN], "ForgotPassword", "EMAIL", "de", "") is None
    assert templates.find([GERMAN], "SignUp", "SMS", "de", "") is None


@pytest.mark.parametrize(
    "template",
    [
        words(),
        words(html="", text="Code: {####}"),
        words(text="Code: {####}"),
        words(html="Click {##here##}"),
        words("SignInLink", html="Click {##here##}", text="Or open {##this##}"),
        words("AdminCreateUser", subject="Hello {username}", html="{username} {####}"),
        words(medium="SMS"),
    ],
)
def test_words_that_can_be_sent_are_taken(template):
    templates.check(template)


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        (words("Birthday"), "no source"),
        (words(language=""), "A language"),
        (words(language="German"), "A language"),
        (words(subject=""), "subject"),
        (words(subject="x" * 141), "subject"),
        (words(subject="Hello\r\nBcc: eve@evil.example"), "subject of one line"),
        (words(subject="Hello\u2028Bcc"), "subject of one line"),
        (words(subject="{##here##}"), "no place for a link"),
        (words(html=""), "HTML or plain text"),
        (words(html="{####}" + "x" * 20_000), "HTML or plain text"),
        (words(html="<p>nothing</p>"), r"no place for the code, \{####\}"),
        (words(text="nothing at all"), r"no place for the code"),
        (words(html="{##here##}", text="Code: {####}"), "Links are for"),
        (words(html="{##here##} {####}"), "Links are for"),
        (words("ForgotPassword", html="{##here##}"), "Links are for"),
        (words("SignInLink"), "no place for the link"),
        (words("SignInLink", "SMS"), "by e-mail"),
        (words(subject="For {username}"), r"\{username\} is no placeholder"),
        (words(html="{####} {email}"), r"\{email\} is no placeholder"),
        (words(html="{####} {0.__class__}"), "is no placeholder"),
        (words(medium="SMS", text="nothing here"), "no place for the code"),
        (words(medium="SMS", text="{####}" + "x" * 140), "plain text of 6 to 140"),
        (words(medium="SMS", subject="x"), "without a subject"),
    ],
)
def test_words_that_must_not_be_sent_are_refused_with_a_sentence(template, complaint):
    with pytest.raises(ValueError, match=complaint):
        templates.check(template)


def test_html_alone_gets_a_plain_form_with_the_link():
    filled = templates.fill(words(html="<b>Click</b> {##here##}"), {"####": "x"}, "https://a.example/?b=1&c=2")
    assert filled.html == '<b>Click</b> <a href="https://a.example/?b=1&amp;c=2">here</a>'
    assert filled.text == "Click here\nhttps://a.example/?b=1&c=2"


def test_a_plain_form_has_the_link_after_its_words():
    filled = templates.fill(words(html="", text="Open {##this##}."), {"####": "x"}, "https://a.example/")
    assert (filled.text, filled.html) == ("Open this: https://a.example/.", "")


@given(st.text(max_size=50))
def test_values_are_text_in_html_and_begin_no_line_of_a_header(name):
    invitation = words("AdminCreateUser", subject="For {username}", html="<p>{username} {####}</p>")
    filled = templates.fill(invitation, {"####": "Pw1!", "username": name})
    assert len(filled.subject.splitlines()) <= 1
    assert filled.html.count("<") == 2
