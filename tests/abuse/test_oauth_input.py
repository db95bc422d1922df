"""Input of any form at the OAuth endpoints and pages is answered by a refusal or a page, never by a fault of ours."""

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.oauth import CALLBACK, FORM, App
from tests.pages import Browser
from tests.world import PASSWORD, World

PATHS = [
    *("oauth2/authorize", "oauth2/token", "oauth2/revoke", "oauth2/par", "oauth2/device_authorization"),
    *("oauth2/introspect", "oauth2/userInfo", "oauth2/register", "logout", "confirmUser", "login", "challenge", "link"),
    *("consent", "signup", "confirm", "resendcode", "forgotPassword", "confirmForgotPassword", "resetPassword"),
    *("passkeys/add", "device", "error", "signedOut"),
]
QUERIES = {
    "bytes that are no text": "state=\udcff\udcfe",
    "a surrogate": "state=%ED%A0%80&login_hint=%ED%A0%80",
    "a zero byte": "state=%00",
    "more fields than any request has": "&".join(["a=1"] * 200),
    "a value longer than any": "state=" + "a" * 9_000,
    "addresses that are none": "resource=https://[&logout_uri=https://[&post_logout_redirect_uri=https://[",
    "everything twice": "scope=openid&scope=openid&state=1&state=2",
}
BODIES = {
    "none": b"",
    "another client": b"client_id=nobody",
    "bytes that are no text": b"\xff\xfe=\xff&client_id=\xff",
    "a surrogate": b"client_id=%ED%A0%80&username=%ED%A0%80",
    "a zero byte": b"client_id=%00&token=%00&username=%00",
    "deep JSON": b'{"a":' + b"[" * 30_000,
}
HEADERS = {
    "nothing": "",
    "bytes that are no text": "Basic \xff",
    "no client": "Basic AAAAAA==",
    "a surrogate": "Basic JUVEJUEwJTgwOng=",
    "a token of no kind": "Bearer \xff.\xff.\xff",
    "a token with a proof of nothing": "DPoP x",
}
HOSTS = ["lido.test", "[", "a b", "x:99999999"]


@pytest.fixture
def app(house: World) -> App:
    pool_id = house.pool()
    house.user(pool_id, email="alice@example.com")
    return App(house, pool_id)


@pytest.mark.parametrize("path", PATHS)
def test_no_request_makes_a_fault(app: App, path: str) -> None:
    asked = urlencode({"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK})
    base = f"http://lido.test/{app.pool_id}/{path}"
    session = {"cookie": f"cognito={app.browser()}; XSRF-TOKEN=\xe9"}
    tried: list[tuple[str, str, dict[str, str], bytes]] = []
    for query in QUERIES.values():
        tried += [(method, f"{asked}&{query}", session, b"") for method in ("GET", "POST")]
    for body in BODIES.values():
        for query in ("", asked, f"{asked}&{QUERIES['more fields than any request has']}"):
            tried += [("POST", query, {**session, "content-type": kind}, body) for kind in (FORM, "application/json")]
    for header in HEADERS.values():
        tried += [("POST", asked, {"authorization": header, "dpop": "\xff.\xff.\xff"}, b"token=..")]
    tried += [("GET", asked, {**session, "host": host}, b"") for host in HOSTS]

    for method, query, headers, body in tried:
        status, _, _ = app.house.http(method, f"{base}?{query}", {"content-type": FORM, **headers}, body)

        assert status < 500, (method, query[-40:], headers, body[:40])


@pytest.mark.parametrize("field", ["show", "kind", "answer", "email", "code", "credential"])
@pytest.mark.parametrize("value", ["recovery", "EMAIL_OTP", "PASSWORD", '{"a":' + "[" * 8_000])
def test_no_form_of_a_challenge_makes_a_fault(app: App, field: str, value: str) -> None:
    app.house.idp.set_user_pool_mfa_config(
        UserPoolId=app.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    browser = Browser(app.house, app.pool_id, app.client_id).sign_in("alice", PASSWORD)
    form = browser.page.forms[0]
    assert "session" in form.fields

    browser.post(form.action, {**form.fields, field: value})

    assert browser.status < 500


@pytest.mark.parametrize(
    "credential", ['{"a":' + "[" * 8_000, "[]", '{"id":"\\ud800"}', '{"id":1,"response":[]}', "NaN"]
)
def test_no_credential_makes_a_fault(house: World, credential: str) -> None:
    arguments: dict[str, Any] = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}}
    pool_id = house.pool(**arguments)
    house.user(pool_id)
    app = App(house, pool_id, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    browser = Browser(house, pool_id, app.client_id).open("passkeys/add")
    browser.submit(username="alice").submit(password=PASSWORD)
    assert browser.title == "Add a passkey"

    browser.submit(credential=credential)

    assert (browser.status, browser.title) == (200, "Add a passkey")
