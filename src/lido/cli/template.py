"""`lido template`: templates of what there is."""

from typing import Any

import click

from lido.cli.options import INSTALLATION, options


@click.group()
def template() -> None:
    """CloudFormation templates of living user pools."""


@template.command()
@click.argument("pool_id", metavar="POOL")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@options(*INSTALLATION)
def export(pool_id: str, form: str, **given: Any) -> None:
    """Print a template of POOL, with its clients, groups, domains, resource servers, providers and settings.

    Users are left out; secrets of providers become parameters, and clients get new secrets where it is applied. In
    another installation `lido apply` makes an equal pool of it; in this one `lido apply --adopt` takes POOL over.
    """
    from lido.cli.acting import whoever
    from lido.cli.installation import open_installation
    from lido.settings import load
    from lido.stacks import documents
    from lido.stacks import export as exporting
    from lido.stacks.door import Door

    with open_installation(load(given)) as lido:
        door = Door(lido.call, actor=whoever(), region=pool_id.partition("_")[0])
        click.echo(documents.write(exporting.template(door, pool_id), form), nl=False)
