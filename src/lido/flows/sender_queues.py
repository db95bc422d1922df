"""Messages that wait for their pools' own senders: threads of their own, so that a slow sender keeps nobody waiting.

What goes by a gateway never waits here. Of all that waits, each pool gets its turn.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from lido.records import Message

AT_ONCE = 16
OF_ONE_POOL = 4
SLOW_MS = 3_000
REST = 3
"""A sender that took longer than `SLOW_MS` rests so many times as long: it keeps one thread busy, not four."""

Lane = tuple[str, str]
"""A pool and a medium: what one sender sends."""
_log = structlog.get_logger("lido.messages")


class SenderQueues:
    """Calls `send` for each message, at most `AT_ONCE` at a time and `OF_ONE_POOL` for one sender.

    `put_back` gets what is not sent here after all, `rested` is called when a sender may be given more; `now` is
    milliseconds since 1970.
    """

    def __init__(
        self,
        send: Callable[[Message], None],
        put_back: Callable[[list[Message]], None],
        rested: Callable[[], None],
        now: Callable[[], int],
    ) -> None:
        self._send = send
        self._put_back = put_back
        self._rested = rested
        self._now = now
        self._changed = threading.Condition()
        self._waiting: dict[Lane, deque[Message]] = {}
        self._in_hand: Counter[Lane] = Counter()
        self._resting_until: dict[Lane, int] = {}
        self._threads = 0
        self._stopping = False

    def closed(self) -> list[Lane]:
        """The senders that are given nothing more for now: they have enough to do, or rest."""
        now = self._now()
        with self._changed:
            self._resting_until = {lane: until for lane, until in self._resting_until.items() if until > now}
            return sorted({*self._waiting, *self._resting_until})

    def add(self, messages: Iterable[Message]) -> None:
        """Send these as soon as it is their turn."""
        with self._changed:
            for message in messages:
                self._waiting.setdefault(_lane(message), deque()).append(message)
            wanted = min(sum(map(len, self._waiting.values())), AT_ONCE - self._threads)
            for _ in range(wanted):
                self._threads += 1
                threading.Thread(target=self._run, name="lido-sender", daemon=True).start()

    def stop(self) -> None:
        """Begin no further message."""
        with self._changed:
            self._stopping = True

    def finish(self) -> None:
        """Wait for what is in hand; give back what a stop left waiting."""
        with self._changed:
            self._changed.wait_for(lambda: self._threads == 0)
            left = [message for queue in self._waiting.values() for message in queue]
            self._waiting = {}
        self._safely(partial(self._put_back, left))

    def _run(self) -> None:
        while (message := self._next()) is not None:
            began = self._now()
            self._safely(partial(self._send, message))
            self._after(_lane(message), self._now() - began)

    def _next(self) -> Message | None:
        with self._changed:
            for lane, queue in self._waiting.items():
                if not self._stopping and self._in_hand[lane] < OF_ONE_POOL:
                    del self._waiting[lane]
                    message = queue.popleft()
                    if queue:
                        self._waiting[lane] = queue  # at the end: the others come first
                    self._in_hand[lane] += 1
                    return message
            self._threads -= 1
            self._changed.notify_all()
            return None

    def _after(self, lane: Lane, took_ms: int) -> None:
        left: deque[Message] = deque()
        with self._changed:
            self._in_hand[lane] -= 1
            if not self._in_hand[lane]:
                del self._in_hand[lane]
            if took_ms > SLOW_MS:
                self._resting_until[lane] = self._now() + REST * took_ms
                left = self._waiting.pop(lane, left)
            is_open = lane not in self._waiting and lane not in self._resting_until
        if left:
            self._safely(partial(self._put_back, list(left)))
        if is_open:
            self._rested()

    @staticmethod
    def _safely(work: Callable[[], object]) -> None:
        """Whatever happens, the thread goes on; a message that is not settled is claimed again after its lease."""
        try:
            work()
        except Exception:  # noqa: BLE001 - whatever one message does, the others leave
            _log.exception("sending by a trigger failed")


def _lane(message: Message) -> Lane:
    return message.pool_id, message.medium
