"""Front-channel logout: what a browser loads on its way out, and where it goes on to."""

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.oauth import GOODBYE, App
from tests.pages import Browser
from tests.sign_ins import claims
from tests.world import PASSWORD

from lido.flows import pool_options


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    made = App(house, pool_id)
    tell(made, "https://app.example.com/gone?x=1", frontchannel_logout_session_required="true")
    return made


def tell(app, address, **options):
    pool_options.set_for_client(app.house.call(), app.client_id, {"frontchannel_logout_uri": address, **options})


def signed_in(app):
    browser = Browser(app.house, app.pool_id, app.client_id).sign_in("alice", PASSWORD)
    return browser, claims(app.redeem(browser.given["code"])[1]["id_token"])


def logout(app, browser):
    browser.query = f"client_id={app.client_id}&logout_uri=https%3A%2F%2Fapp.example.com%2Fgoodbye%3Flang%3Den"
    return browser.open("logout")


def frames(browser):
    return [given["src"] for tag, given in browser.page.tags if tag == "iframe"]


def test_the_page_loads_the_apps_that_the_session_came_to_and_goes_on(app):
    other, stranger = App(app.house, app.pool_id), App(app.house, app.pool_id)
    tell(other, "https://other.example.com:8443/bye")
    tell(stranger, "https://stranger.example.com/bye")
    browser, identity = signed_in(app)
    other.redeem(other.code(browser.cookies["cognito"]))

    logout(app, browser)

    first, second = sorted(frames(browser))
    assert second == "https://other.example.com:8443/bye"
    assert urlsplit(first)._replace(query="").geturl() == "https://app.example.com/gone"
    assert parse_qs(urlsplit(first).query) == {"x": ["1"], "iss": [identity["iss"]], "sid": [identity["sid"]]}
    policy = browser.headers["content-security-policy"]
    assert policy.endswith("; frame-src https://app.example.com https://other.example.com:8443")
    assert browser.page.links["Continue"] == GOODBYE
    assert browser.headers["refresh"] == f"3;url={GOODBYE}"
    assert "cognito" not in browser.cookies


def test_apps_that_never_saw_the_session_leave_the_way_as_it_was(app):
    other = App(app.house, app.pool_id)
    browser = Browser(app.house, app.pool_id, other.client_id).sign_in("alice", PASSWORD)
    other.redeem(browser.given["code"])

    assert logout(other, browser).left == GOODBYE


def test_without_an_address_the_way_ends_at_the_page_that_says_so(app):
    browser, _ = signed_in(app)
    browser.query = "state=x"

    browser.open("logout").submit()

    assert len(frames(browser)) == 1
    assert browser.follow("Continue").title == "You are signed out"
