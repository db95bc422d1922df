"""All routes, on one screen.

`POST /` goes straight to the AWS door, before the router: it is nearly all of the traffic.
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lido.call import Call
from lido.web import health
from lido.web.aws.door import Door, Receive, Scope, Send
from lido.web.connection import address_of, read_body
from lido.web.lanes import Lanes
from lido.web.oauth import confirmation, discovery

Answer = Callable[[Call, Request], Response]


class Application:
    """The ASGI application: the AWS door, and everything that has a path."""

    def __init__(
        self, aws: Door, new_call: Callable[[str, str], Call], lanes: Lanes, *, trusted_proxies: tuple[str, ...]
    ) -> None:
        self._aws = aws
        self._new_call = new_call
        self._lanes = lanes
        self._trusted_proxies = trusted_proxies
        self._router = Starlette(
            routes=[
                Route("/healthz", health.alive),
                Route("/readyz", self._offload(health.ready)),
                Route("/{pool_id}/.well-known/jwks.json", self._offload(discovery.jwks)),
                Route("/{pool_id}/.well-known/openid-configuration", self._offload(discovery.openid_configuration)),
                Route(f"/{{pool_id}}/{confirmation.PATH}", self._offload(confirmation.show)),
                Route(f"/{{pool_id}}/{confirmation.PATH}", self._press, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event."""
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] in ("POST", "OPTIONS"):
            await self._aws(scope, receive, send)
        else:
            await self._router(scope, receive, send)

    def _offload(self, answer: Answer) -> Callable[[Request], object]:
        """A plain function of call and request as an endpoint: one hop to a worker thread."""

        async def endpoint(request: Request) -> Response:
            return await self._lanes.quick(answer, self._call(request), request)

        return endpoint

    async def _press(self, request: Request) -> Response:
        body = await read_body(request.scope, request.receive, confirmation.LONGEST_BODY)
        return await self._lanes.quick(confirmation.press, self._call(request), request, body)

    def _call(self, request: Request) -> Call:
        address = address_of(request.scope, self._trusted_proxies)
        return self._new_call(address, request.headers.get("user-agent", "")[:1_024])
