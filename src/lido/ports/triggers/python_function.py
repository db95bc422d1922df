"""Python functions in this process: `module:function`, called with the event as a dict, answering a dict.

The module is imported at its first call, from where Python finds modules; whoever registers one lets its code
run with everything that the server may do.
"""

import importlib
import queue
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from lido.ports.triggers.carrier import Invocation, NotInvocable, Raised, Target, TimedOut, Unrecognizable

_AT_ONCE = 16


class PythonFunctions:
    """Calls functions, each on a thread of its own. One that hangs cannot be killed: it is left behind when its time
    is over, and where 16 of one target are at it, no more are begun.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    def attempt(self, target: Target, invocation: Invocation) -> bytes:
        """As Carriage.attempt."""
        with self._lock:
            if self._running[target.address] >= _AT_ONCE:
                raise NotInvocable("TooManyRequestsException")
            self._running[target.address] += 1
        answers: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        threading.Thread(
            target=self._run, args=(target.address, invocation, answers), name=f"trigger {target.name}", daemon=True
        ).start()
        try:
            answer = answers.get(timeout=target.timeout_seconds)
        except queue.Empty:
            raise TimedOut from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Nothing is kept open."""

    def _run(self, address: str, invocation: Invocation, answers: "queue.SimpleQueue[bytes | Exception]") -> None:
        try:
            answers.put(_call(address, invocation))
        except Exception as failure:  # noqa: BLE001 - it is raised where the answer is awaited
            answers.put(failure)
        finally:
            with self._lock:
                self._running[address] -= 1


def load(address: str) -> Callable[[dict[str, Any]], Any]:
    """The function at `module:function`. Raises ValueError with a sentence."""
    module_name, _, name = address.partition(":")
    if not module_name or not name.isidentifier():
        raise ValueError(f"{address} is not of the form module:function.")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise ValueError(f"Unable to import module '{module_name}': {error}") from error
    function: Callable[[dict[str, Any]], Any] | None = getattr(module, name, None)
    if function is None:
        raise ValueError(f"Handler '{name}' missing on module '{module_name}'")
    return function


def _call(address: str, invocation: Invocation) -> bytes:
    try:
        answer = load(address)(msgspec.json.decode(invocation.event))
    except BaseException as error:  # a function that calls sys.exit raised, and nothing more
        raise Raised(str(error)) from error
    try:
        return msgspec.json.encode(answer)
    except (TypeError, ValueError, RecursionError) as error:
        raise Unrecognizable from error
