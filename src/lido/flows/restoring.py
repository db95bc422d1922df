"""Backups of a SQLite installation, and their return: what was revoked or used up after the backup stays so."""

from collections.abc import Callable
from pathlib import Path

from lido.call import Call
from lido.storage import backup

Damaged = backup.Damaged


def back_up(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the database in use at `source` to the new file `target`; `progress` hears pages done and in all.

    Raises FileExistsError, Unavailable, Damaged.
    """
    backup.copy(source, target, progress)


def take_out_of_use(path: Path) -> bool:
    """Make the database at `path` one file that can be moved; False: a server has it open."""
    return backup.take_out_of_use(path)


def forget_past(call: Call, *, keep_sessions: bool) -> None:
    """Make a restored database, not yet in use, refuse what was handed out before (unless `keep_sessions`)."""
    with call.db.write() as tx:
        backup.forget_past(tx, call.now, keep_sessions=keep_sessions)
