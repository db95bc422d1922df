"""The least that the same HTTP server can do, the measure for GetUser; it prints its port."""

from typing import Any

from lido.ports import listener

_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"2")]


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b"{}"})


if __name__ == "__main__":
    bound = listener.bind("127.0.0.1", 0)
    port = bound.getsockname()[1]
    listener.Server(hello, bound, certificate=None, shutdown_seconds=5, ready=lambda: print(port, flush=True)).run()
