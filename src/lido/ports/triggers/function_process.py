"""One process that runs an unmodified Lambda handler: its command, its environment, its output, its end."""

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

import structlog

from lido.ports.triggers.carrier import Invocation, NotInvocable, Raised, Target, TimedOut
from lido.ports.triggers.runtime_api import Exited, RuntimeAPI

_LONGEST_LINE_BYTES = 4096
_LINES = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NODE = (".mjs", ".cjs", ".js")
_log = structlog.get_logger("lido.functions")


class Runtimes(NamedTuple):
    """The programs that run handlers; '' is the Python that runs Lido, which then needs the extra `lambda`."""

    python: str = ""
    node: str = "node"


class Handler(NamedTuple):
    """A handler as it lies on disk: its file, and when that was changed last, so that a new version is seen."""

    file: Path
    changed_at: int

    @property
    def is_python(self) -> bool:
        """Whether Python runs it, and not Node."""
        return self.file.suffix == ".py"


def split(text: str) -> tuple[str, str]:
    """Folder and address of a handler as somebody types it, `./app.handler`.

    The folder is the current one, as /var/task is at AWS, or for code elsewhere the one that holds the file.
    """
    path = Path(text)
    if path.is_absolute() or ".." in path.parts:
        return str(path.parent.resolve()), path.name
    return str(Path.cwd()), str(path)


def find(folder: str, address: str) -> Handler:
    """The handler `path/file.function` below a folder. Raises ValueError with a sentence."""
    path, _, function = address.rpartition(".")
    if not path or not function.isidentifier() or ".." in Path(path).parts or path.startswith(("/", "-")):
        raise ValueError(f"{address} is not of the form file.function, such as app.handler.")
    stem = Path(folder) / path
    found = [file for suffix in (".py", *_NODE) if (file := stem.with_name(stem.name + suffix)).is_file()]
    if not found:
        raise ValueError(f"There is no {stem}.py, .mjs, .cjs or .js.")
    if len(found) > 1:
        raise ValueError(f"There are {' and '.join(file.name for file in found)}; leave one.")
    return Handler(found[0], found[0].stat().st_mtime_ns)


def missing(handler: Handler, runtimes: Runtimes) -> str:
    """What this machine lacks to run a handler, as a sentence; '' for nothing."""
    if not handler.is_python:
        return "" if shutil.which(runtimes.node) else f"Node handlers need {runtimes.node}, which is not on the PATH."
    if not runtimes.python and find_spec("awslambdaric") is None:
        return "Python handlers need the package awslambdaric: pip install 'lido-idp[lambda]'."
    return ""


class FunctionProcess:
    """A running handler, one event at a time. Starting it raises NotInvocable."""

    def __init__(self, target: Target, handler: Handler, runtimes: Runtimes) -> None:
        self._name = target.name
        self._lines = _LINES
        if complaint := missing(handler, runtimes):
            _log.error("a function cannot be started", function=self._name, reason=complaint)
            raise NotInvocable("InvalidRuntimeException")
        self._api = RuntimeAPI(target)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the operator registered this file
                _command(target, handler, runtimes),
                cwd=target.folder,
                env=_environment(target, handler, runtimes) | {"AWS_LAMBDA_RUNTIME_API": self._api.address},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            self._api.end(NotInvocable("InvalidRuntimeException"))
            _log.error("a function cannot be started", function=self._name, reason=error.strerror)
            raise NotInvocable("InvalidRuntimeException") from None
        threading.Thread(target=self._read, name=f"output {target.name}", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it can take an event."""
        return not self._api.is_over and self._process.poll() is None

    def run(self, invocation: Invocation, seconds: float) -> bytes:
        """The answer to an event. Raises Raised, also when the process ends; NotHandedOver, TimedOut, Unrecognizable.

        After TimedOut, or its end, the process is of no more use.
        """
        self._lines = _LINES
        try:
            return self._api.ask(invocation, seconds)
        except queue.Empty:
            raise TimedOut from None
        except Exited as end:
            raise Raised(f"RequestId: {invocation.id} Error: {end.message}") from None

    def kill(self) -> None:
        """End it and all that it started, now."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._api.end(Exited("Runtime was stopped"))

    def _read(self) -> None:
        """Its output, line by line into the log; where that ends, so does the process."""
        output: IO[bytes] | None = self._process.stdout
        if output is None:
            return
        with output:
            while line := output.readline(_LONGEST_LINE_BYTES):
                self._lines -= 1
                if self._lines >= 0:
                    text = _CONTROL.sub(" ", line.decode("utf-8", "replace")).strip()
                    _log.info("function output", function=self._name, line=text)
        status = self._process.wait()
        how = f"exit status {status}" if status >= 0 else f"signal: {signal.Signals(-status).name}"
        self._api.end(Exited(f"Runtime exited with error: {how}"))


def _command(target: Target, handler: Handler, runtimes: Runtimes) -> list[str]:
    if handler.is_python:
        return [runtimes.python or sys.executable, "-m", "awslambdaric", target.address]
    bootstrap = files("lido.ports.triggers").joinpath("node_bootstrap.mjs")
    return [runtimes.node, str(bootstrap), target.address]


def _environment(target: Target, handler: Handler, runtimes: Runtimes) -> dict[str, str]:
    """What AWS Lambda sets, then what the operator listed; nothing of Lido's own environment."""
    program = (runtimes.python or sys.executable) if handler.is_python else shutil.which(runtimes.node) or ""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}" if handler.is_python else "nodejs"
    return {
        "AWS_DEFAULT_REGION": target.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": target.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{target.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "lido",
        "AWS_REGION": target.region,
        "LAMBDA_TASK_ROOT": target.folder,
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join(filter(None, [str(Path(program).parent), "/usr/local/bin", "/usr/bin", "/bin"])),
        "TZ": "UTC",
        "_HANDLER": target.address,
        **target.environment,
    }
