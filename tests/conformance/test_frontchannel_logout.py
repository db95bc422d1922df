"""The plan of front-channel logout: apps are told through the browser that a session is over."""

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.conformance.plans import module

from lido.flows import pool_options

PLANS = ["oidcc-frontchannel-rp-initiated-logout-certification-test-plan"]

GOODBYE = "https://rp.example.com/goodbye"


@pytest.fixture
def rp(app):
    return app(LogoutURLs=[GOODBYE])


@module("oidcc-frontchannel-logout-discovery-endpoint-verification")
def test_the_metadata_says_that_apps_are_told_through_the_browser(rp):
    assert rp.metadata["frontchannel_logout_supported"] is True
    assert rp.metadata["frontchannel_logout_session_supported"] is True


@module("oidcc-frontchannel-rp-initiated-logout")
def test_a_sign_out_loads_the_address_of_the_app_and_brings_the_browser_back(rp, house):
    uri = "https://rp.example.com/front?x=1"
    told = {"frontchannel_logout_uri": uri, "frontchannel_logout_session_required": "true"}
    pool_options.set_for_client(house.call(), rp.client_id, told)
    _, tokens = rp.sign_in()

    shown = rp.sign_out(id_token_hint=tokens.id, post_logout_redirect_uri=GOODBYE, state="s")

    [frame] = [given["src"] for tag, given in shown.page.tags if tag == "iframe"]
    assert frame.startswith(uri)
    assert parse_qs(urlsplit(frame).query) == {"x": ["1"], "iss": [rp.issuer], "sid": [tokens.identity["sid"]]}
    assert "frame-src https://rp.example.com" in shown.headers["content-security-policy"]
    assert shown.page.links["Continue"] == f"{GOODBYE}?state=s"
    assert not rp.is_signed_in()
