"""The plan of sign-out that an app begins (OpenID Connect RP-Initiated Logout 1.0)."""

from urllib.parse import urlsplit

import pytest
from tests.conformance.plans import module

PLANS = ["oidcc-rp-initiated-logout-certification-test-plan"]

GOODBYE = "https://rp.example.com/goodbye"


@pytest.fixture
def rp(app):
    return app(LogoutURLs=[GOODBYE])


@pytest.fixture
def hint(rp):
    """The ID token of whoever has just signed in."""
    return rp.sign_in()[1].id


def spoiled(token):
    """The same ID token with another signature."""
    head, payload, signature = token.split(".")
    return f"{head}.{payload}.{signature[:10]}{'A' if signature[10] != 'A' else 'B'}{signature[11:]}"


def is_refused(shown):
    return (shown.status, shown.left) == (400, "") and "error" in shown.words


def is_asked(shown):
    return (shown.status, shown.left, "confirmed" in shown.page.inputs) == (200, "", True)


@module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
def test_the_metadata_leads_to_the_end_of_a_session(rp):
    assert rp.metadata["end_session_endpoint"].startswith(f"{rp.issuer}/")
    assert not urlsplit(rp.metadata["end_session_endpoint"]).query


@module("oidcc-rp-initiated-logout")
def test_a_hint_an_address_and_a_state_sign_out_and_lead_back_with_the_state(rp, hint):
    shown = rp.sign_out(id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s-1")

    assert shown.left == f"{GOODBYE}?state=s-1"
    assert not rp.is_signed_in()


@module("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri")
def test_an_address_that_is_not_registered_leads_to_an_error(rp, hint):
    assert is_refused(rp.sign_out(id_token_hint=hint, post_logout_redirect_uri=f"{GOODBYE}/random", state="s"))


@module("oidcc-rp-initiated-logout-modified-id-token-hint")
def test_a_hint_whose_signature_was_changed_leads_to_an_error(rp, hint):
    assert is_refused(rp.sign_out(id_token_hint=spoiled(hint), post_logout_redirect_uri=GOODBYE, state="s"))
    assert rp.is_signed_in()


@module("oidcc-rp-initiated-logout-no-id-token-hint")
def test_without_a_hint_the_person_is_asked_and_led_nowhere(rp, hint):
    shown = rp.sign_out(post_logout_redirect_uri=GOODBYE, state="s")

    assert is_asked(shown)
    assert shown.submit().left == ""
    assert not rp.is_signed_in()


@module("oidcc-rp-initiated-logout-no-params")
def test_without_any_parameter_the_person_is_asked(rp, hint):
    shown = rp.sign_out()

    assert is_asked(shown)
    assert "signed out" in shown.submit().words
    assert not rp.is_signed_in()


@module("oidcc-rp-initiated-logout-no-post-logout-redirect-uri")
def test_without_an_address_a_page_says_that_it_is_done(rp, hint):
    shown = rp.sign_out(id_token_hint=hint, state="s")

    assert (shown.status, shown.left) == (200, "")
    assert "signed out" in shown.words
    assert not rp.is_signed_in()


@module("oidcc-rp-initiated-logout-no-state")
def test_without_a_state_none_comes_back(rp, hint):
    assert rp.sign_out(id_token_hint=hint, post_logout_redirect_uri=GOODBYE).left == GOODBYE
    assert not rp.is_signed_in()


@module("oidcc-rp-initiated-logout-only-state")
def test_with_a_state_alone_the_person_is_asked(rp, hint):
    shown = rp.sign_out(state="s")

    assert is_asked(shown)
    assert shown.submit().left == ""
    assert not rp.is_signed_in()


@module("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri")
def test_an_address_with_a_query_that_was_not_registered_leads_to_an_error(rp, hint):
    assert is_refused(rp.sign_out(id_token_hint=hint, post_logout_redirect_uri=f"{GOODBYE}?foo=bar", state="s"))


@module("oidcc-rp-initiated-logout-bad-id-token-hint")
def test_a_hint_that_is_no_id_token_leads_to_an_error(rp, hint):
    assert is_refused(rp.sign_out(id_token_hint="nonsense", post_logout_redirect_uri=GOODBYE, state="s"))
    assert rp.is_signed_in()
