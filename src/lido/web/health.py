"""Whether the process lives, and whether it can serve."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import master_key


async def alive(request: Request) -> Response:  # noqa: ARG001 - every endpoint has it
    """The process answers, on the event loop: also when no worker thread is free."""
    return JSONResponse({"status": "ok"})


def ready(call: Call, request: Request) -> Response:  # noqa: ARG001 - every endpoint has these two
    """The database answers too, and is sealed with a key that this process has; 503 when not."""
    try:
        fits = master_key.is_at_hand(call.db, call.keys)
    except errors.Unavailable:
        return _unready("the database does not answer")
    return JSONResponse({"status": "ready"}) if fits else _unready("the master key that seals is not at hand")


def _unready(status: str) -> Response:
    return JSONResponse({"status": status}, status_code=503, headers={"retry-after": "1"})
