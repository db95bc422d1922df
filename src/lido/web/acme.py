"""Where an ACME directory looks whether a host is ours (RFC 8555 section 8.3), under any host."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import acme_worker

PATH = "/.well-known/acme-challenge/{token}"


def challenge(call: Call, request: Request) -> Response:
    """The answer to the challenge of that token; 404 where nobody has asked for one."""
    try:
        found = acme_worker.answer(call, request.path_params["token"])
    except errors.Unavailable:
        return PlainTextResponse("Service Unavailable", 503, {"retry-after": "1"})
    return PlainTextResponse("Not Found", 404) if found is None else PlainTextResponse(found)
