"""A real server: `lido serve` in a process of its own on a free port, and what a client needs to reach it."""

import configparser
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self
from warnings import catch_warnings, simplefilter

import urllib3

BIN = Path(sys.executable).parent
READY_WITHIN_SECONDS = 30
STOPS_WITHIN_SECONDS = 15
CHEAP = {"LIDO_ARGON2_MEMORY_KIB": "8", "LIDO_ARGON2_TIME_COST": "1", "LIDO_METRICS_PORT": "0"}


class Server:
    """One `lido serve`. Use it as a context: it is ready inside, and stopped by SIGTERM at the end.

    `database` is the URL of a database; `options` are further arguments of `lido serve`; `settings` are further knobs
    by name (`smtp_url="smtp://…"`). Started again, it keeps its port, its folder and its database. Two nodes may share
    one folder: give their logs different names.
    """

    def __init__(
        self, folder: Path, database: str, *options: str, port: int = 0, log: str = "log", **settings: object
    ) -> None:
        self.data_dir = folder
        self.database = database
        self.port = port
        self.log = folder / log
        self._scheme = "https" if "--tls-dev" in options else "http"
        self._options = options
        self._settings = {f"LIDO_{name.upper()}": str(value) for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where clients reach the server, once it has been started."""
        return f"{self._scheme}://localhost:{self.port}"

    @property
    def process_id(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    @property
    def env(self) -> dict[str, str]:
        """The environment in which AWS's own clients find this server and its root key."""
        return {
            **_plain_environment(),
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": self.url,
            "AWS_SHARED_CREDENTIALS_FILE": str(self.data_dir / "credentials"),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_PROFILE": "lido",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def credentials(self) -> tuple[str, str]:
        """The root key that the first start wrote: its id and its secret."""
        file = configparser.ConfigParser()
        file.read(self.data_dir / "credentials")
        return file["lido"]["aws_access_key_id"], file["lido"]["aws_secret_access_key"]

    def start(self) -> None:
        """Start, and wait until the server says that it is ready."""
        self.data_dir.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command("serve"), "--port", str(self.port), *self._options],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Let requests in flight finish; fails when the server does not stop cleanly."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        assert code == 0, f"the server stopped with {code}: {self.said()}"

    def kill(self) -> None:
        """As a power cut would, the workers too: no goodbye."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def lido(self, *arguments: str) -> str:
        """What a command such as `lido outbox` prints about this server's data."""
        done = subprocess.run(
            self._command(*arguments), env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def outbox(self, to: str) -> list[dict[str, Any]]:
        """The messages to that address, newest last."""
        return list(json.loads(self.lido("outbox", "--json", "--to", to)))

    def code(self, to: str) -> str:
        """The code in the newest message to that address."""
        return str(self.outbox(to)[-1]["code"])

    def said(self) -> str:
        """The end of the server's log."""
        return self.log.read_text("utf-8", errors="replace")[-4_000:]

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "lido", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The settings of this server, for a command that a test runs itself."""
        return {
            **_plain_environment(),
            **CHEAP,
            "LIDO_DATA_DIR": str(self.data_dir),
            "LIDO_DATABASE": self.database,
            **self._settings,
        }

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        until = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            self.port = self.port or self._chosen_port()
            if self.port and self._answers():
                return
            threading.Event().wait(0.02)
        process, self._process = self._process, None
        process.kill()
        raise AssertionError(f"the server is not ready (exit code {process.wait()}): {self.said()}")

    def _chosen_port(self) -> int:
        listening = re.search(r"listening on \S+ \(\S+ port (\d+)\)", self.said())
        return int(listening[1]) if listening else 0

    def _answers(self) -> bool:
        options = {"cert_reqs": "CERT_NONE", "assert_hostname": False} if self._scheme == "https" else {}
        with urllib3.PoolManager(retries=False, timeout=READY_WITHIN_SECONDS, **options) as http, catch_warnings():
            simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            try:
                return http.request("GET", f"{self.url}/readyz").status == 200
            except urllib3.exceptions.HTTPError:
                return False


def _plain_environment() -> dict[str, str]:
    """This process's environment without anything that would point a client or a server elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LIDO_"))}
    return {**kept, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
