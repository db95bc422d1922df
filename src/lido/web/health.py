"""Whether the process lives, and whether it can serve."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lido import errors
from lido.call import Call


async def alive(request: Request) -> Response:  # noqa: ARG001 - every endpoint has it
    """The process answers, on the event loop: also when no worker thread is free."""
    return JSONResponse({"status": "ok"})


def ready(call: Call, request: Request) -> Response:  # noqa: ARG001 - every endpoint has these two
    """The database answers too; 503 when it does not."""
    try:
        with call.db.read() as tx:
            tx.row("SELECT 1")
    except errors.Unavailable:
        return JSONResponse({"status": "the database does not answer"}, status_code=503, headers={"retry-after": "1"})
    return JSONResponse({"status": "ready"})
