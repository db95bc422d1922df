"""Drives a Node program of this folder: what it is told, what it asks, what it found out."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server import Server

HERE = Path(__file__).parent
PATIENCE_SECONDS = 60


class Node:
    """Runs a program of this folder: hands it facts, answers what it asks (for a code unless `answer` says otherwise),
    returns what it tells.
    """

    def __call__(
        self,
        program: str,
        server: Server,
        facts: dict[str, Any],
        *,
        answer: Callable[[str], str] | None = None,
        **env: str,
    ) -> Any:
        process = subprocess.Popen(
            ["node", HERE / program],
            env={**server.env, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        clock = threading.Timer(PATIENCE_SECONDS, process.kill)
        clock.start()
        try:
            with process:
                told = _converse(process, facts, answer or server.code)
                process.stdin.close()
                complaint = process.stderr.read()
        finally:
            clock.cancel()
        assert (process.returncode, told is None) == (0, False), f"{program} failed: {complaint}\n{server.said()}"
        return told


def _converse(process: subprocess.Popen[str], facts: dict[str, Any], answer: Callable[[str], str]) -> Any:
    _say(process, facts)
    for line in process.stdout:
        heard = json.loads(line)
        if "told" in heard:
            return heard["told"]
        _say(process, answer(heard["ask"]))
    return None


def _say(process: subprocess.Popen[str], value: Any) -> None:
    process.stdin.write(json.dumps(value) + "\n")
    process.stdin.flush()


def missing() -> str | None:
    """Why Node programs cannot run here; None when they can."""
    if shutil.which("node") is None:
        return "node is not installed: the Node clients are not tested"
    if not (HERE / "node_modules" / ".installed").exists():
        return "the Node clients are not installed (make setup): they are not tested"
    return None
