"""PostgreSQL through psycopg and its pool: statements that commit on their own, and transactions of few round trips.

A connection that turns out dead is replaced and its statement run once more, as long as nothing can have
happened: any single read, or the first statement of a write, which travels together with its BEGIN.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any, Final

import psycopg
from psycopg import errors, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper
from psycopg_pool import ConnectionPool

from lido import silence
from lido.errors import Conflict, Unavailable
from lido.storage.database import Record, Row, Transaction, require_reading
from lido.storage.documents import Documents

_OLDEST: Final = 140_000
_PREPARE_AFTER: Final = 2
_PREPARED_STATEMENTS: Final = 500
_RECONNECT_SECONDS: Final = 2.0
_LAST_TRY_SECONDS: Final = 2
_MALFORMED: Final = (
    "The address of PostgreSQL is malformed: it is postgresql://user:password@host/name, with whatever is special in "
    "the user and the password percent-encoded (`@` is %40)."
)

_CONFLICTS: Final = (errors.UniqueViolation, errors.SerializationFailure, errors.DeadlockDetected)


class PostgreSQL:
    """The database at `url`, with at most `connections` in use at once."""

    engine: Final = "postgresql"

    def __init__(
        self, url: str, *, connections: int = 32, pgbouncer: bool = False, patience_seconds: float = 5.0
    ) -> None:
        conninfo = _conninfo(url, pgbouncer=pgbouncer, patience_seconds=patience_seconds)
        self._documents = Documents()
        self._prepare_after = None if pgbouncer else _PREPARE_AFTER
        self._pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            conninfo,
            min_size=min(2, connections),
            max_size=connections,
            timeout=patience_seconds,
            # The pool tries ever more seldom; given up early, a place is filled anew when somebody asks for it.
            reconnect_timeout=_RECONNECT_SECONDS,
            kwargs={"autocommit": True},
            configure=self._configure,
            open=False,
            name="lido",
        )
        try:
            self._pool.open(wait=True, timeout=patience_seconds)
            with self._pool.connection() as connection:
                _require_version(connection.info.server_version)
        except psycopg.OperationalError as error:
            self._pool.close()
            raise Unavailable(f"PostgreSQL at {_place(conninfo)} cannot be reached: {_cause(conninfo)}.") from error
        except RuntimeError:
            self._pool.close()
            raise

    def _configure(self, connection: psycopg.Connection[Row]) -> None:
        connection.prepare_threshold = self._prepare_after
        connection.prepared_max = _PREPARED_STATEMENTS
        # One type for every int and every str, whatever the value: one prepared statement for each text.
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(str, StrDumper)

    def read(self) -> "_Reading":
        """See Database.read."""
        return _Reading(self)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Transaction]:
        """See Database.write."""
        silence.refuse_if_open("Opening a second transaction")
        silence.begin()
        try:
            transaction = _Writing(self, durable=durable)
            try:
                yield transaction
                transaction.commit()
            finally:
                transaction.leave()
        finally:
            silence.end()

    def close(self) -> None:
        """See Database.close."""
        self._pool.close()

    def take(self) -> psycopg.Connection[Row]:
        """A connection from the pool, not asked whether it still lives."""
        try:
            return self._pool.getconn()
        except psycopg.OperationalError as error:
            raise Unavailable("No connection to PostgreSQL is free, or it cannot be reached.") from error

    def give_back(self, connection: psycopg.Connection[Row]) -> None:
        """Return a connection; the pool replaces one that is broken or still inside a transaction."""
        self._pool.putconn(connection)

    def replace(self, dead: psycopg.Connection[Row]) -> psycopg.Connection[Row]:
        """A living connection for a dead one. Its idle sisters probably died with it, so the pool looks at them."""
        self._pool.putconn(dead)
        self._pool.check()
        return self.take()

    @property
    def documents(self) -> Documents:
        """What this process has read, by version."""
        return self._documents


class _Statements:
    """The ways to run a statement, on one connection of the pool."""

    writing: bool
    _held = True

    def __init__(self, database: PostgreSQL) -> None:
        self._database = database
        self._connection = database.take()
        self.documents = database.documents

    def find(self, record: type[Record], sql: str, /, **values: Any) -> Record | None:
        row = self._execute(sql, values).fetchone()
        return None if row is None else record(*row)

    def all(self, record: type[Record], sql: str, /, **values: Any) -> list[Record]:
        return [record(*row) for row in self._execute(sql, values)]

    def row(self, sql: str, /, **values: Any) -> Row | None:
        return self._execute(sql, values).fetchone()

    def rows(self, sql: str, /, **values: Any) -> list[Row]:
        return self._execute(sql, values).fetchall()

    def run(self, sql: str, /, **values: Any) -> int:
        return self._execute(sql, values).rowcount

    def leave(self) -> None:
        if self._held:
            self._database.give_back(self._connection)

    def _replace_connection(self) -> None:
        """Go on with a living one. Raises Unavailable, and then holds none: a dead one is given back only once."""
        self._held = False
        self._connection = self._database.replace(self._connection)
        self._held = True

    def _execute(self, sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
        raise NotImplementedError


class _Reading(_Statements):
    """Each statement commits on its own; no round trip is added."""

    writing = False

    def __init__(self, database: PostgreSQL) -> None:
        self._database = database
        self.documents = database.documents

    def __enter__(self) -> Transaction:
        silence.refuse_if_open("Opening a second transaction")
        self._connection = self._database.take()
        silence.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        silence.end()
        self.leave()

    def _execute(self, sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
        require_reading(sql)
        try:
            try:
                return self._connection.execute(_translated(sql), values)
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
            self._replace_connection()
            return self._connection.execute(_translated(sql), values)
        except psycopg.Error as error:
            raise _neutral(error) from error


class _Writing(_Statements):
    """One transaction, READ COMMITTED, that begins with its first statement."""

    writing = True

    def __init__(self, database: PostgreSQL, *, durable: bool) -> None:
        super().__init__(database)
        self._durable = durable
        self._begun = False
        self._error: Exception | None = None

    def commit(self) -> None:
        if self._error is not None:
            raise self._error
        if self._begun:
            try:
                self._connection.execute(b"COMMIT")
            except psycopg.Error as error:
                raise _neutral(error) from error

    def leave(self) -> None:
        """Give the connection back, rolled back unless committed."""
        link = self._connection.pgconn
        if link.transaction_status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR):
            # Below psycopg, which would forget all prepared statements at a ROLLBACK.
            link.exec_(b"ROLLBACK")
        super().leave()

    def _execute(self, sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
        if self._error is not None:
            raise self._error
        try:
            if self._begun:
                return self._connection.execute(_translated(sql), values)
            try:
                return self._begin_with(sql, values)
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
            self._replace_connection()
            return self._begin_with(sql, values)
        except psycopg.Error as error:
            self._error = _neutral(error)
            raise self._error from error

    def _begin_with(self, sql: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
        """BEGIN and the first statement in one round trip."""
        with self._connection.pipeline():
            self._connection.execute(b"BEGIN ISOLATION LEVEL READ COMMITTED")
            if not self._durable:
                self._connection.execute(b"SET LOCAL synchronous_commit = off")
            cursor = self._connection.execute(_translated(sql), values)
        self._begun = True
        return cursor


_TOKEN: Final = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | :: | :(?P<name>[A-Za-z_]\w*) | %""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=4096)
def _translated(sql: str) -> bytes:
    """`:name` as psycopg writes it, outside of quotes, comments and casts; its `%` doubled."""
    return _TOKEN.sub(_in_psycopg, sql).encode()


def _in_psycopg(token: re.Match[str]) -> str:
    name = token["name"]
    return f"%({name})s" if name else token[0].replace("%", "%%")


def _neutral(error: psycopg.Error) -> Exception:
    if isinstance(error, _CONFLICTS):
        return Conflict(f"PostgreSQL: {type(error).__name__}")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return Unavailable("PostgreSQL writes nothing here: it is a standby (in recovery), or set to be read only.")
    if isinstance(error, psycopg.OperationalError):
        return Unavailable(f"PostgreSQL: {type(error).__name__}")
    return error


def _conninfo(url: str, *, pgbouncer: bool, patience_seconds: float) -> str:
    """The url with our defaults, which yield to its own. Raises ValueError, which repeats none of it."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ValueError(_MALFORMED) from None
    # Where a password is not encoded, a piece of it is taken for the host or the port.
    if "@" in str(given.get("host", ""))[1:] or re.search("[^0-9,]", str(given.get("port", ""))):
        raise ValueError(_MALFORMED)
    defaults: dict[str, Any] = {"connect_timeout": max(2, int(patience_seconds)), "application_name": "lido"}
    if not pgbouncer:
        own = f"-c jit=off -c lock_timeout={int(patience_seconds * 1000)} -c idle_in_transaction_session_timeout=60000"
        given["options"] = f"{own} {given.get('options', '')}".strip()
    return make_conninfo("", **{**defaults, **given})


def _place(conninfo: str) -> str:
    given = conninfo_to_dict(conninfo)
    return str(given.get("host") or given.get("hostaddr") or "its local socket")


def _cause(conninfo: str) -> str:
    """What one more try is told, in one line; the pool keeps its reasons to itself. It never holds the password."""
    try:
        psycopg.connect(conninfo, connect_timeout=_LAST_TRY_SECONDS).close()
    except psycopg.Error as error:
        return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
    return "it answered too late"


def _require_version(version: int) -> None:
    if version < _OLDEST:
        raise RuntimeError(f"PostgreSQL 14 or later is required; this is {version // 10000}.")
