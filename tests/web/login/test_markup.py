"""Nobody writes on the pages: whatever users, apps and links say is text there."""

import json
from urllib.parse import quote

import pytest
from tests.authenticators import Guarded
from tests.pages import OAUTH, Browser, Page, oauth_app
from tests.world import PASSWORD

from lido.web.login import layout
from lido.web.login.layout import Frame
from lido.web.login.troubles import Trouble

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</title><script>alert(1)</script>",
    "</textarea><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "${7*7}#{7*7}",
    "{frame.csrf.__class__}",
    "&#60;script&#62;",
    "<!--",
    "]]>",
    "\u2028\u2029\u202e",
    "%3Cscript%3E",
]


def harmless(browser, evil):
    """Nothing of it became markup."""
    page = browser.page
    scripts = [given.get("src") for tag, given in page.tags if tag == "script"]
    handlers = [name for _, given in page.tags for name in given if name.startswith("on")]
    targets = [given.get(name) or "" for _, given in page.tags for name in ("href", "src", "action", "formaction")]
    strange = {tag for tag, _ in page.tags} & {"img", "iframe", "object", "embed", "base"}
    assert all(source and "/static/" in source for source in scripts)
    assert handlers == []
    assert strange == set()
    assert not any(target.lower().startswith(("javascript:", "data:", "//", "http")) for target in targets)
    assert "49" not in browser.words
    return page


@pytest.mark.parametrize("evil", EVIL)
def test_login_hint_state_and_whatever_else_a_query_says(house, evil):
    pool = house.pool()
    house.user(pool)
    client = oauth_app(house, pool)["ClientId"]
    for path in ("login", "signup", "forgotPassword", "confirm", "link"):
        browser = Browser(house, pool, client, login_hint=evil, state=evil, nonce=evil, lang=evil, link_code=evil)
        harmless(browser.open(path), evil)
    page = Browser(house, pool, client, login_hint=evil, state=evil).open("login").page
    assert page.forms[0].fields["username"] == evil
    browser = Browser(house, pool, client, state=evil).sign_in("alice", PASSWORD)
    assert browser.given["state"] == evil


@pytest.mark.parametrize("evil", EVIL)
def test_the_error_page_repeats_nothing(house, evil):
    pool = house.pool()
    browser = Browser(house, pool, "c").open("error", f"error={quote(evil)}&client_id={quote(evil)}&{quote(evil)}=1")

    assert browser.status == 400
    harmless(browser, evil)
    assert browser.words.count("An error was encountered with the requested page.") == 1
    assert browser.markup == Browser(house, pool, "c").open("error", "").markup


@pytest.mark.parametrize("evil", EVIL)
def test_what_is_typed_comes_back_as_text(house, evil):
    pool = house.pool(AutoVerifiedAttributes=["email"])
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"])
    harmless(browser.open("login").submit(username=evil, password=evil), evil)
    harmless(
        browser.open("signup").submit(**{"username": evil, "password": evil, "requiredAttributes[email]": evil}), evil
    )
    harmless(browser.open("forgotPassword").submit(username=evil), evil)
    harmless(browser.open("confirm").submit(username=evil, code=evil), evil)
    harmless(browser.open("confirmForgotPassword").submit(username=evil, code=evil, password=evil), evil)
    token = browser.cookies["XSRF-TOKEN"]
    fields = {"_csrf": token, "username": "a", "destination": evil, "deliveryMedium": evil, "code": "1"}
    harmless(browser.post(f"{browser.base}/confirm?{browser.query}", fields), evil)
    harmless(browser.post(f"{browser.base}/confirmForgotPassword?{browser.query}", {**fields, "password": "x"}), evil)


@pytest.mark.parametrize("evil", [evil for evil in EVIL if "\u2028" not in evil])
def test_names_of_apps_pools_and_devices(house, evil):
    people = Guarded(house, "ON")
    people.alice()
    app = house.idp.create_user_pool_client(UserPoolId=people.pool_id, ClientName="app", **OAUTH)["UserPoolClient"][
        "ClientId"
    ]
    rename(house, people.pool_id, app, evil)
    browser = Browser(house, people.pool_id, app).sign_in("alice", PASSWORD)
    assert browser.title == "Set up an authenticator app"
    page = harmless(browser, evil)
    assert f"to continue to {evil}" in page.text
    browser.submit(code="000000", name=evil)
    harmless(browser, evil)


def rename(house, pool, client, name):
    """Names that no operation lets in: what is stored is escaped whatever let it in."""
    with house.database.write() as tx:
        tx.run(
            "UPDATE clients SET name = :name, version = version + 1 WHERE pool_id = :pool AND client_id = :client",
            name=name,
            pool=pool,
            client=client,
        )


@pytest.mark.parametrize("page", layout.Page.__subclasses__(), ids=lambda page: page.__name__)
def test_every_text_of_every_page_is_escaped(page):
    from msgspec import structs

    evil = '<i>"x"</i>'
    sample = page.sample()
    texts = {name: evil for name, value in structs.asdict(sample).items() if isinstance(value, str)}
    keys = {"notice", "kind", "way", "called", "picture"}
    spoilt = structs.replace(sample, **{name: value for name, value in texts.items() if name not in keys})
    frame = Frame(path="/pool", query=evil, csrf=evil, app=evil, language=evil)
    markup = layout.markup(frame, spoilt.with_trouble(Trouble(evil)))

    assert "<i>" not in markup
    assert Page(markup).tags
    assert json.dumps(evil)[1:-1] not in markup
