"""One server over real HTTP, without an SDK in between: fast, and nothing is retried behind the test's back."""

import json
from typing import Any
from urllib.parse import urlencode

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.server import Server

ROOT = {"root_access_key_id": "AKIAFAULTSFAULTSFAUL", "root_secret_access_key": "root-secret-of-the-fault-tests"}
"""A root key that several nodes share."""

BUSY = {"request_rate_factor": 1000}
"""For a load beyond the rates of a pool; after a crash a node has only a part of them for some seconds."""

ANSWERS_WITHIN_SECONDS = 60


class Lost(Exception):
    """No answer, or one that says nothing about what happened: it may have happened."""


class Refused(Exception):
    """An answer that says no: `name` without "Exception", the sentence, the status, the headers."""

    def __init__(self, name: str, sentence: str, status: int, headers: dict[str, str]) -> None:
        super().__init__(f"{name}: {sentence}")
        self.name = name
        self.sentence = sentence
        self.status = status
        self.headers = headers


class Wire:
    """Speaks to one server, from any number of threads. `close` gives the sockets back."""

    def __init__(self, server: Server, key: tuple[str, str] = (*ROOT.values(),), *, sockets: int = 16) -> None:
        # By number: a name may first lead to an address on which nobody listens.
        self.port = server.port
        self._url = f"http://127.0.0.1:{server.port}/"
        self._http = urllib3.HTTPConnectionPool(
            "127.0.0.1", server.port, maxsize=sockets, timeout=ANSWERS_WITHIN_SECONDS, retries=False
        )
        self._signer = SigV4Auth(Credentials(*key), "cognito-idp", "us-east-1")

    def close(self) -> None:
        self._http.close()

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        """The answer of an operation that needs no signature. Raises Refused, Lost."""
        return self._post(self._headers(operation), json.dumps(members).encode())

    def order(self, operation: str, **members: Any) -> dict[str, Any]:
        """The answer of an operator's operation, signed with the root key. Raises Refused, Lost."""
        body = json.dumps(members).encode()
        request = AWSRequest("POST", self._url, self._headers(operation), body)
        self._signer.add_auth(request)
        return self._post(dict(request.headers.items()), body)

    def post_form(
        self, path: str, form: dict[str, str], cookies: dict[str, str] | None = None
    ) -> tuple[int, urllib3.HTTPHeaderDict, bytes]:
        """Status, headers and body of the answer to a form; redirects are not followed."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        answer = self._http.request("POST", path, body=urlencode(form), headers=headers, redirect=False)
        return answer.status, answer.headers, answer.data

    def get(self, path: str, *, timeout_seconds: float = ANSWERS_WITHIN_SECONDS) -> int:
        """The status of a page."""
        return self._http.request("GET", path, timeout=timeout_seconds).status

    def _headers(self, operation: str) -> dict[str, str]:
        return {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
        }

    def _post(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        try:
            response = self._http.urlopen("POST", "/", body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise Lost(str(error)) from error
        answer = json.loads(response.data or b"{}")
        if response.status == 200:
            return dict(answer)
        name = str(answer["__type"]).removesuffix("Exception")
        refusal = Refused(name, str(answer.get("message", "")), response.status, dict(response.headers.items()))
        if response.status >= 500:
            # Trouble says to come back; anything else is a bug of the server.
            assert (refusal.name, refusal.headers.get("retry-after")) == ("InternalError", "1"), refusal
            raise Lost(refusal.sentence) from refusal
        raise refusal


def refusal(deed: Any, *arguments: Any, **named: Any) -> str:
    """The name of the refusal that `deed` gets."""
    try:
        deed(*arguments, **named)
    except Refused as refused:
        return refused.name
    raise AssertionError("it was not refused")


def make_pool(wire: Wire, **arguments: Any) -> str:
    """A new pool whose users sign themselves up by e-mail."""
    given = {"PoolName": "faults", "AutoVerifiedAttributes": ["email"], **arguments}
    return str(wire.order("CreateUserPool", **given)["UserPool"]["Id"])


def make_app(wire: Wire, pool_id: str, *, grace_seconds: int | None = None, **arguments: Any) -> str:
    """A new client of it, whose refresh tokens rotate when `grace_seconds` says how long the old one stays good."""
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]
    given: dict[str, Any] = {"ExplicitAuthFlows": [*flows, "ALLOW_REFRESH_TOKEN_AUTH"]}
    if grace_seconds is not None:
        rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace_seconds}
        given = {"ExplicitAuthFlows": flows, "RefreshTokenRotation": rotation}
    made = wire.order("CreateUserPoolClient", UserPoolId=pool_id, ClientName="app", **{**given, **arguments})
    return str(made["UserPoolClient"]["ClientId"])


def sign_in(wire: Wire, client_id: str, username: str, password: str) -> dict[str, str]:
    """The tokens of a password sign-in."""
    given = {"USERNAME": username, "PASSWORD": password}
    answer = wire.ask("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", ClientId=client_id, AuthParameters=given)
    return dict(answer["AuthenticationResult"])


def refresh(wire: Wire, client_id: str, refresh_token: str) -> dict[str, str]:
    """The tokens of a refresh; with its successor where the client rotates."""
    answer = wire.ask("GetTokensFromRefreshToken", ClientId=client_id, RefreshToken=refresh_token)
    return dict(answer["AuthenticationResult"])
