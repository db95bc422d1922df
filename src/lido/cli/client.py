"""`lido client`: the settings of app clients that Cognito lacks."""

from typing import Any

import click

from lido.cli.assignments import assignment
from lido.cli.options import INSTALLATION, options


@click.group()
def client() -> None:
    """Settings of app clients that Cognito lacks."""


@client.command("set")
@click.argument("client_id", metavar="CLIENT")
@click.argument("changes", metavar="NAME=VALUE...", nargs=-1, required=True, type=assignment)
@options(*INSTALLATION)
def set_(client_id: str, changes: tuple[tuple[str, str], ...], **given: Any) -> None:
    """Give one app client settings that differ from its pool's.

    hide_users=true|false: unknown users look like wrong passwords. An empty value goes back to the pool's. Several
    settings change together or not at all; running servers obey at their next request.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import pool_options
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "client set", ClientId=client_id) as call:
        try:
            changed = pool_options.set_for_client(call, client_id, dict(changes))
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    for name, value in sorted(changed.settings.options.items()):
        click.echo(f"{name}={value}")
