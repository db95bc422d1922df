"""The carrier that flows know: the share of a pool, attempts, bounds, the end; and Python functions behind it."""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lido import silence
from lido.ports.entropy import SystemEntropy
from lido.ports.triggers import python_function
from lido.ports.triggers.carrier import Busy, NotInvocable, Raised, Target, TimedOut, Unrecognizable
from lido.ports.triggers.carriers import Carriers
from lido.ports.triggers.python_function import PythonFunctions

PATIENCE = 20.0


class Gate:
    """A way on which every attempt waits until it is opened; the first `time_outs` attempts are not answered."""

    def __init__(self, *, time_outs: int = 0) -> None:
        self.opened = threading.Event()
        self.came = threading.Semaphore(0)
        self.ids: list[str] = []
        self.is_closed = False
        self._time_outs = time_outs

    def attempt(self, target, invocation):
        self.ids.append(invocation.id)
        if len(self.ids) <= self._time_outs:
            raise TimedOut
        self.came.release()
        self.opened.wait(PATIENCE)
        return b"{}"

    def close(self):
        self.is_closed = True


def through(way, *, waiting=2):
    return Carriers({"python": lambda: way}, SystemEntropy(), waiting=waiting)


def python(address="", **settings):
    return Target(name="f", kind="python", address=address, arn="", **{"timeout_seconds": PATIENCE, **settings})


def test_a_pool_whose_triggers_are_slow_is_busy_and_others_are_served():
    gate = Gate()
    carriers = through(gate, waiting=2)
    with ThreadPoolExecutor(3) as threads:
        slow = [threads.submit(carriers.invoke, python(), "PreSignUp", b"{}", "slow") for _ in range(2)]
        for _ in slow:
            assert gate.came.acquire(timeout=PATIENCE)
        with pytest.raises(Busy):
            carriers.invoke(python(), "PreSignUp", b"{}", "slow")
        other = threads.submit(carriers.invoke, python(), "PreSignUp", b"{}", "other")
        assert gate.came.acquire(timeout=PATIENCE)
        gate.opened.set()
        assert {call.result(PATIENCE) for call in [*slow, other]} == {b"{}"}

    assert carriers.invoke(python(), "PreSignUp", b"{}", "slow") == b"{}"


def test_senders_of_messages_take_nothing_from_the_share_of_sign_ins():
    gate = Gate()
    carriers = through(gate, waiting=1)
    with ThreadPoolExecutor(3) as threads:
        names = ("CustomEmailSender", "CustomSMSSender", "PreSignUp")
        calls = [threads.submit(carriers.invoke, python(), name, b"{}", "pool") for name in names]
        for _ in calls:
            assert gate.came.acquire(timeout=PATIENCE)
        gate.opened.set()
        assert {call.result(PATIENCE) for call in calls} == {b"{}"}


def test_a_failed_call_gives_its_share_back():
    carriers = through(Gate(time_outs=100), waiting=1)
    for _ in range(3):
        with pytest.raises(TimedOut):
            carriers.invoke(python(), "PreSignUp", b"{}", "pool")


def test_attempts_after_time_outs_have_one_id():
    gate = Gate(time_outs=2)
    gate.opened.set()

    assert through(gate).invoke(python(attempts=3), "PreSignUp", b"{}", "pool") == b"{}"
    assert len(gate.ids) == 3
    assert len(set(gate.ids)) == 1


def test_nothing_is_invoked_after_the_end():
    gate = Gate()
    gate.opened.set()
    carriers = through(gate)
    carriers.invoke(python(), "PreSignUp", b"{}", "pool")
    carriers.close()

    assert gate.is_closed
    with pytest.raises(NotInvocable):
        carriers.invoke(python(), "PreSignUp", b"{}", "pool")


def test_nothing_is_invoked_while_a_transaction_is_open():
    gate = Gate()
    silence.begin()
    try:
        with pytest.raises(RuntimeError, match="transaction"):
            through(gate).invoke(python(), "PreSignUp", b"{}", "pool")
    finally:
        silence.end()
    assert gate.ids == []


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of Python functions."""
    (tmp_path / "rules_of_ours.py").write_text(
        "import threading\n"
        "gate = threading.Event()\n"
        "def confirm(event): event['response'] = {'autoConfirmUser': True}; return event\n"
        "def refuse(event): raise ValueError('No,\\n no.')\n"
        "def leave(event): raise SystemExit(1)\n"
        "def nothing(event): pass\n"
        "def rubbish(event): return object()\n"
        "def endless(event): event['event'] = event; return event\n"
        "def large(event): return 'x' * (7 * 1024 * 1024)\n"
        "def hang(event): gate.wait(20)\n"
        "number = 7\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "rules_of_ours"
    if "rules_of_ours" in sys.modules:
        sys.modules.pop("rules_of_ours").gate.set()


def call(address, **settings):
    carriers = through(PythonFunctions(), waiting=32)
    return json.loads(carriers.invoke(python(address, **settings), "PreSignUp", b'{"a":1}', "pool"))


def test_a_python_function_answers(module):
    assert call(f"{module}:confirm") == {"a": 1, "response": {"autoConfirmUser": True}}
    assert call(f"{module}:nothing") is None


@pytest.mark.parametrize(
    "function, told", [("refuse", r"^No,  no\.$"), ("leave", "^1$"), ("absent", "missing"), ("number", "not callable")]
)
def test_a_python_function_that_raises_is_told_by_its_text(module, function, told):
    with pytest.raises(Raised, match=told):
        call(f"{module}:{function}")


@pytest.mark.parametrize("function", ["rubbish", "endless", "large"])
def test_a_python_function_that_answers_rubbish_is_refused(module, function):
    with pytest.raises(Unrecognizable):
        call(f"{module}:{function}")


def test_python_functions_that_hang_are_left_behind_and_bounded(module):
    carriers = through(PythonFunctions(), waiting=32)
    for _ in range(16):
        with pytest.raises(TimedOut):
            carriers.invoke(python(f"{module}:hang", timeout_seconds=0.01, attempts=1), "PreSignUp", b'{"a":1}', "pool")
    with pytest.raises(NotInvocable, match="TooManyRequestsException"):
        carriers.invoke(python(f"{module}:hang"), "PreSignUp", b"{}", "pool")

    assert json.loads(carriers.invoke(python(f"{module}:confirm"), "PreSignUp", b"{}", "pool"))


def test_a_module_that_is_not_there_is_told():
    with pytest.raises(Raised, match="Unable to import module 'no_such_module_here'"):
        call("no_such_module_here:function")
    for address in ("", "module", "module:", ":function", "module:a.b"):
        with pytest.raises(ValueError, match="module:function"):
            python_function.load(address)
