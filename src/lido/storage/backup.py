"""Copying a SQLite database while it is in use, and making a copy forget what happened after it was made.

PostgreSQL has its own tools (pg_dump, base backups); nothing here is for it but `forget_past`.
"""

import os
from collections.abc import Callable
from pathlib import Path

import apsw

from lido import silence
from lido.errors import Unavailable
from lido.storage.database import Transaction

_PAGES_AT_ONCE = 2000
# More than any account's epoch can have risen between a backup and its restoration.
_EPOCHS = 1_000_000


class Damaged(Exception):
    """The file is no whole SQLite database."""


def copy(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    """Write the database at `source`, as it is at this moment, to the new file `target`, for its owner alone.

    Servers go on reading and writing. The copy is one file, flushed to disk and checked; `progress` hears pages done
    and pages in all. Raises FileExistsError, Unavailable, Damaged.
    """
    silence.refuse_if_open("Copying the database")
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        _copy(source, target, progress)
        _flush(target)
    except apsw.Error as error:
        _remove(target)
        if isinstance(error, apsw.NotADBError | apsw.CorruptError):
            raise Damaged(f"{source} is not a whole SQLite database.") from error
        raise Unavailable(f"SQLite: {error}") from error
    except BaseException:
        _remove(target)
        raise


def take_out_of_use(path: Path) -> bool:
    """Fold the write-ahead log into the file and leave it as one file; False: somebody has the database open."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        # Leaving the write-ahead log needs the file for oneself: every open connection holds a lock on it.
        return bool(connection.pragma("journal_mode", "delete") == "delete")
    except apsw.BusyError:
        return False
    finally:
        connection.close()


def forget_past(tx: Transaction, now: int, *, keep_sessions: bool) -> None:
    """Make a restored database refuse what was handed out or used up after the backup was made.

    Every account's generation rises beyond what it can have been, so sessions, running sign-ins and codes end;
    messages that wait are not sent again. `keep_sessions` is for a planned move, where nothing came after the copy.
    """
    tx.run(
        """INSERT INTO facts (name, value) VALUES ('restored_at', :now)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
        now=str(now),
    )
    if keep_sessions:
        return
    tx.run(
        "UPDATE users SET epoch = epoch + :epochs, signed_out_at = :now, version = version + 1", epochs=_EPOCHS, now=now
    )
    tx.run("UPDATE sessions SET revoked_at = :now WHERE revoked_at IS NULL", now=now)
    tx.run("DELETE FROM codes")
    tx.run("UPDATE messages SET state = 2, last_error = 'restored' WHERE state = 0")


def _copy(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    reading = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    writing = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        # Within one read transaction the copy is of one moment, and no writer makes it begin again.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchall()
        with writing.backup("main", reading, "main") as copying:
            while not copying.done:
                copying.step(_PAGES_AT_ONCE)
                progress(copying.page_count - copying.remaining, copying.page_count)
        reading.execute("ROLLBACK")
        writing.pragma("journal_mode", "delete")
        if writing.pragma("quick_check", 1) != "ok":
            raise Damaged(f"{source} is damaged: its copy fails SQLite's check.")
    finally:
        writing.close()
        reading.close()


def _flush(path: Path) -> None:
    for name, flags in ((path, os.O_RDWR), (path.parent, os.O_RDONLY)):
        descriptor = os.open(name, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
