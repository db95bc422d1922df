"""Every page can be shown, says what sentences.py says, and shows its troubles where they belong."""

import re
from pathlib import Path

import pytest
from msgspec import structs

from lido.web.login import layout, pages, sentences
from lido.web.login.layout import Frame
from lido.web.login.troubles import Trouble

FRAME = Frame(path="/pool", query="client_id=c&state=%22", csrf="token", app="An app", leads_away=True)
PAGES = sorted(layout.Page.__subclasses__(), key=lambda page: page.__name__)
FOLDER = Path(layout.__file__).parent / "templates"
TEMPLATES = sorted(FOLDER.glob("*.html"))


def name(thing):
    return getattr(thing, "__name__", None) or thing.name


def variants(page):
    """The sample, with every flag and every kind turned the other way, and with every trouble."""
    sample = page.sample()
    yield sample
    yield structs.replace(sample, notice="confirm.resent")
    for field in ("", *sample.fields):
        yield sample.with_trouble(Trouble("It is <wrong>.", field))
    for field, value in structs.asdict(sample).items():
        if isinstance(value, bool):
            yield structs.replace(sample, **{field: not value})
        if isinstance(value, str) and value and field in ("username", "destination", "names"):
            yield structs.replace(sample, **{field: ""})
    kinds = {
        pages.Choose: {"kind": ("first", "second", "setup")},
        pages.Code: {"kind": ("email", "sms", "app", "recovery")},
        pages.Confirm: {"way": ("code", "link", "none")},
        pages.SignIn: {"called": ("username", "email", "phone_number", "email_or_phone_number")},
        pages.Forgot: {"called": ("username", "email", "phone_number", "email_or_phone_number")},
        pages.SignUp: {"called": ("username", "email", "phone_number", "email_or_phone_number")},
    }
    for field, values in kinds.get(page, {}).items():
        for value in values:
            yield structs.replace(sample, **{field: value})


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_page_can_be_shown_in_every_state(page):
    for variant in variants(page):
        markup = layout.markup(FRAME, variant)

        assert sentences.say(variant.title) in markup.replace("&#39;", "'")
        assert markup.count("<h1>") == 1
        assert 'lang="en"' in markup


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_went_wrong_is_said_once_where_it_belongs(page):
    for field in ("", "a field that is not there", *page.sample().fields):
        markup = layout.markup(FRAME, page.sample().with_trouble(Trouble("It is <wrong>.", field)))

        assert markup.count("It is &lt;wrong&gt;.") == 1
        assert ('role="alert">It is' in markup) == (field not in page.sample().fields)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_form_that_changes_something_carries_the_token(page):
    for variant in variants(page):
        markup = layout.markup(FRAME, variant)

        forms = re.findall(r"<form.*?</form>", markup, re.DOTALL)
        assert all('name="_csrf" value="token"' in form or 'name="confirmed"' in form for form in forms)
        assert all(re.search(r'method="post"', form, re.IGNORECASE) for form in forms)


def test_every_template_is_some_page_s():
    assert layout.names() == sorted(page.TEMPLATE for page in PAGES)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_hold_no_prose(path):
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", path.read_text("utf-8"), flags=re.DOTALL)
    shown = re.sub(r"<[^>]*>", "", text, flags=re.DOTALL)
    seen = re.sub(r"<button[^>]*>", "", text)  # the value of a button is for the server
    said = re.findall(r'(?:aria-label|title|placeholder|alt|value)="([^"]*)"', seen)

    assert re.findall(r"[A-Za-z]{2,}", shown) == []
    assert [value for value in said if re.search(r"[A-Za-z]{2,}", value)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_hold_no_style_and_no_script_of_their_own(path):
    text = path.read_text("utf-8")

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://", text)
    assert "| safe" not in text or path.name == "authenticator.html"


def test_every_sentence_is_said_somewhere():
    written = "".join(path.read_text("utf-8") for path in FOLDER.parent.rglob("*") if path.suffix in (".py", ".html"))
    composed = re.compile(
        r"attribute\.|scope\.|username\.|method\.|choose\.\w+\.title|code\.\w+\.title|trouble\.missing"
    )

    unused = [key for key in sentences.SENTENCES if written.count(f'"{key}"') < 2 and not composed.match(key)]

    assert unused == []


def test_every_key_that_is_asked_for_has_a_sentence():
    asked = set()
    for path in FOLDER.parent.rglob("*"):
        if path.suffix in (".py", ".html"):
            asked |= set(re.findall(r'say\("([a-z_.A-Z]+)"[),]', path.read_text("utf-8")))

    assert asked - set(sentences.SENTENCES) == set()
