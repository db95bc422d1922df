"""Web applications of this folder, each a process of its own with an address, that sign people in with Lido."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.server import Server

HERE = Path(__file__).parent
PATIENCE_SECONDS = 60


def free_address() -> str:
    """Where a site of this machine may listen."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://localhost:{probe.getsockname()[1]}"


@contextmanager
def site(program: str, server: Server, facts: dict[str, Any], **env: str) -> Iterator[None]:
    """Run the program, which is told the facts as its first line of input and says a line when it listens."""
    command = ["node" if program.endswith(".mjs") else sys.executable, HERE / program]
    process = subprocess.Popen(
        command,
        env={**server.env, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    clock = threading.Timer(PATIENCE_SECONDS, process.kill)
    clock.start()
    try:
        process.stdin.write(json.dumps(facts) + "\n")
        process.stdin.flush()
        assert process.stdout.readline(), f"{program} does not listen: {process.communicate()[1]}"
        yield
    finally:
        clock.cancel()
        process.kill()
        process.communicate()
