"""An address of an app's own at which it publishes its keys, over HTTPS, with an authority of the tests."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from lido.ports import local_authority
from lido.ports.clock import SystemClock


class Publisher(ThreadingHTTPServer):
    """Shows `content` as JSON to whoever asks."""

    daemon_threads = True
    content: Any = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_port}/jwks.json"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(self.server.content).encode())  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def publishing(folder: Path) -> Iterator[tuple[Publisher, str]]:
    """The server until the block ends, and the file of the authority that vouches for it."""
    chain, key = local_authority.provide(folder, "localhost", SystemClock().now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with Publisher(("127.0.0.1", 0), _Handler) as publisher:
        publisher.socket = context.wrap_socket(publisher.socket, server_side=True, do_handshake_on_connect=False)
        serving = Thread(target=publisher.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield publisher, str(folder / local_authority.AUTHORITY)
        finally:
            publisher.shutdown()
            serving.join()
