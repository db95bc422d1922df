"""Handlers behind the carrier, as the server has them, in Python and in Node, that do as their event asks."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest
import structlog

from lido.ports.entropy import SystemEntropy
from lido.ports.triggers.carrier import Target
from lido.ports.triggers.carriers import Carriers
from lido.ports.triggers.function_process import Runtimes
from lido.ports.triggers.handlers import Handlers

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


def require_node() -> None:
    """Where Node is missing, what needs it is skipped; under CI it fails."""
    if shutil.which("node") is not None:
        return
    if os.environ.get("CI") == "true":  # noqa: TID251 - it says that nothing may be skipped
        pytest.fail("node is not installed", pytrace=False)
    pytest.skip("node is not installed")


class Stand:
    """Handlers behind the carrier, as the server has them."""

    def __init__(self, processes: int = 2) -> None:
        self.handlers = Handlers(Runtimes(), processes=processes)
        self._carriers = Carriers({"handler": lambda: self.handlers}, SystemEntropy(), waiting=8)
        self.close = self._carriers.close

    def __call__(self, target: Target, event: object) -> object:
        if any(path.suffix in {".js", ".cjs", ".mjs"} for path in Path(target.folder).rglob("*")):
            require_node()
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
    if request.param == "node":
        require_node()
    return target(tmp_path, asked(tmp_path, request.param))


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
