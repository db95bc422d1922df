"""The life of processes: begun, used again, replaced, and none left behind."""

import json
import os
import select
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from tests.ports.handlers.conftest import ARN, PATIENCE, Stand, is_running, outputs_end, target

from lido.ports.triggers.carrier import (
    Invocation,
    NotInvocable,
    Raised,
    Target,
    TimedOut,
)
from lido.ports.triggers.runtime_api import Exited, NotHandedOver, RuntimeAPI


def children() -> set[str]:
    """The processes that this one has started and that are not over."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            process, _, rest = stat.read_text().rpartition(")")
            if rest.split()[1] == str(os.getpid()):
                found.add(process.split()[0])
    return found


def test_a_process_is_used_again_and_again(stand, handler):
    assert len({stand.process(handler) for _ in range(5)}) == 1


def test_a_handler_that_hangs_is_killed_when_its_time_is_over(stand, handler):
    before = children()
    with pytest.raises(TimedOut):
        stand(msgspec.structs.replace(handler, timeout_seconds=1.5), {"do": "hang"})

    assert children() == before
    assert stand.process(handler)


@pytest.mark.parametrize(
    "end, told",
    [("die", "exit status 3"), ("kill", "signal: SIGKILL"), ("leave", "exit status|too late")],
)
def test_a_handler_that_dies_has_raised_and_the_next_event_starts_another(stand, handler, end, told):
    process = stand.process(handler)
    with pytest.raises(Raised, match=told):
        stand(handler, {"do": end})

    assert stand.process(handler) != process
    assert not is_running(process)


def test_a_process_that_died_at_rest_is_replaced(stand, handler):
    process = stand.process(handler)
    os.kill(process, 9)
    outputs_end()

    assert stand.process(handler) != process


class WatchedAPI(RuntimeAPI):
    """Says when a process has asked for an event and got none."""

    def __init__(self, target: Target) -> None:
        self.taken = threading.Event()
        super().__init__(target)

    def next(self, connection: socket.socket) -> Invocation | None:
        found = super().next(connection)
        self.taken.set()
        return found


def test_an_event_that_a_dying_process_never_had_may_go_to_another(tmp_path):
    api = WatchedAPI(target(tmp_path, "app.handler"))
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port))) as process:
        process.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
    with ThreadPoolExecutor(1) as callers:
        asking = callers.submit(api.ask, Invocation("1", "PreSignUp", b"{}"), PATIENCE)
        assert api.taken.wait(PATIENCE)
        api.end(Exited("Runtime exited"))
        with pytest.raises(NotHandedOver):
            asking.result(PATIENCE)


def test_a_new_version_of_the_file_is_seen(stand, tmp_path):
    file = tmp_path / "index.mjs"
    file.write_text("export const handler = async () => 'before';")
    there = target(tmp_path, "index.handler")
    assert stand(there, {}) == "before"

    file.write_text("export const handler = async () => 'after';")
    os.utime(file, ns=(1, 1))

    assert stand(there, {}) == "after"


def test_another_environment_gets_another_process(stand, handler):
    process = stand.process(handler)

    assert stand.process(msgspec.structs.replace(handler, environment={"NEW": "1"})) != process
    assert not is_running(process)


def test_no_process_is_left_after_the_end(handler):
    stand = Stand()
    process = stand.process(handler)

    stand.close()

    assert not is_running(process)
    with pytest.raises(NotInvocable):
        stand.process(handler)


def test_what_a_handler_started_ends_with_it(tmp_path):
    (tmp_path / "app.py").write_text(
        "import subprocess, os\n"
        "child = subprocess.Popen(['cat'], stdin=subprocess.PIPE)\n"
        "def handler(event, context): return child.pid\n"
    )
    stand = Stand()
    child = stand(target(tmp_path, "app.handler"), {})
    descriptor = os.pidfd_open(child)

    stand.close()

    assert select.select([descriptor], [], [], PATIENCE)[0], "it runs on"
    os.close(descriptor)


OWNER = """
import sys
from lido.ports.triggers.carrier import Invocation, Target
from lido.ports.triggers.function_process import Runtimes
from lido.ports.triggers.handlers import Handlers
target = Target(name="f", kind="handler", address=sys.argv[2], arn="", folder=sys.argv[1], timeout_seconds=20.0)
answer = Handlers(Runtimes(), processes=1).attempt(target, Invocation("1", "PreSignUp", b'{"do":""}'))
print(answer.decode(), flush=True)
sys.stdin.read()
"""


def test_a_server_that_is_killed_leaves_no_process_behind(handler):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, handler.folder, handler.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with owner:
        process = json.loads(owner.stdout.readline())["process"]
        descriptor = os.pidfd_open(process)
        owner.kill()

    assert select.select([descriptor], [], [], PATIENCE)[0], "it runs on"
    os.close(descriptor)


def test_two_events_at_once_have_two_processes_and_a_third_waits(tmp_path):
    stand = Stand(processes=2)
    (tmp_path / "app.py").write_text(
        "import os\n"
        "def handler(event, context):\n"
        "    if event['gate']: open(event['gate']).read()\n"
        "    return os.getpid()\n"
    )
    there = target(tmp_path, "app.handler")
    gates = [tmp_path / "one", tmp_path / "two"]
    for gate in gates:
        os.mkfifo(gate)
    with ThreadPoolExecutor(3) as callers:
        two = [callers.submit(stand, there, {"gate": str(gate)}) for gate in gates]
        doors = [gate.open("w") for gate in gates]  # opens when a handler reads
        third = callers.submit(stand, there, {"gate": ""})
        for door in doors:
            door.close()
        processes = {call.result(PATIENCE) for call in two}
        assert third.result(PATIENCE) in processes
    stand.close()

    assert len(processes) == 2


def test_another_arn_of_a_function_ends_no_process_and_is_told(stand, handler):
    other = msgspec.structs.replace(handler, arn=f"{ARN}:live")

    assert stand.process(handler) == stand.process(other) == stand.process(handler)
    assert stand(other, {"do": "where"})["arn"] == f"{ARN}:live"
    assert stand(handler, {"do": "where"})["arn"] == ARN
