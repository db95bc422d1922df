"""A receiver of webhooks on a real socket, which verifies with the `standardwebhooks` package."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook

LOOPBACK = {"private_destinations": "127.0.0.0/8"}
"""The setting under which it may be reached."""


class Receiver:
    """Use it as a context. It takes every POST and answers with `status`, or with what `answer` says about a body.

    `received` holds headers and bodies of all tries as they came, `taken` the parsed bodies of those answered by 2xx.
    """

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.content = b""
        self.headers: dict[str, str] = {}
        self.answer: Callable[[dict[str, Any]], int] = lambda _: self.status
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.taken: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def ids(self) -> list[str]:
        """The ids of what was taken, in the order in which it came."""
        return [body["id"] for body in self.taken]

    @property
    def types(self) -> list[str]:
        """The types of what was taken."""
        return [body["type"] for body in self.taken]

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """Every body that came, whose signature must be right by the package, time included."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.received]

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until something came that makes it true."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def take(self, headers: dict[str, str], content: bytes) -> int:
        body = json.loads(content)
        status = self.answer(body)
        with self.changed:
            self.received.append((headers, content))
            if 200 <= status < 300:
                self.taken.append(body)
            self.changed.notify_all()
        return status

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hung up, or was killed, is nobody's fault here."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(headers, content))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(receiver.content)))
            self.end_headers()
            self.wfile.write(receiver.content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
