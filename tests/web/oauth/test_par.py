"""Pushed authorization requests over HTTP: said beforehand, brought by a browser in time, answered once."""

import pytest
from tests.oauth import CALLBACK, CHALLENGE, VERIFIER, App, landing

from lido.flows import pool_options

PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
PREFIX = "urn:ietf:params:oauth:request_uri:"


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    return App(house, pool_id, GenerateSecret=True)


def push(app, **params):
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "state": "s", **PKCE, **params}
    status, _, told = app.post("/oauth2/par", asked, app.basic())
    return status, told


def named(app, **params):
    status, told = push(app, **params)
    assert status == 201, told
    return told["request_uri"]


def bring(app, name, cookie, **params):
    """A browser asks by the name alone."""
    query = {"client_id": app.client_id, "request_uri": name, **params}
    status, headers, _ = app.get("/oauth2/authorize", cookie, **query)
    assert status == 302
    return landing(headers["location"])


def test_a_pushed_request_is_answered_by_its_name(app):
    status, told = push(app, scope="openid email")

    assert (status, list(told), told["expires_in"]) == (201, ["request_uri", "expires_in"], 90)
    assert told["request_uri"].startswith(PREFIX)
    where, answer = bring(app, told["request_uri"], app.browser())
    assert (where, answer["state"]) == (CALLBACK, "s")
    assert app.redeem(answer["code"], code_verifier=VERIFIER)[0] == 200


def test_nothing_beside_the_name_counts(app):
    cookie = app.browser()
    name = named(app, scope="openid")

    where, told = bring(app, name, cookie, redirect_uri="https://evil.example", scope="openid email", state="other")

    assert (where, told["state"]) == (CALLBACK, "s")
    _, tokens = app.redeem(told["code"], code_verifier=VERIFIER)
    assert "email" not in tokens["access_token"]


def test_a_name_leads_to_one_answer(app):
    cookie = app.browser()
    name = named(app)
    assert "code" in bring(app, name, cookie)[1]

    where, told = bring(app, name, cookie)

    assert where.endswith("/error")
    assert "code" not in told


def test_a_refusal_is_an_answer_too(app):
    name = named(app, prompt="none")
    assert bring(app, name, None)[1]["error"] == "login_required"

    assert bring(app, name, app.browser())[0].endswith("/error")


def test_the_login_page_may_be_reloaded_and_takes_its_time(app):
    name = named(app)
    for _ in range(3):
        where, told = bring(app, name, None)
        assert where.endswith("/login")
        assert told == {"client_id": app.client_id, "request_uri": name}
    app.house.clock.advance(minutes=20)

    assert "code" in bring(app, name, app.browser())[1]


def test_a_name_that_no_browser_brings_in_time_is_over(app):
    cookie, name, opened = app.browser(), named(app), named(app)
    bring(app, opened, None)
    app.house.clock.advance(seconds=90)
    assert bring(app, name, cookie)[0].endswith("/error")
    app.house.clock.advance(minutes=30)

    assert bring(app, opened, app.browser())[0].endswith("/error")


def test_two_browsers_at_once_get_one_code(app):
    from concurrent.futures import ThreadPoolExecutor

    cookie, name = app.browser(), named(app)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: bring(app, name, cookie), range(4)))

    assert sum("code" in told for _, told in answers) == 1


def test_a_name_is_of_its_client_alone(app):
    other = App(app.house, app.pool_id, GenerateSecret=True)
    name = named(app)

    assert bring(other, name, other.browser())[0].endswith("/error")
    assert "code" in bring(app, name, app.browser())[1]


@pytest.mark.parametrize("name", [PREFIX, PREFIX + "0" * 64, PREFIX + "x" * 5_000])
def test_a_name_that_was_never_given_leads_nowhere(app, name):
    assert bring(app, name, app.browser())[0].endswith("/error")


@pytest.mark.parametrize(
    "address", ["https://app.example.com/request.jwt", "http://169.254.169.254/", "file:///etc/passwd"]
)
def test_no_request_is_fetched_from_an_address(app, address):
    where, told = app.authorize(app.browser(), request_uri=address)

    assert (where, told["error"]) == (CALLBACK, "request_uri_not_supported")
    assert app.authorize(app.browser(), request="e30.e30.")[1]["error"] == "request_not_supported"


def test_what_no_browser_could_ask_is_refused_at_once(app):
    assert push(app, request_uri=named(app)) == (400, {"error": "invalid_request"})
    assert push(app, request="e30.e30.")[1]["error"] == "request_not_supported"
    assert push(app, scope="openid phone") == (400, {"error": "invalid_scope"})
    assert push(app, response_type="token")[1] == {"error": "unauthorized_client"}
    assert push(app, code_challenge_method="plain")[1] == {"error": "invalid_request"}
    assert push(app, redirect_uri="https://evil.example")[1] == {
        "error": "invalid_request",
        "error_description": "redirect_mismatch",
    }


def test_whoever_pushes_proves_itself(app):
    asked = {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK}
    public = App(app.house, app.pool_id)

    assert app.post("/oauth2/par", asked)[0] == 401
    assert app.post("/oauth2/par", {**asked, "client_id": public.client_id}, app.basic())[0] == 401
    assert public.post("/oauth2/par", {**asked, "client_id": public.client_id})[0] == 201
    assert app.get("/oauth2/par", **asked)[0] == 405


def test_a_client_may_have_to_push(app):
    pool_options.set_for_client(app.house.call(root=True), app.client_id, {"require_par": "true"})

    refused = app.authorize(app.browser())[1]
    assert refused["error"] == "invalid_request"
    assert refused["error_description"] == "pushed authorization request required"
    assert "code" in bring(app, named(app), app.browser())[1]


def test_a_push_is_told_that_a_challenge_is_missing(house):
    app = App(house, house.pool(UserPoolTags={"lido:require_pkce": "true"}))
    asked = {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK}

    told = app.post("/oauth2/par", asked)[2]

    assert told == {"error": "invalid_request", "error_description": "code challenge required"}


def test_the_implicit_grant_uses_a_name_up_too(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = App(house, pool_id, GenerateSecret=True, AllowedOAuthFlows=["implicit"])
    _, told = push(app, response_type="token", code_challenge="", code_challenge_method="")

    assert "access_token" in bring(app, told["request_uri"], app.browser())[1]
    assert bring(app, told["request_uri"], app.browser())[0].endswith("/error")
