"""The load generator: a process of its own that keeps a number of connections busy, each with one conversation.

It does next to nothing for a request: the bytes are there already, and only the status of an
answer is looked at, and whether it holds what is wanted. So on two cores it leaves the server more than one.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Generator, Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import httptools
import uvloop


class Ask(NamedTuple):
    """One request of a conversation; the operation that is measured ends with the answer to its `last`.

    An answer of another status, or that does not hold `wanted`, is a refusal. Of a redirect it is the headers.
    """

    request: bytes
    last: bool = True
    wanted: bytes = b""
    status: int = 200


_PATIENCE_SECONDS = 30
_OK = 200

Conversation = Generator[Ask, bytes, None]
Workload = tuple[int, Callable[[], Iterator[Conversation]]]
"""A port of this machine, and what is said to it: as many conversations as are wanted."""


class Slice(NamedTuple):
    """What a stretch of load brought: how long it took, and how long each operation waited for the server."""

    seconds: float
    waits: list[float]
    refused: str

    @property
    def count(self) -> int:
        return len(self.waits)


class Load(NamedTuple):
    """The process, and the way to tell it what to do."""

    process: multiprocessing.process.BaseProcess
    orders: Connection

    def drive(self, name: str, connections: int, seconds: float) -> Slice:
        """Keep that workload going on so many connections for a while; every request that began is answered."""
        self.orders.send((name, connections, seconds))
        if not self.orders.poll(seconds + _PATIENCE_SECONDS):
            raise RuntimeError(f"{name}: the server does not answer")
        answer = self.orders.recv()
        if isinstance(answer, BaseException):
            raise answer
        if answer.refused:
            raise RuntimeError(f"{name} was refused: {answer.refused}")
        return answer

    def stop(self) -> None:
        self.orders.send(None)
        self.process.join()


def start(workloads: dict[str, Workload]) -> Load:
    """Start the process; it holds the workloads by name."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, workloads), daemon=True)
    process.start()
    return Load(process, ours)


def _serve(orders: Connection, workloads: dict[str, Workload]) -> None:
    loop = uvloop.new_event_loop()
    conversations: dict[str, list[Conversation]] = {}
    while (order := orders.recv()) is not None:
        name, connections, seconds = order
        try:
            # A conversation goes on where the slice before stopped: prepared steps are used once.
            mine = conversations.setdefault(name, [])
            port, workload = workloads[name]
            fresh = workload()
            while len(mine) < connections:
                mine.append(next(fresh))
            orders.send(loop.run_until_complete(_slice(port, mine[:connections], seconds)))
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            orders.send(error)


async def _slice(port: int, conversations: list[Conversation], seconds: float) -> Slice:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    lines = [_Line(conversation, began + seconds) for conversation in conversations]
    for line in lines:
        await loop.create_connection(lambda line=line: line, "127.0.0.1", port)
    await asyncio.gather(*(line.over for line in lines))
    waits = [wait for line in lines for wait in line.waits]
    return Slice(time.perf_counter() - began, waits, next((line.refused for line in lines if line.refused), ""))


class _Line(asyncio.Protocol):
    """One connection: sends what the conversation asks for, hands it the answer, until the time is over."""

    def __init__(self, conversation: Conversation, until: float) -> None:
        self.waits: list[float] = []
        self.refused = ""
        self.over = asyncio.get_running_loop().create_future()
        self._conversation = conversation
        self._until = until
        self._waited = 0.0
        self._body = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)
        self._send(next(self._conversation))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._asked.status != _OK:
            self._body += name + b": " + value + b"\r\n"

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._waited += now - self._sent_at
        body, self._body = self._body, b""
        status = self._parser.get_status_code()
        if status != self._asked.status or self._asked.wanted not in body:
            self._finish(f"{status} {body[:300]!r}")
            return
        if self._asked.last:
            self.waits.append(self._waited)
            self._waited = 0.0
            if now >= self._until:
                self._finish("")
                return
        self._parser = httptools.HttpResponseParser(self)
        self._send(self._conversation.send(body))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self._finish(f"the connection broke: {exc}")

    def _send(self, ask: Ask) -> None:
        self._asked = ask
        self._sent_at = time.perf_counter()
        self._transport.write(ask.request)

    def _finish(self, refused: str) -> None:
        self.refused = refused
        if not self.over.done():
            self.over.set_result(None)
        self._transport.close()
