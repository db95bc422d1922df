"""The listening socket, and the HTTP server behind it: uvicorn with uvloop and httptools.

The socket is our own, so that it can be shared by several processes and never waits for Nagle.
"""

import asyncio
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

KEEP_ALIVE_SECONDS = 75
ARRIVAL_SECONDS = 30
"""How long the head of a request may take to arrive, and again its body, or each `STRIDE_BYTES` of a long one."""
STRIDE_BYTES = 1024 * 1024
HEAD_BYTES = 64 * 1024
FAREWELL_SECONDS = 1
BACKLOG = 2048


class Certificate(NamedTuple):
    """Files in PEM: the certificate with its chain, and its key."""

    chain: str
    key: str


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to that address, port 0 for a free one; it listens when a server takes it. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # The protocol is named: without it asyncio does not know TCP and leaves Nagle's 40 ms on.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


class Server:
    """An ASGI application on a bound socket. `ready` is called once it listens.

    With a certificate it speaks TLS; `choose` may give a connection another one (`SSLContext.sni_callback`).
    """

    def __init__(
        self,
        application: Any,
        bound: socket.socket,
        *,
        certificate: Certificate | None,
        choose: Callable[[ssl.SSLObject, str, ssl.SSLContext], None] | None = None,
        shutdown_seconds: int,
        ready: Callable[[], None],
    ) -> None:
        config = uvicorn.Config(
            application,
            http=_Protocol,
            loop="uvloop",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=shutdown_seconds,
            ssl_certfile=certificate.chain if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )
        config.load()
        if config.ssl is not None:
            config.ssl.sni_callback = choose
        self._server = _Server(config, ready)
        self._bound = bound

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT or `stop`; returns when the requests in flight are answered."""
        self._server.run(sockets=[self._bound])

    def stop(self) -> None:
        """Begin to stop; from any thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Says when it listens, and takes a signal as a wish that it grants, not as its death."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, which raises the signal again at the end: the process would not exit with 0."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Protocol(HttpToolsProtocol):
    """Bounds a request: the size of its head, and how long head and body may take to arrive: a mebibyte in so long."""

    _in_head = True
    _in_body = False
    _head_bytes = 0
    _stride_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._expect_rest()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        self._stride_bytes += len(data)
        if self._in_body and self._stride_bytes >= STRIDE_BYTES:
            self._forget_deadline()
        super().data_received(data)
        if (self._in_body or (self._in_head and self._head_bytes)) and not self.transport.is_closing():
            if self._in_head and self._head_bytes > HEAD_BYTES:
                self.send_400_response("The head of the request is too large.")
            elif self._deadline is None:
                self._expect_rest()

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        self._forget_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._in_body, self._head_bytes = True, False, 0
        self._forget_deadline()
        super().on_message_complete()

    def shutdown(self) -> None:
        """Close what is idle. TLS waits half a minute for the client's farewell; a stopping server does not."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(FAREWELL_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def _expect_rest(self) -> None:
        self._deadline = self.loop.call_later(ARRIVAL_SECONDS, self.transport.close)

    def _forget_deadline(self) -> None:
        self._stride_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
