"""Workers that serve receivers beside each other, each by one thread at a time: who is slow keeps nobody waiting."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog

from lido import errors

_PARTING_SECONDS = 5.0


class ServingWorker:
    """What such workers share: the receivers in hand, and the rest between two looks for more.

    `kind` names threads and log lines; there are at most `at_once` threads, which start when they are needed.
    """

    def __init__(self, kind: str, at_once: int) -> None:
        self.is_stopping = False
        self.in_hand: dict[Hashable, Future[None]] = {}
        self._log = structlog.get_logger(f"lido.{kind}")
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=f"lido-{kind}")
        self._awake = threading.Event()

    def stop(self) -> None:
        """Begin nothing more; what is being posted may end, for some seconds, and is settled."""
        self.is_stopping = True
        self._awake.set()
        self.finish(_PARTING_SECONDS)

    def wait(self, seconds: float) -> None:
        """Rest until a receiver has been served, at most that long."""
        self._awake.wait(seconds)
        self._awake.clear()

    def finish(self, seconds: float | None = None) -> None:
        """Wait until what is in hand is settled, at most so long."""
        wait(list(self.in_hand.values()), seconds)

    def forget_served(self) -> None:
        """Those who have been served are in hand no more."""
        self.in_hand = {receiver: future for receiver, future in self.in_hand.items() if not future.done()}

    def begin(self, receiver: Hashable, serve: Callable[[], None]) -> None:
        """Serve it on a thread; what goes wrong there is logged."""
        self.in_hand[receiver] = self._threads.submit(self._serve, receiver, serve)

    def _serve(self, receiver: Hashable, serve: Callable[[], None]) -> None:
        try:
            serve()
        except (errors.Unavailable, errors.Conflict) as trouble:
            self._log.warning("postponed", receiver=receiver, trouble=str(trouble))
        except Exception:  # noqa: BLE001 - whatever one receiver does, the others are served
            self._log.exception("failed", receiver=receiver)
        self._awake.set()
