"""An app as the standards describe one: it knows an issuer, and believes nothing that it has not verified.

Tokens are verified by PyJWT with the published keys, hashes are made here: nothing of Lido's own code takes part.
"""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jwt
from tests.pages import Browser

FORM = "application/x-www-form-urlencoded"
SKEW_SECONDS = 10

_numbers = count(1)


class Told(NamedTuple):
    """What came back to the app, and whether the person was asked to sign in on the way."""

    parameters: dict[str, str]
    asked: bool
    nonce: str | None = None


class Tokens(NamedTuple):
    """What the token endpoint gave; `identity` are the verified claims of the ID token."""

    access: str
    id: str
    identity: dict[str, Any]
    refresh: str


class RelyingParty:
    """One client of a pool, in front of one browser, which knows the way to the server. `now` is in seconds."""

    def __init__(
        self,
        browser: Browser,
        issuer: str,
        now: Callable[[], float],
        *,
        client_id: str,
        secret: str,
        redirect_uri: str,
        mode: str = "query",
        scope: str = "openid",
    ) -> None:
        self.browser, self.now = browser, now
        self.issuer, self.client_id, self.secret = issuer, client_id, secret
        self.redirect_uri, self.mode, self.scope = redirect_uri, mode, scope
        self.metadata = self.json("GET", f"{issuer}/.well-known/openid-configuration")
        assert self.metadata["issuer"] == issuer

    def http(
        self, method: str, url: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """A request of the app itself, not of the browser."""
        sent = {**(headers or {}), **({"content-type": FORM} if form is not None else {})}
        status, answered, body = self.browser.house.http(method, url, sent, urlencode(form or {}).encode())
        return status, {name.lower(): value for name, value in answered.items()}, body

    def json(self, method: str, url: str, *arguments: Any) -> Any:
        """What is answered with 200, as JSON."""
        status, headers, body = self.http(method, url, *arguments)
        assert (status, headers["content-type"].partition(";")[0]) == (200, "application/json"), body
        return json.loads(body)

    def authorize(self, *, method: str = "GET", **changes: str | None) -> Told:
        """Send the browser to the authorization endpoint; whoever is asked there signs in. What comes back is checked.

        `changes` are further parameters of the request, None takes one away.
        """
        request = self.request(**changes)
        shown = self.send(request, method=method)
        asked = "password" in shown.page.inputs
        if asked:
            shown = shown.submit(username="alice", password="Passw0rd!")
        if "shown" in shown.page.inputs:
            shown.submit(button=0)  # the person lets an app of somebody else's in
        told = self.answer(request.get("redirect_uri", self.redirect_uri))
        assert told.get("state") == request.get("state")
        assert told["iss"] == self.issuer, "RFC 9207"
        return Told(told, asked, request.get("nonce"))

    def request(self, **changes: str | None) -> dict[str, str]:
        """An authorization request, with a state and a nonce of its own."""
        number = next(_numbers)
        request = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": self.scope,
            "state": f"state-{number}-~._ä",
            "nonce": f"nonce-{number}",
            **({"response_mode": self.mode} if self.mode != "query" else {}),
            **changes,
        }
        return {name: value for name, value in request.items() if value is not None}

    def send(self, request: dict[str, str], *, method: str = "GET") -> Browser:
        """Send the browser there; what it shows then."""
        endpoint = self.metadata["authorization_endpoint"]
        if method == "POST":
            return self.browser.post(endpoint, request, {"origin": "https://rp.example.com"})
        return self.browser.fetch("GET", f"{endpoint}?{urlencode(request)}")

    def answer(self, redirect_uri: str) -> dict[str, str]:
        """What the browser brought to the app, by the response mode that was asked for."""
        if self.mode == "form_post":
            assert self.browser.status == 200, "a form that posts itself"
            assert "no-store" in self.browser.headers["cache-control"]
            form = self.browser.page.forms[0]
            assert (form.method, form.action) == ("post", redirect_uri)
            return form.fields
        assert self.browser.left.partition("?")[0] == redirect_uri.partition("?")[0], self.browser.words
        assert "#" not in self.browser.left
        pairs = parse_qsl(urlsplit(self.browser.left).query, strict_parsing=True)
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def refused(self, **changes: str | None) -> dict[str, str]:
        """What the app is told of a request that must be refused."""
        told = self.authorize(**changes)
        assert "code" not in told.parameters
        assert not told.asked
        return told.parameters

    def sign_in(self, **changes: str | None) -> tuple[Told, Tokens]:
        """Authorization, and the tokens for it."""
        told = self.authorize(**changes)
        return told, self.redeem(told)

    def redeem(self, told: Told, *, by: str = "basic", **form: str) -> Tokens:
        """Exchange the code, and check everything that is given for it."""
        status, headers, given = self.token(
            grant_type="authorization_code",
            code=told.parameters["code"],
            redirect_uri=self.redirect_uri,
            by=by,
            **form,
        )
        return self.checked(status, headers, given, told.nonce)

    def token(
        self, *, by: str = "basic", headers: dict[str, str] | None = None, **form: str
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Ask the token endpoint: status, headers, answer. The client is proven `by` "basic", "form", or the form."""
        named = {"client_id": self.client_id, "client_secret": self.secret} if by == "form" else {}
        headers = {**(headers or {}), **(self.basic() if by == "basic" else {})}
        status, answered, body = self.http("POST", self.metadata["token_endpoint"], headers, {**form, **named})
        assert answered["content-type"].partition(";")[0] == "application/json"
        assert "no-store" in answered["cache-control"], "RFC 6749 section 5.1"
        assert answered["pragma"] == "no-cache"
        return status, answered, json.loads(body)

    def basic(self) -> dict[str, str]:
        """The header of HTTP Basic (RFC 6749 section 2.3.1)."""
        credentials = b64encode(f"{quote(self.client_id)}:{quote(self.secret)}".encode()).decode()
        return {"authorization": f"Basic {credentials}"}

    def push(self, **changes: str | None) -> tuple[int, dict[str, Any]]:
        """Push an authorization request (RFC 9126): status and answer."""
        endpoint = self.metadata.get("pushed_authorization_request_endpoint", f"{self.issuer}/oauth2/par")
        status, headers, body = self.http("POST", endpoint, self.basic(), self.request(**changes))
        assert "no-store" in headers["cache-control"]
        return status, json.loads(body)

    def refresh(self, token: str, **form: str) -> tuple[int, dict[str, Any]]:
        """Ask for new tokens: status and answer."""
        status, _, given = self.token(grant_type="refresh_token", refresh_token=token, **form)
        return status, given

    def checked(self, status: int, headers: dict[str, str], given: dict[str, Any], nonce: str | None = None) -> Tokens:
        """A token response (RFC 6749 section 5.1, OpenID Connect Core 3.1.3.3), found right in every part."""
        assert status == 200, given
        assert given["token_type"] == "Bearer"
        assert type(given["expires_in"]) is int
        assert given["expires_in"] > 0
        identity = self.verify(given["id_token"], access=given["access_token"])
        assert identity.get("nonce") == nonce
        refresh = given.get("refresh_token", "")
        assert all(" " <= letter <= "~" for letter in refresh)
        return Tokens(given["access_token"], given["id_token"], identity, refresh)

    def verify(self, token: str, *, access: str | None = None) -> dict[str, Any]:
        """The claims of an ID token, once everything of OpenID Connect Core 3.1.3.7 holds."""
        header = jwt.get_unverified_header(token)
        assert header["alg"] == "RS256"
        keys = {key["kid"]: key for key in self.json("GET", self.metadata["jwks_uri"])["keys"]}
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(keys[header["kid"]]).key,
            algorithms=["RS256"],
            audience=self.client_id,
            issuer=self.issuer,
            # These two are compared with the server's clock, below.
            options={"verify_exp": False, "verify_iat": False, "require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        assert claims["exp"] > self.now() - SKEW_SECONDS
        assert abs(claims["iat"] - self.now()) <= SKEW_SECONDS
        assert type(claims["auth_time"]) is int
        assert 0 < len(claims["sub"]) <= 255
        assert claims["sub"].isascii()
        assert claims.get("azp", self.client_id) == self.client_id
        if access is not None:
            assert claims["at_hash"] == half_hash(access)
        return claims

    def sign_out(self, **query: str) -> Browser:
        """Send the browser to the end of its session; what it shows then."""
        return self.browser.fetch("GET", f"{self.metadata['end_session_endpoint']}?{urlencode(query)}")

    def is_signed_in(self) -> bool:
        """Whether the browser is, as far as an app can ask."""
        return self.authorize(prompt="none").parameters.get("error") != "login_required"

    def user_info(self, tokens: Tokens, *, by: str = "get") -> dict[str, Any]:
        """The claims of the person, checked to be the same person's and of the types of OpenID Connect Core 5.1."""
        bearer = {"authorization": f"Bearer {tokens.access}"}
        endpoint = self.metadata["userinfo_endpoint"]
        match by:
            case "get":
                told = self.json("GET", endpoint, bearer)
            case "post":
                told = self.json("POST", endpoint, bearer)
            case _:
                told = self.json("POST", endpoint, {}, {"access_token": tokens.access})
        assert told["sub"] == tokens.identity["sub"]
        for name, value in told.items():
            assert isinstance(value, _TYPES.get(name, str)), name
            assert value not in ("", None)
        return dict(told)

    def user_info_status(self, tokens: Tokens) -> int:
        """How userInfo answers that token."""
        bearer = {"authorization": f"Bearer {tokens.access}"}
        return self.http("GET", self.metadata["userinfo_endpoint"], bearer)[0]


_TYPES: dict[str, type] = {
    "email_verified": bool,
    "phone_number_verified": bool,
    "address": dict,
    "updated_at": int,
}


def half_hash(text: str) -> str:
    """`at_hash` (OpenID Connect Core 3.1.3.6) under RS256."""
    return urlsafe_b64encode(sha256(text.encode("ascii")).digest()[:16]).decode().rstrip("=")
