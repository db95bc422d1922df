"""What the plans of FAPI 2 ask beyond the basic ones: worth keeping without being certified for it."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import urlencode

import pytest

from lido.flows import pool_options

KINDS = ["standard"]
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def redeem(rp, told, **form):
    """The answer of the token endpoint to that code, whatever it is: status and error."""
    code = told.parameters["code"]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": rp.redirect_uri, **form}
    status, _, answer = rp.token(**given)
    return status, answer.get("error")


def test_a_code_is_bound_to_its_client(rp, app):
    other = app("https://other.example.com/callback")
    told = rp.authorize(**PKCE)

    assert redeem(other, told, code_verifier=VERIFIER, redirect_uri=rp.redirect_uri) == (400, "invalid_grant")
    assert redeem(rp, told, code_verifier=VERIFIER) == (200, None)


def test_a_code_that_comes_again_after_a_second_is_refused(rp, house):
    told = rp.authorize()
    assert redeem(rp, told) == (200, None)
    house.clock.advance(seconds=1)

    assert redeem(rp, told) == (400, "invalid_grant")


def test_a_code_that_has_expired_is_refused(rp, house):
    told = rp.authorize()
    house.clock.advance(minutes=5)

    assert redeem(rp, told) == (400, "invalid_grant")


@pytest.mark.parametrize("form", [{}, {"code_verifier": "w" * 43}, {"code_verifier": CHALLENGE}])
def test_a_code_with_a_challenge_is_refused_without_its_verifier(rp, form):
    assert redeem(rp, rp.authorize(**PKCE), **form) == (400, "invalid_grant")


def test_a_plain_challenge_is_refused(rp):
    assert rp.refused(code_challenge=VERIFIER, code_challenge_method="plain")["error"] == "invalid_request"
    assert rp.refused(code_challenge=CHALLENGE)["error"] == "invalid_request", "which would mean plain"


def test_a_redirect_uri_at_the_token_endpoint_is_the_one_of_the_request(rp):
    assert redeem(rp, rp.authorize(), redirect_uri=f"{rp.redirect_uri}/") == (400, "invalid_grant")


def test_a_long_state_and_a_long_nonce_come_back_whole(rp):
    _, tokens = rp.sign_in(state="s" * 1_000, nonce="n" * 1_000)

    assert tokens.identity["nonce"] == "n" * 1_000


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "nonce", "response_type", "x"])
def test_a_parameter_that_comes_twice_is_refused(rp, name):
    request = {**rp.request(), "x": "y"}
    query = urlencode([*request.items(), (name, request[name])])

    shown = rp.browser.fetch("GET", f"{rp.metadata['authorization_endpoint']}?{query}")

    is_at_app = shown.left.startswith(rp.redirect_uri)
    assert is_at_app == (name not in ("client_id", "redirect_uri"))
    assert "invalid_request" in shown.left if is_at_app else shown.status == 400
    assert "code=" not in shown.left


def test_a_parameter_that_comes_twice_at_the_token_endpoint_is_refused(rp):
    body = urlencode([("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "b")]).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}

    status, _, answer = rp.browser.house.http("POST", rp.metadata["token_endpoint"], headers, body)

    assert (status, json.loads(answer)["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_a_token_is_told_in_any_case(rp, scheme):
    _, tokens = rp.sign_in()

    status, _, _ = rp.http("GET", rp.metadata["userinfo_endpoint"], {"authorization": f"{scheme} {tokens.access}"})

    assert status == 200


def test_a_token_in_the_query_opens_nothing(rp):
    _, tokens = rp.sign_in()

    url = f"{rp.metadata['userinfo_endpoint']}?{urlencode({'access_token': tokens.access})}"

    assert rp.http("GET", url)[0] in (400, 401)
    assert rp.http("POST", url, {}, {"x": "y"})[0] in (400, 401)


def test_the_algorithm_none_is_no_signature(rp):
    _, tokens = rp.sign_in()
    payload = tokens.access.split(".")[1]
    head = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")

    assert rp.user_info_status(tokens._replace(access=f"{head}.{payload}.")) == 401


def test_a_refusal_by_the_person_is_told_to_the_app(rp, house):
    pool_options.set_for_client(house.call(), rp.client_id, {"third_party": "true"})
    asked = rp.send(rp.request(state="s")).submit(username="alice", password="Passw0rd!")

    asked.submit(button=1)

    told = rp.answer(rp.redirect_uri)
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", "s", rp.issuer)
    assert "code" not in told
