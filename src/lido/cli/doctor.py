"""`lido doctor`: what is in force, and what looks wrong."""

from typing import Any

import click

from lido.cli.options import INSTALLATION, options


@click.command()
@options("port", "public_url", *INSTALLATION)
def doctor(**given: Any) -> None:
    """Say what is in force and what looks wrong.

    Changes nothing, and may run beside the server. The exit status is 1 when something looks wrong.
    """
    from lido.cli import examination
    from lido.settings import load

    settings = load(given)
    click.echo("Settings (* is not the default):\n")
    for line in examination.in_force(settings):
        click.echo(f"  {line}")
    click.echo("\nFindings:\n")
    faults = 0
    for finding in examination.examine(settings):
        faults += finding.fault is not None
        click.echo(f"  {'WRONG' if finding.fault else 'ok   '} {finding.about}: {finding.state}")
        if finding.fault:
            click.echo(f"        {finding.fault}")
    if faults:
        raise click.ClickException(f"{faults} {'things look' if faults > 1 else 'thing looks'} wrong.")
    click.echo("\nAll is well.")
