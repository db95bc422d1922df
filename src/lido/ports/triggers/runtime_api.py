"""AWS Lambda's Runtime API (2018-06-01) for one function process, on a loopback port of its own.

The process asks for the next event, and posts its answer or its error. Other users of the machine are turned away:
an event may hold a password.
"""

import queue
import socket
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from os import getuid
from pathlib import Path
from typing import Any

from lido.ports.clock import SystemClock
from lido.ports.triggers.carrier import (
    MAX_BODY_BYTES,
    Failure,
    Invocation,
    Raised,
    Target,
    Unrecognizable,
    error_message,
)

_LOOPBACK = "127.0.0.1"
_PREFIX = "/2018-06-01/runtime/"
_CONNECTIONS = Path("/proc/net/tcp")


class Exited(Raised):
    """The process ended; the message says how."""


class NotHandedOver(Exception):
    """The process ended at rest: it never had the event, which another may be given."""


class RuntimeAPI:
    """The counter at which one process and those who wait for it meet; `address` is what the process is told."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._listener = socket.create_server((_LOOPBACK, 0))
        self._port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bytes | Failure | NotHandedOver] = queue.SimpleQueue()
        self._current: Invocation | None = None
        self._has_asked = False
        self._has_event = False
        self._over: Failure | None = None
        threading.Thread(target=self._accept, name=f"runtime {target.name}", daemon=True).start()

    @property
    def address(self) -> str:
        """`127.0.0.1:port`, for AWS_LAMBDA_RUNTIME_API."""
        return f"{_LOOPBACK}:{self._port}"

    @property
    def is_over(self) -> bool:
        """Whether no event will be answered any more."""
        return self._over is not None

    def ask(self, invocation: Invocation, seconds: float) -> bytes:
        """Hand an event to the process and wait for its answer.

        Raises Raised, Unrecognizable, NotHandedOver; queue.Empty when the time is over, after which the process is of
        no more use.
        """
        with self._lock:
            if self._over is not None:
                raise NotHandedOver if self._has_asked else self._over
            self._current = invocation
            self._has_event = False
            self._waiting.put(invocation)
        answer = self._answers.get(timeout=seconds)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def next(self, connection: socket.socket) -> Invocation | None:
        """The next event, waited for; None when there will be no more, or the other end of the connection is gone."""
        self._has_asked = True
        invocation = self._waiting.get()
        with self._lock:
            if invocation is None or _is_gone(connection):
                self._waiting.put(None)
                return None
            self._has_event = True
        return invocation

    def answer(self, invocation_id: str, answer: bytes | Failure) -> bool:
        """Take the answer to the event that is under way; False: it is not that one's."""
        with self._lock:
            if self._current is None or self._current.id != invocation_id:
                return False
            self._current = None
            self._answers.put(answer)
            return True

    def end(self, failure: Failure) -> None:
        """The process is over: whoever waits, and whoever comes, is told the first reason that was given."""
        with self._lock:
            if self._over is not None:
                return
            self._over = failure
            if self._current is not None:
                self._current = None
                self._answers.put(failure if self._has_event or not self._has_asked else NotHandedOver())
        self._waiting.put(None)
        with suppress(OSError):  # wakes the thread that accepts
            socket.create_connection((_LOOPBACK, self._port), 1).close()

    def _accept(self) -> None:
        with self._listener, suppress(OSError):
            while True:
                connection, peer = self._listener.accept()
                if self.is_over:
                    connection.close()
                    return
                threading.Thread(
                    target=self._serve, args=(connection, peer), name="runtime connection", daemon=True
                ).start()

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        with connection, suppress(OSError):
            if _is_ours(peer[1], self._port):
                _Conversation(connection, peer, self)


class _Conversation(BaseHTTPRequestHandler):
    """One connection of the process; the methods are named by http.server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece

    def __init__(self, connection: socket.socket, peer: tuple[str, int], api: RuntimeAPI) -> None:
        self._api = api
        super().__init__(connection, peer, api)  # type: ignore[arg-type] # it only keeps the third as `server`

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}invocation/next":
            self._reply(404)
            return
        invocation = self._api.next(self.connection)
        if invocation is None:
            self.close_connection = True
            return
        target = self._api.target
        # The process lives by the machine's clock.
        deadline = SystemClock().now() + round(target.timeout_seconds * 1000)
        self._reply(
            200,
            invocation.event,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.arn or target.arn,
            },
        )

    def do_POST(self) -> None:
        body = self._body()
        if self.path == f"{_PREFIX}init/error" and body is not None:
            self._api.end(Raised(error_message(body)))
            self._reply(202)
            return
        kind, _, rest = self.path.removeprefix(_PREFIX).partition("/")
        invocation_id, _, what = rest.partition("/")
        if kind != "invocation" or what not in ("response", "error"):
            self._reply(404)
            return
        answer: bytes | Failure
        if body is None:
            answer = Unrecognizable()
        else:
            answer = body if what == "response" else Raised(error_message(body))
        known = self._api.answer(invocation_id, answer)
        self._reply((202 if body is not None else 413) if known else 400)

    def _body(self) -> bytes | None:
        """The body; None when it is too large, has no length or broke off."""
        length = self.headers.get("content-length", "")
        if not (length.isdecimal() and length.isascii()) or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the log is not for this traffic."""


def _is_gone(connection: socket.socket) -> bool:
    """Whether the other end has closed a connection on which it should be waiting."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _is_ours(peer_port: int, port: int) -> bool:
    """Whether a process of our own user made the loopback connection from `peer_port`; Linux alone can tell."""
    if not sys.platform.startswith("linux"):
        return True
    loopback = f"{int.from_bytes(socket.inet_aton(_LOOPBACK), sys.byteorder):08X}"
    ends = [f"{loopback}:{peer_port:04X}", f"{loopback}:{port:04X}"]
    with _CONNECTIONS.open(encoding="ascii") as table:
        return any(row[1:3] == ends and row[7] == str(getuid()) for row in map(str.split, table))
