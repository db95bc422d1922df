"""The history of the tables: numbered files in the common dialect, each applied once, in one transaction.

`NNNN_name.sql` serves both engines; `NNNN_name.postgresql.sql` beside it holds storage parameters that SQLite
does not know. A change of the tables is a new file; a published file never changes.
"""

import re
from collections.abc import Iterator
from importlib.resources import files

from lido.storage.database import Database, Transaction

_EXISTS = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
    "postgresql": "SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('migrations')",
}
_WAIT_FOR_OTHERS = "SELECT set_config('lock_timeout', '5min', TRUE), pg_advisory_xact_lock(7813265100927)"
_HISTORY = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)"


class NewerDatabase(Exception):
    """The database was migrated by a later release; this one must not touch it."""


def migrate(database: Database, now: int) -> list[str]:
    """Apply what is missing, at `now` (ms), and return the names applied. Nodes starting together wait for each other.

    Raises NewerDatabase when the database knows migrations that this release does not.
    """
    applied = []
    while pending(database):
        name = _apply_next(database, now)
        if name is not None:
            applied.append(name)
    return applied


def pending(database: Database) -> list[str]:
    """The names not yet applied, in order; NewerDatabase as in `migrate`."""
    with database.read() as tx:
        return _missing(tx, database.engine)


def _apply_next(database: Database, now: int) -> str | None:
    with database.write() as tx:
        if database.engine == "postgresql":  # on SQLite a write is alone anyhow
            tx.row(_WAIT_FOR_OTHERS)
        missing = _missing(tx, database.engine)
        if not missing:
            return None
        tx.run(_for_engine(_HISTORY, database.engine))
        for statement in _statements(missing[0], database.engine):
            tx.run(statement)
        tx.run("INSERT INTO migrations (name, applied_at) VALUES (:name, :now)", name=missing[0], now=now)
        return missing[0]


def _missing(tx: Transaction, engine: str) -> list[str]:
    known = _known()
    applied = set()
    if tx.row(_EXISTS[engine]):
        applied = {name for (name,) in tx.rows("SELECT name FROM migrations")}
    later = sorted(applied.difference(known))
    if later:
        raise NewerDatabase(
            f"The database was migrated by a later release of Lido ({later[-1]}); start that release or a newer one."
        )
    return [name for name in known if name not in applied]


def _known() -> list[str]:
    names = (entry.name for entry in files(__package__).iterdir())
    return sorted(name.removesuffix(".sql") for name in names if re.fullmatch(r"\d{4}_\w+\.sql", name))


def _statements(name: str, engine: str) -> Iterator[str]:
    for file in (f"{name}.sql", f"{name}.{engine}.sql"):
        path = files(__package__).joinpath(file)
        if path.is_file():
            text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
            yield from (_for_engine(statement, engine) for statement in text.split(";") if statement.strip())


def _for_engine(statement: str, engine: str) -> str:
    """On PostgreSQL text compares by its bytes, as on SQLite; a language's collation would break pages by key."""
    return re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', statement) if engine == "postgresql" else statement
