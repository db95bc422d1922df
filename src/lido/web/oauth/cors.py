"""Programs in browsers may ask the endpoints that answer with JSON: nothing there rests on a cookie."""

from starlette.requests import Request
from starlette.responses import Response

_HEADERS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST",
    # Amplify sends x-amz-user-agent, tracing libraries what they like; a star does not stand for Authorization (Fetch).
    "access-control-allow-headers": "*, authorization",
    "access-control-max-age": "7200",
}


async def preflight(request: Request) -> Response:
    """What a browser asks before it sends a header of the page's choice."""
    return Response(status_code=204, headers=_HEADERS)
