"""`lido backup` and `lido restore`: a SQLite installation's database, out and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.settings import Settings

_FOR_POSTGRESQL = "The database is PostgreSQL, which has its own tools: use pg_dump, or its base backups."


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@options(*INSTALLATION)
def backup(file: Path, **given: Any) -> None:
    """Copy the SQLite database to FILE, also while a server runs.

    The copy is of one moment and complete; its secrets are sealed. Without the master key it is worthless: back that
    up too, in another place. A database on PostgreSQL is backed up with pg_dump.
    """
    from lido.cli import master_key_file
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import restoring
    from lido.settings import load

    settings = load(given)
    if settings.sqlite_path is None:
        raise click.ClickException(_FOR_POSTGRESQL)
    with open_installation(settings) as lido:
        with acting(lido, "backup", File=str(file)):
            pass  # the entry comes first, and is in the copy
        try:
            restoring.back_up(settings.sqlite_path, file, _progress)
        except FileExistsError as error:
            raise click.ClickException(f"{file} exists; a backup never replaces a file.") from error
        except restoring.Damaged as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{file}: {file.stat().st_size} bytes, sealed with master key {lido.keys.key_id.hex()}")
    click.echo(f"The master key is not in it. Back it up apart: {master_key_file.source_of(settings)}")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--keep-sessions", is_flag=True, help="For a planned move: nothing happened after the backup.")
@options(*INSTALLATION)
def restore(file: Path, *, keep_sessions: bool, **given: Any) -> None:
    """Put a backup in the place of the SQLite database, while no server runs.

    Everybody has to sign in again: what was revoked or used up after the backup was made must not come back. The
    database that was there is kept beside it under another name.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import connect, migrate, open_installation
    from lido.flows import restoring
    from lido.settings import load

    settings = load(given)
    path = settings.sqlite_path
    if path is None:
        raise click.ClickException("The database is PostgreSQL, which has its own tools: use pg_restore.")
    if path.exists() and not restoring.take_out_of_use(path):
        raise click.ClickException(f"{path} is in use; stop the server first.")
    draft = path.with_name(f"{path.name}.restoring")
    draft.unlink(missing_ok=True)
    try:
        restoring.back_up(file, draft, _progress)
    except restoring.Damaged as error:
        raise click.ClickException(str(error)) from error
    try:
        database = connect(_on(settings, draft))
        try:
            migrate(database, click.echo)
        finally:
            database.close()
        with open_installation(_on(settings, draft)) as lido, acting(lido, "restore", File=str(file)) as call:
            restoring.forget_past(call, keep_sessions=keep_sessions)
        restoring.take_out_of_use(draft)
    except BaseException:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)
        raise
    if path.exists():
        aside = path.with_name(f"{path.name}.before-{call.now}")
        path.rename(aside)
        click.echo(f"The database that was here is now {aside}.")
    draft.rename(path)
    click.echo(f"{path} is restored.")
    click.echo("Access keys revoked since the backup are alive again: look with `lido keys list`.")


def _on(settings: "Settings", path: Path) -> "Settings":
    import msgspec

    return msgspec.structs.replace(settings, database=f"sqlite:///{path}")


def _progress(done: int, pages: int) -> None:
    if done and done % 100_000 == 0:
        click.echo(f"  {done} of {pages} pages", err=True)
