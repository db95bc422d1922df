"""Signing out over HTTP: Cognito's two forms, RP-Initiated Logout 1.0, and what a stranger's link cannot do."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from tests.oauth import CALLBACK, GOODBYE, App

FORM = {"content-type": "application/x-www-form-urlencoded"}
SENTENCE = "Required String parameter 'redirect_uri' is not present"


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    return App(house, pool_id)


@pytest.fixture
def cookie(app):
    return app.browser()


def is_signed_in(app, cookie):
    return "code" in app.authorize(cookie, prompt="none")[1]


def id_token(app, cookie, **params):
    return app.redeem(app.code(cookie, scope="openid", **params))[1]["id_token"]


def logout(app, cookie, headers=None, **query):
    sent = {"cookie": f"cognito={cookie}", **(headers or {})} if cookie else (headers or {})
    return app.house.http("GET", f"http://lido.test/{app.pool_id}/logout?{urlencode(query)}", sent)


def confirm(app, cookie, page, **query):
    """Press the button of the question."""
    hidden = unescape(re.search(rb'name="confirmed" value="([^"]+)"', page)[1].decode())
    return press(app, cookie, {"confirmed": hidden}, **query)


def press(app, cookie, form, **query):
    url = f"http://lido.test/{app.pool_id}/logout?{urlencode(query)}"
    headers = {**FORM, **({"cookie": f"cognito={cookie}"} if cookie else {})}
    return app.house.http("POST", url, headers, urlencode(form).encode())


def is_question(answer):
    return answer[0] == 200 and b'name="confirmed"' in answer[2]


def test_cognitos_form_signs_out_and_leads_to_the_registered_address(app, cookie):
    status, headers, _ = logout(app, cookie, client_id=app.client_id, logout_uri=GOODBYE)

    assert (status, headers["location"]) == (302, GOODBYE)
    assert headers["set-cookie"].startswith("cognito=; Max-Age=0; ")
    assert f"Path=/{app.pool_id}/;" in headers["set-cookie"]
    assert headers["cache-control"] == "no-store"
    assert not is_signed_in(app, cookie), "a copy of the cookie is worth nothing"


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
def test_a_browser_that_looks_ahead_signs_nobody_out(app, cookie, purpose):
    ahead = {"sec-purpose": purpose, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}

    status, headers, _ = logout(app, cookie, ahead, client_id=app.client_id, logout_uri=GOODBYE)

    assert (status, headers["cache-control"]) == (503, "no-store")
    assert is_signed_in(app, cookie)


def test_logout_uri_comes_before_redirect_uri(app, cookie):
    given = {"client_id": app.client_id, "logout_uri": GOODBYE, "redirect_uri": CALLBACK, "response_type": "code"}

    assert logout(app, cookie, **given)[1]["location"] == GOODBYE


def test_cognitos_other_form_leads_to_the_sign_in_page_with_the_request(app, cookie):
    status, headers, _ = logout(
        app,
        cookie,
        client_id=app.client_id,
        redirect_uri=CALLBACK,
        response_type="code",
        state="a b",
        identity_provider="Google",
    )

    where, _, query = headers["location"].partition("?")
    assert (status, where) == (302, f"http://localhost:9229/{app.pool_id}/login")
    assert query == urlencode(
        {"client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code", "state": "a b"}
    )
    assert not is_signed_in(app, cookie)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/goodbye",
        GOODBYE + "&x=1",
        GOODBYE + "/",
        CALLBACK,
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_not_registered_leads_nowhere_and_ends_nothing(app, cookie, uri):
    for name in ("logout_uri", "post_logout_redirect_uri"):
        status, headers, _ = logout(app, cookie, client_id=app.client_id, **{name: uri})
        assert status == 302
        assert headers["location"].endswith(f"/error?error=invalid_request&client_id={app.client_id}")
    status, headers, _ = logout(app, cookie, client_id=app.client_id, redirect_uri=uri, response_type="code")
    if uri != CALLBACK:
        assert "/error?error=redirect_mismatch" in headers["location"]
        assert is_signed_in(app, cookie)


def test_a_client_alone_is_told_what_is_missing(app, cookie):
    status, _, body = logout(app, cookie, client_id=app.client_id)

    assert status == 400
    assert SENTENCE in unescape(body.decode())
    assert is_signed_in(app, cookie)


def test_a_clients_logout_address_may_be_the_sign_in_page_of_another_client(app, cookie):
    login = f"http://localhost:9229/{app.pool_id}/login?client_id={app.client_id}&response_type=code"
    other = App(app.house, app.pool_id, LogoutURLs=[login])

    assert logout(app, cookie, client_id=other.client_id, logout_uri=login)[1]["location"] == login


def test_signing_out_ends_the_browser_and_not_the_tokens(app, cookie):
    _, told = app.redeem(app.code(cookie))
    logout(app, cookie, client_id=app.client_id, logout_uri=GOODBYE)

    assert app.token(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 200


def test_a_code_that_was_on_its_way_is_worth_nothing_for_another_browser_session(app, cookie):
    logout(app, cookie, client_id=app.client_id, logout_uri=GOODBYE)

    assert app.authorize(cookie)[0].endswith("/login")


def test_an_id_token_proves_that_the_app_means_who_is_signed_in(app, cookie):
    hint = id_token(app, cookie)
    given = {"id_token_hint": hint, "post_logout_redirect_uri": GOODBYE, "state": "a&b"}

    status, headers, _ = logout(app, cookie, **given)

    assert (status, headers["location"]) == (302, GOODBYE + "&state=a%26b")
    assert not is_signed_in(app, cookie)


def test_an_expired_id_token_proves_it_too(app, cookie):
    hint = id_token(app, cookie)
    app.house.clock.advance(seconds=3 * 3600)
    cookie = app.browser()

    assert logout(app, cookie, id_token_hint=hint, post_logout_redirect_uri=GOODBYE)[1]["location"] == GOODBYE
    assert not is_signed_in(app, cookie)


def test_without_an_address_the_page_says_that_it_is_done(app, cookie):
    status, headers, body = logout(app, cookie, id_token_hint=id_token(app, cookie))

    assert (status, "location" in headers) == (200, False)
    assert b"You are signed out" in body
    assert not is_signed_in(app, cookie)


def test_a_hint_that_proves_nothing_ends_nothing_and_leads_nowhere(app, cookie):
    hint = id_token(app, cookie)
    _, told = app.redeem(app.code(cookie))
    head, payload, signature = hint.split(".")
    elsewhere = App(app.house, app.house.pool())
    app.house.user(elsewhere.pool_id)
    lies = [
        "nonsense",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload}.",
        told["access_token"],
        id_token(elsewhere, elsewhere.browser()),
        "x" * 8000,
    ]

    for lie in lies:
        status, headers, _ = logout(app, cookie, id_token_hint=lie, post_logout_redirect_uri=GOODBYE)
        assert (status, "/error?error=invalid_request" in headers["location"]) == (302, True)
    assert is_signed_in(app, cookie)


def test_a_hint_of_another_client_does_not_speak_for_this_one(app, cookie):
    other = App(app.house, app.pool_id, LogoutURLs=["https://other.example/bye"])
    hint = id_token(other, cookie)

    given = {"id_token_hint": hint, "client_id": app.client_id, "post_logout_redirect_uri": GOODBYE}
    assert "/error?" in logout(app, cookie, **given)[1]["location"]
    assert "/error?" in logout(app, cookie, id_token_hint=hint, post_logout_redirect_uri=GOODBYE)[1]["location"]
    assert is_signed_in(app, cookie)


def test_the_hint_of_another_user_asks_who_is_signed_in(app, cookie):
    app.house.user(app.pool_id, "mallory")
    hint = id_token(app, app.browser("mallory"))

    answer = logout(app, cookie, id_token_hint=hint, post_logout_redirect_uri=GOODBYE)

    assert is_question(answer)
    assert is_signed_in(app, cookie)


@pytest.mark.parametrize("asked", [{}, {"state": "x"}, {"post_logout_redirect_uri": GOODBYE}, {"logout_hint": "alice"}])
def test_with_nothing_proven_the_person_is_asked_and_led_nowhere(app, cookie, asked):
    answer = logout(app, cookie, **asked)

    assert is_question(answer)
    assert "frame-ancestors 'none'" in answer[1]["content-security-policy"]
    assert "form-action 'self'" in answer[1]["content-security-policy"]
    assert is_signed_in(app, cookie)
    status, headers, body = confirm(app, cookie, answer[2], **asked)
    assert (status, "location" in headers) == (200, False)
    assert b"You are signed out" in body
    assert not is_signed_in(app, cookie)


def test_a_client_without_a_hint_is_led_to_its_address_when_the_person_says_so(app, cookie):
    asked = {"client_id": app.client_id, "post_logout_redirect_uri": GOODBYE, "state": "s"}
    answer = logout(app, cookie, **asked)

    assert is_question(answer)
    assert "form-action" not in answer[1]["content-security-policy"], "the app may lead on to anywhere"
    status, headers, _ = confirm(app, cookie, answer[2], **asked)
    assert (status, headers["location"]) == (303, GOODBYE + "&state=s")
    assert not is_signed_in(app, cookie)


def test_nobody_confirms_for_another_session(app, cookie):
    mine = logout(app, app.browser(), state="x")[2]

    status, headers, _ = confirm(app, cookie, mine, state="x")

    assert (status, headers["location"].endswith("/logout?state=x")) == (303, True)
    assert press(app, cookie, {"confirmed": "forged"})[0] == 303
    assert is_signed_in(app, cookie)


def test_an_app_may_post_its_request_which_goes_on_where_the_browser_brings_its_cookie(app, cookie):
    hint = id_token(app, cookie)

    status, headers, _ = press(app, None, {"id_token_hint": hint, "state": "s"})

    assert (status, headers["location"]) == (
        303,
        f"http://localhost:9229/{app.pool_id}/logout?" + urlencode({"id_token_hint": hint, "state": "s"}),
    )


def test_whoever_is_not_signed_in_is_not_asked(app):
    assert logout(app, None, state="x")[0] == 200
    given = {"client_id": app.client_id, "post_logout_redirect_uri": GOODBYE}
    assert logout(app, None, **given)[1]["location"] == GOODBYE


def test_a_picture_on_a_page_signs_nobody_out(app, cookie):
    hint = id_token(app, cookie)
    given = {"client_id": app.client_id, "logout_uri": GOODBYE}
    for fetched in (
        {"sec-fetch-mode": "no-cors", "sec-fetch-site": "same-site", "sec-fetch-dest": "image"},
        {"sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"},
    ):
        for asked in (given, {"id_token_hint": hint}, {}):
            assert is_question(logout(app, cookie, fetched, **asked))
    assert is_signed_in(app, cookie)
    logout(app, cookie, {"sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"}, **given)
    assert not is_signed_in(app, cookie)


def test_what_comes_twice_is_refused(app, cookie):
    query = urlencode([("client_id", app.client_id), ("logout_uri", GOODBYE), ("logout_uri", GOODBYE)])

    _, headers, _ = app.house.http(
        "GET", f"http://lido.test/{app.pool_id}/logout?{query}", {"cookie": f"cognito={cookie}"}
    )

    assert "/error?error=invalid_request" in headers["location"]
    assert is_signed_in(app, cookie)
