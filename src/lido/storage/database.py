"""What a database is to this house: two kinds of transaction, one style of values, two misfortunes.

Statements are written in the dialect common to both engines; a value is `:name` and never part of the
text. A column declared BOOLEAN arrives as bool, BYTEA as bytes; an *expression* of truth (`a AND b`)
is 0 or 1 on SQLite, so select the columns and combine them in Python.
"""

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeVar

from lido.storage.documents import Documents

Record = TypeVar("Record")
Row = tuple[Any, ...]


class Transaction(Protocol):
    """Statements inside one `Database.read()` or `Database.write()`; used by the thread that opened it.

    All raise `errors.Unavailable` and `errors.Conflict`. After an error inside a write nothing more can be
    done in it, and it cannot be committed, even when the error was caught.
    """

    @property
    def writing(self) -> bool:
        """Whether this is a write, whose sight may yet be rolled back."""
        ...

    @property
    def documents(self) -> Documents:
        """What this process has read from this database, kept by version."""
        ...

    def find(self, record: type[Record], sql: str, /, **values: Any) -> Record | None:
        """The first row as `record(*row)`, or None."""

    def all(self, record: type[Record], sql: str, /, **values: Any) -> list[Record]:
        """Every row as `record(*row)`."""
        ...

    def row(self, sql: str, /, **values: Any) -> Row | None:
        """The first row, or None."""

    def rows(self, sql: str, /, **values: Any) -> list[Row]:
        """Every row."""
        ...

    def run(self, sql: str, /, **values: Any) -> int:
        """Run a change and say how many rows it touched."""
        ...


class Database(Protocol):
    """One database of an installation; shared by all threads of a process, never across a fork."""

    @property
    def engine(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two it is."""
        ...

    @property
    def documents(self) -> Documents:
        """What this process has read from this database: to look there without a connection."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Statements that each see the latest commit; no transaction spans them. Changing anything is a ValueError."""
        ...

    def write(self, *, durable: bool = True) -> AbstractContextManager[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Not `durable`: a power cut may undo it, as long as no later one was committed; the end of a process does not.
        """
        ...

    def close(self) -> None:
        """Give back every connection; whoever still asks gets Unavailable."""
        ...


def connect(
    url: str,
    *,
    synchronous: Literal["FULL", "NORMAL", "OFF"] = "FULL",
    connections: int = 32,
    pgbouncer: bool = False,
    patience_seconds: float = 5.0,
) -> Database:
    """Open `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…`; Unavailable when that fails.

    `synchronous` is SQLite's: FULL loses nothing acknowledged in a power cut, NORMAL may lose the last moments,
    OFF is for tests. `connections` caps the PostgreSQL pool; `pgbouncer` gives up prepared statements and session
    settings for a transaction-pooling proxy. `patience_seconds` bounds every wait for a lock or a connection.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        from lido.storage.sqlite import SQLite

        return SQLite(rest[1:], synchronous=synchronous, patience_seconds=patience_seconds)
    if scheme in ("postgresql", "postgres"):
        try:
            from lido.storage.postgresql import PostgreSQL
        except ImportError as error:
            raise RuntimeError("PostgreSQL needs its driver: pip install 'lido-idp[postgresql]'") from error

        return PostgreSQL(url, connections=connections, pgbouncer=pgbouncer, patience_seconds=patience_seconds)
    raise ValueError("A database is sqlite:///path or postgresql://user:password@host/name.")


@lru_cache(maxsize=4096)
def require_reading(sql: str) -> None:
    """ValueError unless the statement only reads; the engines ask before running it outside a write."""
    if sql.split(None, 1)[0].upper() not in ("SELECT", "WITH", "EXPLAIN", "VALUES"):
        raise ValueError("This statement changes something: it belongs into write().")
