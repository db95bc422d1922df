"""Whether the process lives, and whether it can serve."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lido.call import Call
from lido.flows import readiness


async def alive(request: Request) -> Response:  # noqa: ARG001 - every endpoint has it
    """The process answers, on the event loop: also when no worker thread is free."""
    return JSONResponse({"status": "ok"})


def ready(call: Call, request: Request) -> Response:  # noqa: ARG001 - every endpoint has these two
    """It can serve; 503 and the reason when it cannot."""
    trouble = readiness.trouble(call)
    if trouble is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": trouble}, status_code=503, headers={"retry-after": "1"})
