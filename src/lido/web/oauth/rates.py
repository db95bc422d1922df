"""How often the pages and endpoints of a pool are asked."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lido import errors
from lido.call import Call
from lido.rules import rate_limits
from lido.web.oauth import refusals
from lido.web.site import Site


def refusal(call: Call, site: Site, request: Request, path: str) -> Response | None:
    """Count a request to `path`, as it is without the pool's id; 429 where it is beyond the rate of its pool."""
    try:
        call.limits.spend(site.pool_id, rate_limits.ENDPOINTS.get((request.method, path), ()), call.now)
    except errors.TooManyRequests as too_many:
        if path.startswith("/oauth2/"):
            return refusals.answer(too_many)
        return PlainTextResponse("Too Many Requests", 429, {"retry-after": "1"})
    return None
