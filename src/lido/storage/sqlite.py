"""SQLite through apsw: one connection that writes, handed from thread to thread, and one that reads in each thread.

The write-ahead log lets readers go on while the writer writes. Writers of this process queue in the
order they came; writers of other processes (the shell, more workers) meet at the file lock.
"""

import os
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple

import apsw

from lido import silence
from lido.errors import Conflict, Unavailable
from lido.storage.database import Record, Row, Transaction, require_reading
from lido.storage.documents import Documents
from lido.storage.turns import Turns

_OLDEST: Final = (3, 51, 3)
"""Every earlier SQLite may corrupt a write-ahead log that one connection resets while another writes."""

_READER_CACHE_KIB: Final = 8192
_WRITER_CACHE_KIB: Final = 8192
_STATEMENTS: Final = 256
_KEPT_JOURNAL_BYTES: Final = 64 * 1024 * 1024

_UNAVAILABLE: Final = (
    apsw.BusyError,
    apsw.LockedError,
    apsw.FullError,
    apsw.IOError,
    apsw.CantOpenError,
    apsw.ReadOnlyError,
    apsw.NoMemError,
    apsw.ProtocolError,
    apsw.InterruptError,
    apsw.ConnectionClosedError,
)
_TAKEN: Final = (apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY, apsw.SQLITE_CONSTRAINT_ROWID)


class SQLite:
    """The file at `path`, created for its owner alone when absent. Safe for threads, not across a fork."""

    engine: Final = "sqlite"

    def __init__(
        self, path: str, *, synchronous: Literal["FULL", "NORMAL", "OFF"] = "FULL", patience_seconds: float = 5.0
    ) -> None:
        _require_version(apsw.sqlite_lib_version())
        self._path = path
        self._patience_seconds = patience_seconds
        self._levels = {True: synchronous, False: "OFF" if synchronous == "OFF" else "NORMAL"}
        self._level: str = synchronous
        self._known = _Known({}, Documents())
        self._turns = Turns()
        self._own = threading.local()
        self._readers: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._closed = False
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._writer = self._open(_WRITER_CACHE_KIB)
            self._writer.pragma("journal_mode", "wal")
            self._writer.pragma("synchronous", synchronous)
            self._writer.pragma("foreign_keys", True)
            self._writer.pragma("journal_size_limit", _KEPT_JOURNAL_BYTES)
        except apsw.Error as error:
            raise _neutral(error) from error
        except OSError as error:
            raise Unavailable(f"The database file cannot be opened: {error.strerror}") from error

    def _open(self, cache_kib: int) -> apsw.Connection:
        # No memory map: an I/O error there is a signal that ends the process, here it is an exception.
        connection = apsw.Connection(self._path, flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=_STATEMENTS)
        connection.set_busy_timeout(int(self._patience_seconds * 1000))
        connection.pragma("cache_size", -cache_kib)
        connection.pragma("temp_store", "memory")
        # Plans do not depend on values; otherwise SQLite prepares a kept statement anew at each use.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        return connection

    def _reader(self) -> apsw.Connection:
        """This thread's reading connection; it closes when the thread ends, for only the thread holds it."""
        if self._closed:
            raise Unavailable("The database is closed.")
        reader: apsw.Connection | None = getattr(self._own, "reader", None)
        if reader is None:
            try:
                reader = self._open(_READER_CACHE_KIB)
                reader.pragma("query_only", True)
            except apsw.Error as error:
                raise _neutral(error) from error
            self._own.reader = reader
            self._readers.add(reader)
        return reader

    @property
    def documents(self) -> Documents:
        """See Database.documents."""
        return self._known.documents

    def read(self) -> "_Reading":
        """See Database.read."""
        return _Reading(self._reader(), self._known)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Transaction]:
        """See Database.write."""
        silence.refuse_if_open("Opening a second transaction")
        if not self._turns.enter(self._patience_seconds):
            raise Unavailable("Other writers kept the database for too long.")
        silence.begin()
        try:
            if self._closed:
                raise Unavailable("The database is closed.")
            transaction = _Writing(self._writer, self._known)
            if self._levels[durable] != self._level:
                self._level = self._levels[durable]
                transaction.set_synchronous(self._level)
            transaction.begin()
            try:
                yield transaction
                transaction.commit()
            finally:
                transaction.roll_back_unless_committed()
        finally:
            silence.end()
            self._turns.leave()

    def close(self) -> None:
        """See Database.close. Waits for the writer; call it when no other thread reads any more."""
        self._closed = True
        if not self._turns.enter(self._patience_seconds):
            raise Unavailable("A writer kept the database for too long.")
        try:
            for connection in [*self._readers, self._writer]:
                connection.close()
        finally:
            self._turns.leave()


class _Known(NamedTuple):
    """What all threads share: the BOOLEAN columns of each statement seen so far, and the documents."""

    booleans: dict[str, tuple[int, ...]]
    documents: Documents


class _Statements:
    """The ways to run a statement, on one connection."""

    writing: bool

    def __init__(self, connection: apsw.Connection, known: "_Known") -> None:
        self._connection = connection
        self._booleans = known.booleans
        self.documents = known.documents
        self._error: Exception | None = None

    def find(self, record: type[Record], sql: str, /, **values: Any) -> Record | None:
        row = self._first(sql, values)
        return None if row is None else record(*row)

    def all(self, record: type[Record], sql: str, /, **values: Any) -> list[Record]:
        return [record(*row) for row in self._every(sql, values)]

    def row(self, sql: str, /, **values: Any) -> Row | None:
        return self._first(sql, values)

    def rows(self, sql: str, /, **values: Any) -> list[Row]:
        return self._every(sql, values)

    def run(self, sql: str, /, **values: Any) -> int:
        self._every(sql, values)
        return self._connection.changes()

    def _first(self, sql: str, values: Mapping[str, Any]) -> Row | None:
        self._admit(sql)
        try:
            cursor = self._connection.execute(sql, values)
            booleans = self._booleans_of(sql, cursor)
            row: Row | None = cursor.fetchone()
            cursor.close()
        except apsw.Error as error:
            self._error = _neutral(error)
            raise self._error from error
        return _with_booleans(row, booleans) if row is not None and booleans else row

    def _every(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        self._admit(sql)
        try:
            cursor = self._connection.execute(sql, values)
            booleans = self._booleans_of(sql, cursor)
            rows: list[Row] = cursor.fetchall()
        except apsw.Error as error:
            self._error = _neutral(error)
            raise self._error from error
        return [_with_booleans(row, booleans) for row in rows] if booleans else rows

    def _booleans_of(self, sql: str, cursor: apsw.Cursor) -> tuple[int, ...]:
        """Which columns of this statement are declared BOOLEAN; asked once, while a row is at hand."""
        known = self._booleans.get(sql)
        if known is not None:
            return known
        try:
            description = cursor.get_description()
        except apsw.ExecutionCompleteError:
            return ()
        found = tuple(i for i, (_, declared) in enumerate(description) if declared == "BOOLEAN")
        self._booleans[sql] = found
        return found

    def _admit(self, sql: str, /) -> None:
        raise NotImplementedError


class _Reading(_Statements):
    """Each statement sees the latest commit."""

    writing = False

    def __enter__(self) -> Transaction:
        silence.refuse_if_open("Opening a second transaction")
        silence.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        silence.end()

    def _admit(self, sql: str, /) -> None:
        require_reading(sql)


class _Writing(_Statements):
    """One transaction of the writing connection."""

    writing = True

    def set_synchronous(self, level: str) -> None:
        """How much the commits of this connection wait for, from now on."""
        self._control(f"PRAGMA synchronous = {level}")

    def begin(self) -> None:
        self._control("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self._error is not None:
            raise self._error
        self._control("COMMIT")

    def roll_back_unless_committed(self) -> None:
        if self._connection.in_transaction:
            self._control("ROLLBACK")

    def _control(self, sql: str) -> None:
        try:
            self._connection.execute(sql)
        except apsw.Error as error:
            raise _neutral(error) from error

    def _admit(self, _sql: str, /) -> None:
        # A full disk has already rolled everything back: what followed would commit on its own.
        if self._error is not None:
            raise self._error


def _with_booleans(row: Row, booleans: tuple[int, ...]) -> Row:
    values = list(row)
    for i in booleans:
        value = values[i]
        if value is not None:
            values[i] = value == 1
    return tuple(values)


def _neutral(error: apsw.Error) -> Exception:
    if isinstance(error, _UNAVAILABLE):
        return Unavailable(f"SQLite: {error}")
    if isinstance(error, apsw.ConstraintError) and getattr(error, "extendedresult", 0) in _TAKEN:
        return Conflict(f"SQLite: {error}")
    return error


def _require_version(version: str) -> None:
    if tuple(int(part) for part in version.split(".")) < _OLDEST:
        raise RuntimeError(f"SQLite 3.51.3 or later is required; this is {version}.")
