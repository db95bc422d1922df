"""Opening an installation: its folder, its database, its master key and the operators' first key.

`lido serve` makes what is missing; every other command works on what is there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from click import ClickException

from lido import assembly
from lido.cli import credentials, master_key_file
from lido.ports import files
from lido.settings import Settings

Say = Callable[[str], None]

STANDBY = (
    "The database is a standby (in recovery): it follows a primary and cannot be written. Lido serves from it once it "
    "is promoted: make sure that the primary is stopped, then SELECT pg_promote()."
)


def _silent(line: str) -> None:
    """Say nothing."""


@contextmanager
def open_installation(settings: Settings, *, create: bool = False, say: Say = _silent) -> Iterator[assembly.Lido]:
    """The house on its data, closed at the end; with `create` what is missing is made, and told to `say`.

    Raises ClickException with one sentence where that is impossible, and errors.Unavailable.
    """
    folder = Path(settings.data_dir)
    if create and files.make_private_folder(folder):
        say(f"data directory: {folder}, new")
    database = connect(settings, create=create)
    try:
        say(f"database: {describe_database(settings)}")
        if create:
            _require_promoted(database)
            migrate(database, say)
        else:
            require_current(database)
        keys = master_key_file.unlock(settings, database, create=create, say=say)
    except BaseException:
        database.close()
        raise
    lido = assembly.Lido(settings, database, keys)
    try:
        if create:
            credentials.provide(lido, say)
        yield lido
    finally:
        lido.close()


def connect(settings: Settings, *, create: bool = False) -> assembly.Database:
    """The database; a file is only made with `create`."""
    path = settings.sqlite_path
    if path is not None and not create and not path.is_file():
        raise ClickException(f"There is no database at {path}; `lido serve` makes one.")
    try:
        return assembly.open_database(settings)
    except (ValueError, RuntimeError) as error:
        raise ClickException(str(error)) from error


def _require_promoted(database: assembly.Database) -> None:
    """Refuse a standby before anything is made: a key that seals nothing would stand in the way of the right one."""
    if assembly.is_standby(database):
        raise ClickException(STANDBY)


def describe_database(settings: Settings) -> str:
    """Where the database is, without its password."""
    if settings.sqlite_path is not None:
        return f"SQLite at {settings.sqlite_path}"
    parts = urlsplit(settings.database)
    return f"PostgreSQL, {parts.path.lstrip('/') or 'default database'} at {parts.hostname or 'local socket'}"


def migrate(database: assembly.Database, say: Say) -> None:
    """Apply the missing migrations."""
    try:
        for name in assembly.migrate(database):
            say(f"migrated: {name}")
    except assembly.NewerDatabase as error:
        raise ClickException(str(error)) from error


def require_current(database: assembly.Database) -> None:
    """Refuse a database whose tables are not those of this release."""
    try:
        missing = assembly.pending(database)
    except assembly.NewerDatabase as error:
        raise ClickException(str(error)) from error
    if missing:
        raise ClickException(f"The database lacks {', '.join(missing)}; run `lido migrate` first.")
