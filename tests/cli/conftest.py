"""A command line to try: `lido` in a folder of its own, without the variables of whoever runs the tests."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import botocore.auth
import botocore.compat
import pytest
from click.testing import CliRunner, Result
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.server import BIN, CHEAP
from tests.world import World, sign_by

from lido.cli import main
from lido.cli.installation import open_installation
from lido.ports.clock import SystemClock
from lido.settings import Settings, describe, load
from lido.storage.database import connect

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore sign by the real clock; tests of the house set it to theirs."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", botocore.compat.get_current_datetime)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command to its end, in the test's folder; keywords are variables, `input_` is its input."""

    def command(*arguments: object, input_: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lido", *map(str, arguments)],
            cwd=tmp_path,
            env={"PATH": f"{BIN}:/usr/bin:/bin", **CHEAP, **variables},
            input=input_,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return command


class Shell:
    """Commands run in this process on one installation, and a house on the same database to see what they did."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "master.key").write_text(b64encode(bytes(32)).decode() + "\n")
        with open_installation(self.settings, create=True):
            pass
        self.open()

    def open(self) -> None:
        """Begin to use the database; the house's clock stands where the commands' clock is now."""
        self.database = connect(self.url, synchronous="OFF", connections=4)
        self.house = World(self.database)
        self.house.clock.advance(seconds=(SystemClock().now() - self.house.clock.now()) / 1000)
        sign_by(self.house.clock)

    @property
    def settings(self) -> Settings:
        return load({"data_dir": str(self.folder), "database": self.url}, environ={})

    def __call__(self, *arguments: object) -> Result:
        where = ("--data-dir", str(self.folder), "--database", self.url)
        clean: dict[str, str | None] = {row.variable: None for row in describe()}
        return CliRunner(env=clean).invoke(main, [*map(str, arguments), *where])

    def prints(self, *arguments: object) -> str:
        """The output of a command that must succeed."""
        result = self(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refuses(self, *arguments: object) -> str:
        """The sentence of a command that must fail."""
        result = self(*arguments)
        assert result.exit_code == 1, result.output
        assert result.stderr.rstrip().splitlines()[-1].startswith("Error: ")
        return result.stderr

    def close(self) -> None:
        self.house.close()
        self.database.close()


@pytest.fixture(params=ENGINES)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """An installation on each engine."""
    with fresh_url(request.param, tmp_path) as url:
        shell = Shell(url, tmp_path / "data")
        yield shell
        shell.close()
