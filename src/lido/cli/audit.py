"""`lido audit`: the trail of what operators did."""

from typing import Any

import click

from lido.cli.options import INSTALLATION, options


@click.group()
def audit() -> None:
    """The trail of what operators did."""


@audit.command()
@options(*INSTALLATION)
def verify(**given: Any) -> None:
    """Prove that the audit trail is as it was sealed.

    No entry was changed, added or removed since. Compare the newest seal with the one in the server's log to see that
    the end is not missing.
    """
    from lido.cli.installation import open_installation
    from lido.flows import audit as trail
    from lido.settings import load

    with open_installation(load(given)) as lido:
        broken = trail.verify(lido.call())
    if broken is not None:
        raise click.ClickException(f"The audit trail does not hold from seal {broken} on.")
    click.echo("The audit trail holds.")
