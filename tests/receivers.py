"""A real HTTPS server of the tests, with an authority of its own: it remembers what is posted and answers as told."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from lido.ports import local_authority
from lido.ports.clock import SystemClock


class Posted(NamedTuple):
    """One request; headers with lower-case names."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver(ThreadingHTTPServer):
    """Answers each request by `answer(handler, posted)`, which is `say(handler)` until a test sets another."""

    daemon_threads = True
    scheme = "http"

    def __init__(self, folder: Path, *, tls: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[Posted] = []
        self.connections = 0
        self.is_over = threading.Event()
        self.answer: Any = lambda handler, posted: say(handler)
        self.authority = str(folder / local_authority.AUTHORITY)
        if tls:
            self.scheme = "https"
            chain, key = local_authority.provide(folder, "localhost", SystemClock().now())
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain, key)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.server_port}{path}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        posted = Posted(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.posted.append(posted)  # type: ignore[attr-defined]
        self.server.answer(self, posted)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def say(handler: BaseHTTPRequestHandler, body: bytes = b"{}", status: int = 200, **headers: str) -> None:
    """An ordinary answer."""
    handler.send_response(status)
    for name, value in {"content-length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def receiving(folder: Path, *, tls: bool = True) -> Iterator[Receiver]:
    """A receiver that serves until the block ends."""
    with Receiver(folder / "authority", tls=tls) as receiver:
        serving = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield receiver
        finally:
            receiver.is_over.set()
            receiver.shutdown()
            serving.join()
