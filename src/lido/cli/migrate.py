"""`lido migrate`: bring the tables of a database up to this release."""

from typing import Any

import click

from lido.cli.options import options


@click.command()
@options("data_dir", "database")
def migrate(**given: Any) -> None:
    """Bring the database's tables up to this release.

    `lido serve` does so by itself when it starts. With several servers on one database, run this once, then
    start the new release on each.
    """
    from lido.cli import installation
    from lido.settings import load

    database = installation.connect(load(given))
    try:
        installation.migrate(database, click.echo)
    finally:
        database.close()
    click.echo("The tables are those of this release.")
