"""Unmodified Lambda handlers as processes of this machine, in Python under awslambdaric and in Node."""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import structlog

from lido.ports.entropy import SystemEntropy
from lido.ports.triggers import function_process
from lido.ports.triggers.carrier import (
    MAX_BODY_BYTES,
    Failure,
    Invocation,
    NotInvocable,
    Raised,
    Target,
    TimedOut,
    Unrecognizable,
)
from lido.ports.triggers.carriers import Carriers
from lido.ports.triggers.function_process import Runtimes
from lido.ports.triggers.handlers import Handlers
from lido.ports.triggers.runtime_api import Exited, NotHandedOver, RuntimeAPI

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:hello"
EVENT = {"triggerSource": "PreSignUp_SignUp", "userName": "älice", "request": {}, "response": {}}
PATIENCE = 20.0

PYTHON = {
    "sample": "def lambda_handler(event, context):\n"
    "    event['response']['autoConfirmUser'] = True\n"
    "    return event\n",
    "asked": "import os\n"
    "def lambda_handler(event, context):\n"
    "    what = event['do']\n"
    "    if what == 'raise': raise Exception('Cannot register users under 18')\n"
    "    if what == 'hang': __import__('threading').Event().wait()\n"
    "    if what == 'die': os._exit(3)\n"
    "    if what == 'kill': os.kill(os.getpid(), 9)\n"
    "    if what == 'leave': raise SystemExit(4)\n"
    "    if what == 'print': print('hello\\x1b[31m\\nworld')\n"
    "    if what == 'null': return None\n"
    "    if what == 'html': return '<html>'\n"
    "    if what == 'rubbish': return {1, 2}\n"
    "    if what == 'large': return 'x' * (7 * 1024 * 1024)\n"
    "    if what == 'where': return {**os.environ, 'cwd': os.getcwd(), 'arn': context.invoked_function_arn,\n"
    "                                'id': context.aws_request_id, 'left': context.get_remaining_time_in_millis()}\n"
    "    return {'process': os.getpid()}\n",
}
NODE_ASKED = """(event, context) => {
  switch (event.do) {
    case 'raise': throw new Error('Cannot register users under 18');
    case 'hang': return new Promise(() => { setInterval(() => {}, 1000) });
    case 'die': process.exit(3);
    case 'kill': process.kill(process.pid, 'SIGKILL'); return new Promise(() => {});
    case 'leave': process.exitCode = 4; setTimeout(() => { throw new Error('too late') }); return new Promise(() => {});
    case 'print': console.log('hello\\x1b[31m\\nworld'); return null;
    case 'null': return undefined;
    case 'html': return '<html>';
    case 'rubbish': return { once: 1n };
    case 'large': return 'x'.repeat(7 * 1024 * 1024);
    case 'where': return { ...process.env, cwd: process.cwd(), arn: context.invokedFunctionArn,
                           id: context.awsRequestId, left: context.getRemainingTimeInMillis() };
    default: return { process: process.pid };
  }
}"""
RUNTIMES = ["python", "node"]


def asked(folder: Path, runtime: str) -> str:
    """A handler that does as its event asks."""
    if runtime == "python":
        (folder / "app.py").write_text(PYTHON["asked"])
        return "app.lambda_handler"
    (folder / "app.mjs").write_text(f"export const handler = async {NODE_ASKED};")
    return "app.handler"


def target(folder: Path, address: str, **settings: object) -> Target:
    given = {"timeout_seconds": PATIENCE, "attempts": 1, **settings}
    return Target(name="hello", kind="handler", address=address, arn=ARN, folder=str(folder), **given)


class Stand:
    """Handlers behind the carrier, as the server has them."""

    def __init__(self, processes: int = 2) -> None:
        self.handlers = Handlers(Runtimes(), processes=processes)
        self._carriers = Carriers({"handler": lambda: self.handlers}, SystemEntropy(), waiting=8)
        self.close = self._carriers.close

    def __call__(self, target: Target, event: object) -> object:
        if shutil.which("node") is None and not (Path(target.folder) / "app.py").exists():
            pytest.skip("node is not installed")  # under CI the Node clients of tests/sdk then fail
        return json.loads(self._carriers.invoke(target, "PreSignUp", json.dumps(event).encode(), "pool"))

    def process(self, target: Target) -> int:
        return self(target, {"do": ""})["process"]


@pytest.fixture
def stand():
    stand = Stand()
    yield stand
    stand.close()


@pytest.fixture
def informative():
    """Log what is for information too."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))
    yield
    structlog.configure(**before)


@pytest.fixture(params=RUNTIMES)
def handler(request, tmp_path):
    """A target that does as its event asks."""
    return target(tmp_path, asked(tmp_path, request.param))


def children() -> set[str]:
    """The processes that this one has started and that are not over."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            process, _, rest = stat.read_text().rpartition(")")
            if rest.split()[1] == str(os.getpid()):
                found.add(process.split()[0])
    return found


def outputs_end() -> None:
    """Wait until the outputs of all processes that ended are read."""
    for thread in threading.enumerate():
        if thread.name.startswith("output "):
            thread.join(PATIENCE)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


SAMPLES = {
    "python": ("lambda_function.py", "lambda_function.lambda_handler", PYTHON["sample"]),
    "python below": ("src/app.py", "src/app.lambda_handler", PYTHON["sample"]),
    "async ESM": (
        "index.mjs",
        "index.handler",
        "export const handler = async (event) => { event.response.autoConfirmUser = true; return event; };",
    ),
    "ESM by package.json": (
        "index.js",
        "index.handler",
        "async function handler(event) { event.response.autoConfirmUser = true; return event; } export { handler };",
    ),
    "CommonJS with callback": (
        "index.js",
        "index.handler",
        "exports.handler = (event, _, callback) => { event.response.autoConfirmUser = true; callback(null, event); };",
    ),
    "CommonJS, context.done": (
        "index.cjs",
        "index.handler",
        "exports.handler = (event, context) => { event.response.autoConfirmUser = true; context.done(null, event); };",
    ),
    "async CommonJS below": (
        "src/handlers/app.js",
        "src/handlers/app.handler",
        "module.exports.handler = async function (event) { event.response.autoConfirmUser = true; return event; };",
    ),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_unmodified_function_answers(stand, tmp_path, sample):
    name, address, code = SAMPLES[sample]
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(code)
    if "package.json" in sample:
        (tmp_path / "package.json").write_text('{"type": "module"}')

    answer = stand(target(tmp_path, address), EVENT)

    assert answer == {**EVENT, "response": {"autoConfirmUser": True}}


def test_a_callback_with_an_error_raises(stand, tmp_path):
    (tmp_path / "index.js").write_text("exports.handler = (event, context, callback) => callback(new Error('No.'));")

    with pytest.raises(Raised, match=r"^No\.$"):
        stand(target(tmp_path, "index.handler"), EVENT)


def test_what_a_handler_raises_comes_back_as_its_text(stand, handler):
    process = stand.process(handler)
    with pytest.raises(Raised, match=r"^Cannot register users under 18$"):
        stand(handler, {"do": "raise"})

    assert stand.process(handler) == process


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


def test_null_is_an_answer_and_so_is_a_string(stand, handler):
    assert stand(handler, {"do": "null"}) is None
    assert stand(handler, {"do": "html"}) == "<html>"


def test_an_answer_that_is_no_json_raises_in_the_handler(stand, handler):
    with pytest.raises(Raised, match=r"serializ|marshal"):
        stand(handler, {"do": "rubbish"})


def test_an_answer_of_seven_megabytes_is_refused_and_the_process_goes_on_or_is_replaced(stand, handler):
    with pytest.raises((Unrecognizable, Raised)):
        stand(handler, {"do": "large"})

    assert stand.process(handler)


def test_an_event_of_seven_megabytes_is_not_sent(stand, handler):
    with pytest.raises(Unrecognizable):
        stand(handler, {"do": "x" * MAX_BODY_BYTES})


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


def test_what_a_handler_prints_is_logged_line_by_line(stand, handler, informative):
    with structlog.testing.capture_logs() as lines:
        stand(handler, {"do": "print"})
        stand.close()
        outputs_end()

    told = [line["line"] for line in lines if line["event"] == "function output"]
    assert [text for text in told if text.endswith("hello [31m")]
    assert not any("\x1b" in text for text in told)


def test_the_environment_is_lambdas_and_the_operators_and_nothing_of_ours(stand, handler, monkeypatch):
    monkeypatch.setenv("LIDO_MASTER_KEY", "the master key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the server's own")
    given = msgspec.structs.replace(handler, environment={"TABLE": "people"})

    told = stand(given, {"do": "where"})

    assert told["TABLE"] == "people"
    assert told["AWS_REGION"] == "eu-west-1"
    assert told["AWS_LAMBDA_FUNCTION_NAME"] == "hello"
    assert told["LAMBDA_TASK_ROOT"] == told["cwd"] == handler.folder
    assert told["arn"] == ARN
    assert 0 < told["left"] <= PATIENCE * 1000
    assert len(told["id"]) == 36
    assert not [name for name in told if name.startswith("LIDO_")]
    assert "AWS_SECRET_ACCESS_KEY" not in told
    assert not {"the master key", "the server's own"} & {str(value) for value in told.values()}


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


@pytest.mark.parametrize(
    "file, code, told",
    [
        ("app.py", "import no_such_module", "Unable to import module"),
        ("app.py", "def other(): pass", "Handler 'handler' missing"),
        ("app.py", "def handler(:", "Syntax error"),
        ("app.mjs", "import 'no-such-package';", "no-such-package"),
        ("app.mjs", "export const other = 1;", "app.handler is undefined"),
        ("app.cjs", "exports.handler = (", "Unexpected"),
    ],
)
def test_a_handler_that_cannot_be_loaded_has_raised(stand, tmp_path, file, code, told):
    (tmp_path / file).write_text(code)
    with pytest.raises(Raised, match=told):
        stand(target(tmp_path, "app.handler"), EVENT)


@pytest.mark.parametrize("address", ["app.handler", "../app.handler", "/etc/app.handler", "-m.handler", "app", ""])
def test_what_is_no_handler_below_the_folder_is_not_found(stand, tmp_path, address):
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotInvocable, match="ResourceNotFoundException"):
        stand(target(tmp_path / "folder", address), EVENT)


@pytest.mark.parametrize("file", ["app.py", "app.mjs"])
def test_a_runtime_that_is_not_installed_is_told(tmp_path, file):
    (tmp_path / file).touch()
    absent = str(tmp_path / "absent")
    handlers = Handlers(Runtimes(python=absent, node=absent), processes=1)
    carriers = Carriers({"handler": lambda: handlers}, SystemEntropy(), waiting=1)
    with structlog.testing.capture_logs() as lines, pytest.raises(NotInvocable, match="InvalidRuntimeException"):
        carriers.invoke(target(tmp_path, "app.handler"), "PreSignUp", b"{}", "pool")
    carriers.close()

    assert [line for line in lines if line["event"] == "a function cannot be started"]


def test_what_python_handlers_need_is_told_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "app.py").touch()
    handler = function_process.find(str(tmp_path), "app.handler")
    assert function_process.missing(handler, Runtimes()) == ""

    monkeypatch.setattr(function_process, "find_spec", lambda _: None)

    assert "pip install 'lido-idp[lambda]'" in function_process.missing(handler, Runtimes())


def test_a_folder_with_two_files_of_that_name_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "app.py").touch()
    (tmp_path / "app.js").touch()
    with pytest.raises(ValueError, match=r"app\.py and app\.js"):
        function_process.find(str(tmp_path), "app.handler")


def test_a_handler_as_typed_lies_below_the_current_folder_or_beside_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert function_process.split("./app.handler") == (str(tmp_path), "app.handler")
    assert function_process.split("src/app.handler") == (str(tmp_path), "src/app.handler")
    assert function_process.split("/srv/code/app.handler") == ("/srv/code", "app.handler")
    assert function_process.split("../app.handler") == (str(tmp_path.parent), "app.handler")


def test_a_stranger_on_the_machine_is_not_answered(stand, tmp_path):
    """A connection that is not ours would show another user; here it shows that rubbish ends nothing."""
    import http.client

    (tmp_path / "app.py").write_text(
        "import os\ndef handler(event, context): return os.environ['AWS_LAMBDA_RUNTIME_API']\n"
    )
    there = target(tmp_path, "app.handler")
    address = stand(there, {})
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    for method, path, body in (
        ("GET", "/2018-06-01/runtime/other", b""),
        ("POST", "/2018-06-01/runtime/invocation/other/response", b"{}"),
        ("POST", "/2018-06-01/runtime/invocation", b"{}"),
    ):
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (400, 404)
    connection.close()

    assert stand(there, {}) == address


def test_failures_are_logged_without_what_they_are_about(stand, tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context): raise Exception(event['request'])\n")
    with structlog.testing.capture_logs() as lines, pytest.raises(Failure):
        stand(target(tmp_path, "app.handler"), {"request": "secret of a person"})

    failed = [line for line in lines if line["event"] == "a trigger failed"]
    assert failed
    assert failed[0]["failure"] == "Raised"
    assert "secret of a person" not in str(failed)


def test_another_arn_of_a_function_ends_no_process_and_is_told(stand, handler):
    other = msgspec.structs.replace(handler, arn=f"{ARN}:live")

    assert stand.process(handler) == stand.process(other) == stand.process(handler)
    assert stand(other, {"do": "where"})["arn"] == f"{ARN}:live"
    assert stand(handler, {"do": "where"})["arn"] == ARN
