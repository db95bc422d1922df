"""Unmodified Lambda handlers on this machine: for each target a few processes, started when needed and kept alive."""

import threading
from contextlib import suppress
from time import monotonic

from msgspec.structs import replace

from lido.ports.triggers import function_process
from lido.ports.triggers.carrier import Invocation, NotInvocable, Raised, Target
from lido.ports.triggers.function_process import FunctionProcess, Handler, Runtimes
from lido.ports.triggers.runtime_api import NotHandedOver


class Handlers:
    """Runs handlers. Each target has at most `processes`, which take one event at a time."""

    def __init__(self, runtimes: Runtimes, *, processes: int) -> None:
        self._runtimes = runtimes
        self._processes = processes
        self._lock = threading.Lock()
        self._crews: dict[tuple[str, str], _Crew] = {}

    def attempt(self, target: Target, invocation: Invocation) -> bytes:
        """As Carriage.attempt. Starting a process counts as time of the attempt, as at AWS."""
        try:
            handler = function_process.find(target.folder, target.address)
        except ValueError:
            raise NotInvocable("ResourceNotFoundException") from None
        return self._crew(target, handler).attempt(invocation)

    def close(self) -> None:
        """Kill all processes."""
        with self._lock:
            crews, self._crews = self._crews, {}
        for crew in crews.values():
            crew.close(at_once=True)

    def _crew(self, target: Target, handler: Handler) -> "_Crew":
        """Those who run the target as it is now: another address, environment or file gets new processes."""
        with self._lock:
            crew = self._crews.get((target.name, target.region))
            if crew is not None and crew.runs(target, handler):
                return crew
            fresh = _Crew(target, handler, self._runtimes, self._processes)
            self._crews[target.name, target.region] = fresh
        if crew is not None:
            crew.close(at_once=False)
        return fresh


class _Crew:
    """The processes of one target: those that rest, and how many there are in all."""

    def __init__(self, target: Target, handler: Handler, runtimes: Runtimes, most: int) -> None:
        self._target = target
        self._handler = handler
        self._runtimes = runtimes
        self._most = most
        self._changed = threading.Condition()
        self._resting: list[FunctionProcess] = []
        self._working: set[FunctionProcess] = set()
        self._starting = 0
        self._is_closed = False

    def runs(self, target: Target, handler: Handler) -> bool:
        # Pools may call one function by several ARNs; none of them must end what runs for another.
        return (replace(self._target, arn=target.arn), self._handler) == (target, handler)

    def attempt(self, invocation: Invocation) -> bytes:
        until = monotonic() + self._target.timeout_seconds
        for _ in range(self._most):
            with suppress(NotHandedOver):
                return self._run(self._take(until), invocation, until)
        raise Raised("Runtime exited before it took the event")

    def _run(self, process: FunctionProcess, invocation: Invocation, until: float) -> bytes:
        is_spent = True
        try:
            answer = process.run(invocation, max(0.0, until - monotonic()))
            is_spent = False
            return answer
        except Raised:
            is_spent = not process.is_alive
            raise
        finally:
            self._give_back(process, is_spent=is_spent)

    def close(self, *, at_once: bool) -> None:
        """Kill those that rest; those that work are killed too, or when they have answered."""
        with self._changed:
            self._is_closed = True
            ended = self._resting + (list(self._working) if at_once else [])
            self._resting = []
        for process in ended:
            process.kill()

    def _take(self, until: float) -> FunctionProcess:
        with self._changed:
            while not self._resting and len(self._working) + self._starting >= self._most:
                if not self._changed.wait(until - monotonic()):
                    raise NotInvocable("TooManyRequestsException")
            while self._resting:
                process = self._resting.pop()
                self._working.add(process)
                if process.is_alive:
                    return process
                self._working.remove(process)
                process.kill()
            self._starting += 1
        try:
            process = FunctionProcess(self._target, self._handler, self._runtimes)
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify()
        with self._changed:
            self._working.add(process)
        return process

    def _give_back(self, process: FunctionProcess, *, is_spent: bool) -> None:
        if is_spent:
            process.kill()
        with self._changed:
            self._working.discard(process)
            is_spent = is_spent or self._is_closed
            if not is_spent:
                self._resting.append(process)
            self._changed.notify()
        if is_spent:
            process.kill()
