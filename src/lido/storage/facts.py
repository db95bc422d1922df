"""Facts about the installation itself: a name and a text; and the engine that it rests on."""

from typing import Literal

from lido.storage.database import Transaction

_VERSION = {"sqlite": "SELECT sqlite_version()", "postgresql": "SELECT current_setting('server_version')"}


def engine_version(tx: Transaction, engine: Literal["sqlite", "postgresql"]) -> str:
    """The version of SQLite or of the PostgreSQL server."""
    row = tx.row(_VERSION[engine])
    return str(row[0]) if row else "unknown"


def is_standby(tx: Transaction, engine: Literal["sqlite", "postgresql"]) -> bool:
    """Whether the server follows another and was not promoted: nothing can be written there."""
    row = tx.row("SELECT pg_is_in_recovery()") if engine == "postgresql" else None
    return row is not None and bool(row[0])


def find(tx: Transaction, name: str) -> str | None:
    """The fact of that name."""
    row = tx.row("SELECT value FROM facts WHERE name = :name", name=name)
    return None if row is None else str(row[0])


def beginning_with(tx: Transaction, prefix: str) -> dict[str, str]:
    """The facts whose names begin with `prefix`, by the rest of the name."""
    rows = tx.rows("SELECT name, value FROM facts ORDER BY name")
    return {name.removeprefix(prefix): value for name, value in rows if name.startswith(prefix)}


def add(tx: Transaction, name: str, value: str) -> bool:
    """State a fact; False: it was stated before, and stays. Of two nodes at once, one waits and gets False."""
    return (
        tx.run(
            "INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING",
            name=name,
            value=value,
        )
        == 1
    )


def replace(tx: Transaction, name: str, value: str, *, replaced: str) -> bool:
    """Restate a fact, if it still is what was read; False: it is not."""
    return (
        tx.run(
            "UPDATE facts SET value = :value WHERE name = :name AND value = :replaced",
            name=name,
            value=value,
            replaced=replaced,
        )
        == 1
    )


def remove(tx: Transaction, name: str) -> bool:
    """Take a fact back; False: it was not stated."""
    return tx.run("DELETE FROM facts WHERE name = :name", name=name) == 1


def put(tx: Transaction, name: str, value: str) -> None:
    """State a fact, whatever was stated before."""
    tx.run(
        "INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=name,
        value=value,
    )
