"""`lido version`."""

import click

from lido import __version__


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(f"lido {__version__}")
