"""An app that speaks OAuth to a house in this process, and a browser that is signed in there."""

import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.world import PASSWORD, World

from lido.flows import browser, sign_in
from lido.flows.scenes import Attempt
from lido.flows.sign_in import SignedIn

FORM = "application/x-www-form-urlencoded"
CALLBACK = "https://app.example.com/callback"
GOODBYE = "https://app.example.com/goodbye?lang=en"
VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class App:
    """An app client with the code grant, and the endpoints of its pool; `arguments` are CreateUserPoolClient's."""

    def __init__(self, house: World, pool_id: str, **arguments: Any) -> None:
        given = {
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email", "profile"],
            "AllowedOAuthFlowsUserPoolClient": True,
            "CallbackURLs": [CALLBACK],
            "LogoutURLs": [GOODBYE],
            "SupportedIdentityProviders": ["COGNITO"],
            **arguments,
        }
        client = house.app(pool_id, **given)
        self.house = house
        self.pool_id = pool_id
        self.client_id: str = client["ClientId"]
        self.secret: str | None = client.get("ClientSecret")
        self.base = f"{house.lido.house.public_url}/{pool_id}"

    def get(self, path: str, cookie: str | None = None, **query: str) -> tuple[int, dict[str, str], bytes]:
        """GET below the pool's address, perhaps with a browser's session."""
        headers = {"cookie": f"cognito={cookie}"} if cookie else {}
        return self.house.http("GET", f"http://lido.test/{self.pool_id}{path}?{urlencode(query)}", headers)

    def post(
        self, path: str, form: dict[str, str], headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """POST a form below the pool's address; the answer's body as JSON where it is."""
        sent = {"content-type": FORM, **(headers or {})}
        status, answered, body = self.house.http(
            "POST", f"http://lido.test/{self.pool_id}{path}", sent, urlencode(form).encode()
        )
        is_json = answered.get("content-type", "").startswith("application/json")
        return status, answered, json.loads(body) if is_json else body

    def browser(self, username: str = "alice", password: str = PASSWORD) -> str:
        """Sign somebody in at the pages; the text of the browser's cookie."""
        call = self.house.call()
        given = {"USERNAME": username, "PASSWORD": password}
        outcome = sign_in.start(call, Attempt("pages", self.client_id, given), "USER_PASSWORD_AUTH")
        assert isinstance(outcome, SignedIn)
        return browser.begin(call, outcome, None)[1]

    def authorize(self, cookie: str | None, **params: str | None) -> tuple[str, dict[str, str]]:
        """Ask for a code: where the browser is sent, and with which parameters."""
        query = {"client_id": self.client_id, "response_type": "code", "redirect_uri": CALLBACK, **params}
        sent = {name: value for name, value in query.items() if value is not None}
        status, headers, _ = self.get("/oauth2/authorize", cookie, **sent)
        assert status == 302, status
        return landing(headers["location"])

    def code(self, cookie: str, **params: str | None) -> str:
        """A code for whoever is signed in there."""
        return self.authorize(cookie, **params)[1]["code"]

    def basic(self) -> dict[str, str]:
        """The header that proves the client's secret."""
        return {"authorization": "Basic " + b64encode(f"{self.client_id}:{self.secret}".encode()).decode()}

    def token(self, **form: str) -> tuple[int, Any]:
        """Ask the token endpoint, proving the secret by HTTP Basic where there is one: status and answer."""
        if self.secret:
            status, _, answer = self.post("/oauth2/token", form, self.basic())
        else:
            status, _, answer = self.post("/oauth2/token", {"client_id": self.client_id, **form})
        return status, answer

    def redeem(self, code: str, **form: str) -> tuple[int, Any]:
        """Exchange a code."""
        return self.token(**{"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form})


def landing(location: str) -> tuple[str, dict[str, str]]:
    """An address without query and fragment, and the parameters of either."""
    parts = urlsplit(location)
    return location.partition("?")[0].partition("#")[0], dict(parse_qsl(parts.query or parts.fragment))
