"""All routes, on one screen.

`POST /` goes straight to the AWS door, before the router: it is nearly all of the traffic.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lido import errors
from lido.call import Call
from lido.web import acme, health, imports
from lido.web.aws.door import Door, Receive, Scope, Send
from lido.web.connection import address_of, read_body
from lido.web.lanes import Lanes
from lido.web.login import (
    add_passkey,
    challenge,
    confirm,
    consent,
    device,
    endings,
    link,
    logout,
    recover,
    sign_in,
    sign_up,
)
from lido.web.metrics import Metrics
from lido.web.oauth import (
    authorize,
    confirmation,
    cors,
    device_authorization,
    discovery,
    introspect,
    par,
    rates,
    refusals,
    register,
    revoke,
    token,
    userinfo,
)
from lido.web.site import Site, parted, site_of

Answer = Callable[[Call, Site, Request, bytes], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
Lane = Literal["quick", "signing", "slow"]

FORM_BYTES = 64 * 1024
"""The longest body of a POST, unless its route says otherwise."""

_OF_OAUTH = "/oauth2/"
_BY_HTTPS_ALONE = (b"strict-transport-security", b"max-age=31536000")


class Application:
    """The ASGI application: the AWS door, and everything that has a path."""

    def __init__(
        self,
        aws: Door,
        new_call: Callable[[str, str], Call],
        lanes: Lanes,
        *,
        trusted_proxies: tuple[str, ...],
        metrics: Metrics,
    ) -> None:
        self._aws = aws
        self._new_call = new_call
        self._lanes = lanes
        self._trusted_proxies = trusted_proxies
        self._metrics = metrics
        self._straight: dict[tuple[str, str], Endpoint] = {}
        self._methods: dict[str, list[str]] = {}
        self._router = Starlette(
            routes=[
                Route("/healthz", health.alive),
                Route("/readyz", self._plain(health.ready)),
                Route(acme.PATH, self._plain(acme.challenge)),
                Route(imports.PATH, self._upload, methods=["PUT"]),
                *self._under_path("/.well-known/jwks.json", discovery.jwks),
                *self._under_path("/.well-known/openid-configuration", discovery.metadata),
                *self._under_path("/.well-known/oauth-authorization-server", discovery.metadata),
                # Where RFC 8414 section 3.1 looks for the metadata of an issuer with a path.
                Route(
                    "/.well-known/oauth-authorization-server/{pool_id}",
                    self._endpoint("/.well-known/oauth-authorization-server", discovery.metadata),
                ),
                *self._get("/oauth2/authorize", authorize.authorize),
                *self._post("/oauth2/authorize", authorize.authorize),
                *self._program("/oauth2/token", token.token, lane="signing"),
                *self._program("/oauth2/revoke", revoke.revoke),
                *self._program("/oauth2/register", register.register),
                *self._program("/oauth2/par", par.push),
                *self._program("/oauth2/device_authorization", device_authorization.begin),
                *self._post("/oauth2/introspect", introspect.introspect),
                *self._program("/oauth2/userInfo", userinfo.user_info),
                *self._get("/oauth2/userInfo", userinfo.user_info),
                *self._get("/logout", logout.get),
                *self._post("/logout", logout.post),
                *self._page("/confirmUser", confirmation.show),
                *self._page("/confirmUser/", confirmation.show),
                *self._post("/confirmUser", confirmation.press, lane="slow"),
                *self._page("/login", sign_in.get),
                *self._post("/login", sign_in.post, lane="slow"),
                *self._page("/challenge", challenge.get),
                *self._post("/challenge", challenge.post, lane="slow"),
                *self._page("/link", link.get),
                *self._post("/link", link.post),
                *self._get("/consent", consent.get),
                *self._post("/consent", consent.post),
                *self._page("/signup", sign_up.get),
                *self._post("/signup", sign_up.post, lane="slow"),
                *self._page("/confirm", confirm.get),
                *self._post("/confirm", confirm.post),
                *self._post("/resendcode", confirm.resend),
                *self._page("/forgotPassword", recover.forgot),
                *self._post("/forgotPassword", recover.send),
                *self._page("/confirmForgotPassword", recover.reset),
                *self._post("/confirmForgotPassword", recover.confirm, lane="slow"),
                *self._page("/resetPassword", recover.expired),
                *self._post("/resetPassword", recover.replace, lane="slow"),
                *self._get("/passkeys/add", add_passkey.get),
                *self._post("/passkeys/add", add_passkey.post),
                *self._page("/device", device.get),
                *self._post("/device", device.post),
                *self._page("/error", endings.error),
                *self._page("/signedOut", endings.signed_out),
                *self._page("/static/{name}", endings.file),
            ]
        )
        # A redirect to the path with or without its last slash would repeat the Host of the request.
        self._router.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event."""
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] in ("POST", "OPTIONS"):
            await self._aws(scope, receive, send)
        elif scope["type"] == "http" and (endpoint := self._endpoint_of(scope)) is not None:
            response = await endpoint(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self._router(scope, receive, send)

    def _endpoint_of(self, scope: Scope) -> Endpoint | None:
        """The endpoint that a pool's path or domain leads to; a walk along all routes would cost more than it does."""
        method, path = scope["method"], scope["path"]
        pool_id, rest = parted(path)
        if pool_id is not None:
            scope["path_params"] = {"pool_id": pool_id}
        return self._straight.get((method, rest)) or self._unmet(rest)

    def _unmet(self, path: str) -> Endpoint | None:
        """What refuses a method that a path lacks, or a path below `/oauth2/` that is none; None for other paths."""
        methods = self._methods.get(path)
        if methods is None and not path.startswith(_OF_OAUTH):
            return None

        async def refuse(_: Request) -> Response:
            return _refused(path, 404) if methods is None else _refused(path, 405, {"allow": ", ".join(methods)})

        return refuse

    def _under_path(self, path: str, answer: Answer) -> list[Route]:
        """GET, in the path form alone."""
        return [Route(f"/{{pool_id}}{path}", self._endpoint(path, answer))]

    def _page(self, path: str, answer: Answer) -> list[Route]:
        """GET and HEAD, in the path form and at a pool's domain: looking at it changes nothing."""
        return [*self._get(path, answer), *self._both(path, "HEAD", self._endpoint(path, answer))]

    def _get(self, path: str, answer: Answer) -> list[Route]:
        """GET alone: it may make a code or end a sign-in, which programs that look for the head do not mean."""
        return self._both(path, "GET", self._endpoint(path, answer))

    def _post(self, path: str, answer: Answer, *, lane: Lane = "quick", most_bytes: int = FORM_BYTES) -> list[Route]:
        """POST, in the path form and at a pool's domain. In the lane `slow` passwords are hashed."""
        return self._both(path, "POST", self._endpoint(path, answer, lane, most_bytes))

    def _program(self, path: str, answer: Answer, *, lane: Lane = "quick") -> list[Route]:
        """POST by a program, which may run in a browser on any page (CORS)."""
        return [*self._post(path, answer, lane=lane), *self._both(path, "OPTIONS", cors.preflight)]

    def _both(self, path: str, method: str, endpoint: Endpoint) -> list[Route]:
        if "{" not in path:
            self._straight[method, path] = endpoint
            self._methods.setdefault(path, []).append(method)
        return [Route(form, endpoint, methods=[method]) for form in (f"/{{pool_id}}{path}", path)]

    def _endpoint(self, path: str, answer: Answer, lane: Lane = "quick", most_bytes: int = 0) -> Endpoint:
        """A plain function of call, site, request and body as an endpoint: one hop to a worker thread."""

        async def endpoint(request: Request) -> Response:
            body = await read_body(request.scope, request.receive, most_bytes) if most_bytes else b""
            if body is None:
                return _refused(path, 413)
            if lane == "slow" and self._lanes.full:
                return _refused(path, 429, {"retry-after": "1"})
            run = {"quick": self._lanes.quick, "signing": self._lanes.signing, "slow": self._lanes.slow}[lane]
            return await run(self._answered, path, answer, request, body)

        return endpoint

    def _answered(self, path: str, answer: Answer, request: Request, body: bytes) -> Response:
        call, site = self._call(request), None
        with self._metrics.timed("oauth", path) as outcome:
            try:
                site = site_of(call, request, self._trusted_proxies)
                if site is None:
                    response = _refused(path, 404)
                elif _is_text(request.scope["query_string"]):
                    response = rates.refusal(call, site, request, path) or answer(call, site, request, body)
                else:
                    response = _refused(path, 400)
            except (errors.Unavailable, errors.Conflict):
                response = _refused(path, 503, {"retry-after": "1"})
            response.raw_headers.append((b"x-amz-cognito-request-id", call.request_id.encode()))
            if site is not None and site.stays_secure:
                response.raw_headers.append(_BY_HTTPS_ALONE)
            outcome.answered(response.status_code, request.scope.get("counted_as"))
            return response

    async def _upload(self, request: Request) -> Response:
        """The file of an import job: the one body that is not read before somebody looks at it."""
        call = self._call(request)
        with self._metrics.timed("oauth", imports.PATH) as outcome:
            response = await imports.upload(call, self._lanes, request)
            outcome.answered(response.status_code, None)
            return response

    def _plain(self, answer: Callable[[Call, Request], Response]) -> Endpoint:
        """What belongs to no pool."""

        async def endpoint(request: Request) -> Response:
            return await self._lanes.quick(answer, self._call(request), request)

        return endpoint

    def _call(self, request: Request) -> Call:
        address = address_of(request.scope, self._trusted_proxies)
        return self._new_call(address, request.headers.get("user-agent", "")[:1_024])


def _refused(path: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The answer of an endpoint that a program asks, or of a page, before either has read the request."""
    if path.startswith(_OF_OAUTH):
        return refusals.unmet(status, headers)
    return PlainTextResponse(HTTPStatus(status).phrase, status, headers)


def _is_text(query: bytes) -> bool:
    """Whether that can be read at all: the server passes on any bytes, browsers send none that are no text."""
    try:
        query.decode()
    except UnicodeDecodeError:
        return False
    return True
