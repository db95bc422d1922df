"""Where log records go: what a sink is, and the two that AWS has not, a file and an HTTP address."""

import os
import threading
from pathlib import Path
from typing import NamedTuple, Protocol

from lido import silence
from lido.ports.outgoing import Outgoing, Refused, TooLarge, TooSlow, Unreachable
from lido.rules.log_delivery import Destination

SECONDS = 10.0
LIMIT_BYTES = 1024 * 1024


class LogLine(NamedTuple):
    """One record: its id, which stays the same however often it is sent, when it was (ms), and its JSON."""

    id: str
    at: int
    text: str


class NotDelivered(Exception):
    """The sink took nothing, or not for sure; the message says why and names no secret."""


class LogSink(Protocol):
    """Takes records. Safe to share between threads."""

    def deliver(self, pool_id: str, destination: Destination, lines: list[LogLine]) -> list[LogLine]:
        """Hand over records, in order of time; gives those that were not taken. Raises NotDelivered."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class FileSink:
    """A file on this machine, one JSON record a line, on disk before it counts as delivered. Rotate it by renaming."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def deliver(self, pool_id: str, destination: Destination, lines: list[LogLine]) -> list[LogLine]:  # noqa: ARG002 - as every sink
        """See LogSink.deliver."""
        silence.refuse_if_open("Writing a log file")
        content = "".join(f"{line.text}\n" for line in lines).encode()
        try:
            with self._lock:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    _write_all(descriptor, content)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise NotDelivered(f"the file cannot be written: {error.strerror}") from error
        return []

    def close(self) -> None:
        """Nothing stays open."""


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


class HTTPSink:
    """An address that takes JSON lines by POST and answers 2xx when it has them."""

    def __init__(self, outgoing: Outgoing, url: str, *, authorization: str | None) -> None:
        self._outgoing = outgoing
        self._url = url
        self._authorization = authorization

    def __repr__(self) -> str:
        return f"<HTTPSink {self._url}>"

    def deliver(self, pool_id: str, destination: Destination, lines: list[LogLine]) -> list[LogLine]:  # noqa: ARG002 - as every sink
        """See LogSink.deliver."""
        headers = {"content-type": "application/x-ndjson", "lido-pool-id": pool_id}
        if self._authorization:
            headers["authorization"] = self._authorization
        content = "".join(f"{line.text}\n" for line in lines).encode()
        try:
            answer = self._outgoing.post(self._url, content, headers, seconds=SECONDS, limit_bytes=LIMIT_BYTES)
        except (Refused, Unreachable, TooSlow, TooLarge) as trouble:
            raise NotDelivered(f"{type(trouble).__name__} {trouble}".strip()) from None
        if not 200 <= answer.status < 300:
            raise NotDelivered(f"HTTP {answer.status}")
        return []

    def close(self) -> None:
        """Close the connections."""
        self._outgoing.close()
