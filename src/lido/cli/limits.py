"""`lido limits`: how often pools may be asked, how often they are, and how often somebody was refused."""

import json
from typing import TYPE_CHECKING, Any

import click

from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.flows.provisioned_limits import Line


@click.group(invoke_without_command=True)
@click.option("--pool", "scope", metavar="POOL", help="Only this pool, or this region.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@options(*INSTALLATION)
@click.pass_context
def limits(context: click.Context, /, scope: str | None, *, as_json: bool, **given: Any) -> None:
    """Request rates of pools: what they may reach, use and were refused.

    Rates that were set are shown, and those that were used within the hour: requests of the last second on all
    nodes, and refusals. A rate of a region holds for each of its pools. Rates that nobody set are Cognito's defaults
    times the setting request_rate_factor.
    """
    if context.invoked_subcommand is not None:
        return
    from lido.cli.installation import open_installation
    from lido.flows import provisioned_limits
    from lido.settings import load

    with open_installation(load(given)) as lido:
        found = provisioned_limits.table(lido.call(), scope)
    if as_json:
        click.echo(json.dumps([_told(line) for line in found], indent=2))
        return
    if not found:
        click.echo("No rate was set or used within the hour.", err=True)
        return
    click.echo(f"{'POOL':<24}  {'CATEGORY':<30}  {'RATE':>7}  {'USED':>7}  {'REFUSED':>9}")
    for line in found:
        click.echo(f"{line.scope:<24}  {line.category:<30}  {line.rate:>7}  {line.used:>7}  {line.refused:>9}")


@limits.command("set")
@click.argument("scope", metavar="POOL")
@click.argument("category", metavar="CATEGORY")
@click.argument("rate", metavar="RATE", type=int)
@options(*INSTALLATION)
def set_(scope: str, category: str, rate: int, **given: Any) -> None:
    """Let POOL, or each pool of a region, be asked RATE times a second in CATEGORY.

    Servers obey within a second. The categories are in docs/limits.md.
    """
    _change("limits set", scope, category, rate, given)
    click.echo(f"{category} of {scope}: {rate} requests a second.")


@limits.command()
@click.argument("scope", metavar="POOL")
@click.argument("category", metavar="CATEGORY")
@options(*INSTALLATION)
def reset(scope: str, category: str, **given: Any) -> None:
    """Go back to the default rate of CATEGORY for POOL or a region."""
    _change("limits reset", scope, category, None, given)
    click.echo(f"{category} of {scope}: the default.")


def _change(command: str, scope: str, category: str, rate: int | None, given: dict[str, Any]) -> None:
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import provisioned_limits
    from lido.settings import load

    with open_installation(load(given)) as lido:
        try:
            with acting(lido, command, scope if "_" in scope else "") as call:
                provisioned_limits.set_rate(call, scope, category, rate, operation=f"lido {command}")
        except ValueError as error:
            raise click.ClickException(str(error)) from error


def _told(line: "Line") -> dict[str, object]:
    return {
        "pool": line.scope,
        "category": line.category,
        "rate": line.rate,
        "used": line.used,
        "refused": line.refused,
    }
