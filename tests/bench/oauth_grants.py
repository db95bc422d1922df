"""The OAuth endpoints: from the sign-in page to a code, from a code to tokens, and what programs ask without people."""

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.bench.load import Ask, Conversation, Workload
from tests.bench.people import PASSWORD
from tests.bench.wire import get
from tests.bench.workloads import Repeated

CALLBACK = "https://app.example.com/callback"
_SCOPE = "https://api.example.com/read"
_CSRF = "8f14e45f-ceea-467f-a8b5-0ae1b7c9b1a2"
_FORM = "application/x-www-form-urlencoded"
_SIGNED_IN = 64


class Clients(NamedTuple):
    """A public app with the code grant, and a machine with its secret."""

    pool_id: str
    app: str
    machine: str
    secret: str

    @property
    def query(self) -> str:
        """What the app asks the authorization endpoint."""
        return urlencode(
            {"client_id": self.app, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "state": "s"}
        )


class SignedIn(NamedTuple):
    """Somebody's browser session, and the tokens that the app got for it."""

    cookie: str
    tokens: dict[str, str]


def write(ask: Callable[..., Any], pool_id: str) -> Clients:
    """Make the clients, and the API that the machine calls."""
    server = {"Identifier": "https://api.example.com", "Scopes": [{"ScopeName": "read", "ScopeDescription": "Read"}]}
    ask("CreateResourceServer", UserPoolId=pool_id, Name="api", **server)
    app = ask(
        "CreateUserPoolClient",
        UserPoolId=pool_id,
        ClientName="oauth",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]
    machine = ask(
        "CreateUserPoolClient",
        UserPoolId=pool_id,
        ClientName="machine",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[_SCOPE],
    )["UserPoolClient"]
    return Clients(pool_id, app["ClientId"], machine["ClientId"], machine["ClientSecret"])


def workloads(port: int, clients: Clients, usernames: list[str]) -> dict[str, Workload]:
    """What the load generator says, by name."""
    with ThreadPoolExecutor(4) as threads:
        people = list(threads.map(lambda name: _signed_in(port, clients, name), usernames[:_SIGNED_IN]))
    machine = {"authorization": "Basic " + b64encode(f"{clients.machine}:{clients.secret}".encode()).decode()}

    def ask(path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> bytes:
        return _post(port, f"/{clients.pool_id}{path}", form, headers)

    def refresh(one: SignedIn) -> bytes:
        form = {"grant_type": "refresh_token", "client_id": clients.app, "refresh_token": one.tokens["refresh_token"]}
        return ask("/oauth2/token", form)

    def user_info(one: SignedIn) -> bytes:
        head = get(port, f"/{clients.pool_id}/oauth2/userInfo")
        return head[:-2] + f"Authorization: Bearer {one.tokens['access_token']}\r\n\r\n".encode()

    def introspect(one: SignedIn) -> bytes:
        return ask("/oauth2/introspect", {"token": one.tokens["access_token"]}, machine)

    said = {
        "authorize_page": SignInPage(port, clients),
        "password_to_code": PasswordToCode(port, clients, usernames),
        "code_to_tokens": CodeToTokens(port, clients, [one.cookie for one in people]),
        "client_credentials": Repeated([ask("/oauth2/token", {"grant_type": "client_credentials"}, machine)]),
        "oauth_refresh": Repeated([refresh(one) for one in people]),
        "user_info": Repeated([user_info(one) for one in people]),
        "introspection": Repeated([introspect(one) for one in people]),
    }
    return {name: (port, workload) for name, workload in said.items()}


class SignInPage(NamedTuple):
    """A browser without a session asks for authorization and is shown the page."""

    port: int
    clients: Clients

    def __call__(self) -> Iterator[Conversation]:
        begin = get(self.port, f"/{self.clients.pool_id}/oauth2/authorize?{self.clients.query}")
        page = get(self.port, f"/{self.clients.pool_id}/login?{self.clients.query}")
        while True:
            yield self._visit(begin, page)

    def _visit(self, begin: bytes, page: bytes) -> Conversation:
        while True:
            yield Ask(begin, last=False, status=302, wanted=b"/login?")
            yield Ask(page, wanted=b"cognitoSignInForm")


class PasswordToCode(NamedTuple):
    """The form of the sign-in page, posted by people in turn."""

    port: int
    clients: Clients
    usernames: list[str]

    def __call__(self) -> Iterator[Conversation]:
        posts = cycle([sign_in_form(self.port, self.clients, name) for name in self.usernames])
        while True:
            yield self._post(posts)

    def _post(self, posts: Iterator[bytes]) -> Conversation:
        for post in posts:
            yield Ask(post, status=302, wanted=b"code=")


class CodeToTokens(NamedTuple):
    """A browser that is signed in is sent back with a code at once, and the app redeems it."""

    port: int
    clients: Clients
    cookies: list[str]

    def __call__(self) -> Iterator[Conversation]:
        head = get(self.port, f"/{self.clients.pool_id}/oauth2/authorize?{self.clients.query}")[:-2]
        asks = cycle([head + f"Cookie: cognito={cookie}\r\n\r\n".encode() for cookie in self.cookies])
        while True:
            yield self._redeem(asks)

    def _redeem(self, asks: Iterator[bytes]) -> Conversation:
        for ask in asks:
            answer = yield Ask(ask, last=False, status=302, wanted=b"code=")
            code = answer.split(b"code=", 1)[1].split(b"&", 1)[0].decode()
            yield Ask(_post(self.port, f"/{self.clients.pool_id}/oauth2/token", _exchange(self.clients, code)))


def sign_in_form(port: int, clients: Clients, username: str) -> bytes:
    """The post of the sign-in page, with the token that its cookie repeats."""
    form = {"_csrf": _CSRF, "username": username, "password": PASSWORD}
    path = f"/{clients.pool_id}/login?{clients.query}"
    return _post(port, path, form, {"Cookie": f"XSRF-TOKEN={_CSRF}"})


def _signed_in(port: int, clients: Clients, username: str) -> SignedIn:
    connection = http.client.HTTPConnection("localhost", port)
    login = f"/{clients.pool_id}/login?{clients.query}"
    form = {"_csrf": _CSRF, "username": username, "password": PASSWORD}
    headers = {"content-type": _FORM, "cookie": f"XSRF-TOKEN={_CSRF}"}
    connection.request("POST", login, urlencode(form), headers)
    answer = connection.getresponse()
    answer.read()
    cookie = next(text for text in answer.headers.get_all("set-cookie", []) if text.startswith("cognito="))
    code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
    path = f"/{clients.pool_id}/oauth2/token"
    connection.request("POST", path, urlencode(_exchange(clients, code)), {"content-type": _FORM})
    tokens = json.load(connection.getresponse())
    connection.close()
    return SignedIn(cookie.partition(";")[0].removeprefix("cognito="), tokens)


def _exchange(clients: Clients, code: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "client_id": clients.app, "redirect_uri": CALLBACK, "code": code}


def _post(port: int, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> bytes:
    body = urlencode(form).encode()
    lines = {"Host": f"localhost:{port}", "User-Agent": "lido-bench", "Content-Type": _FORM, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
