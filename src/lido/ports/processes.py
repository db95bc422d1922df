"""Worker processes: started, started again when they die, stopped together.

A worker gets its orders as one line on its input, which then stays open: a worker whose input ends has
lost its first process, and stops too.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from types import FrameType

import structlog

LOOK_SECONDS = 0.2
SHORT_LIFE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0

_log = structlog.get_logger("lido.workers")


class Workers:
    """`count` processes that run a Python module with the open files `descriptors`; `orders` writes each one's line."""

    def __init__(self, count: int, module: str, orders: Callable[[int], bytes], descriptors: Sequence[int]) -> None:
        self._workers = [_Worker(module, orders(number) + b"\n", descriptors) for number in range(count)]
        self._stopping = threading.Event()

    def run(self, shutdown_seconds: float) -> None:
        """Keep all alive until SIGTERM or SIGINT; returns when all have ended, killed after `shutdown_seconds`."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._stopping.is_set():
                for worker in self._workers:
                    worker.keep_alive()
                self._stopping.wait(LOOK_SECONDS)
        finally:
            for worker in self._workers:
                worker.ask_to_stop()
            until = monotonic() + shutdown_seconds
            for worker in self._workers:
                worker.end(max(0.0, until - monotonic()))
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()


class _Worker:
    def __init__(self, module: str, orders: bytes, descriptors: Sequence[int]) -> None:
        self._command = [sys.executable, "-m", module]
        self._orders = orders
        self._descriptors = descriptors
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._failures = 0

    def keep_alive(self) -> None:
        """Start the process when there is none: at once after a long life, later and later after short ones."""
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._note_death(self._process)
        if monotonic() >= self._started_at + self._pause_seconds():
            self._start()

    def _note_death(self, process: subprocess.Popen[bytes]) -> None:
        _log.error("a worker died", process=process.pid, status=process.returncode)
        lived = monotonic() - self._started_at
        self._failures = self._failures + 1 if lived < SHORT_LIFE_SECONDS else 0
        self._let_go(process)

    def _pause_seconds(self) -> float:
        return min(LONGEST_PAUSE_SECONDS, 0.5 * 2**self._failures) if self._failures else 0.0

    def _start(self) -> None:
        self._started_at = monotonic()
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, pass_fds=self._descriptors)  # noqa: S603 - our own module
        if self._process.stdin is not None:
            self._process.stdin.write(self._orders)
            self._process.stdin.flush()

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self, patience_seconds: float) -> None:
        process = self._process
        if process is None:
            return
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._let_go(process)

    def _let_go(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        self._process = None
