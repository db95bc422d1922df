"""`lido messages`: what became of messages to people, trying again, trying the way, and a pool's own words."""

import json
from typing import TYPE_CHECKING, Any, Literal

import click

from lido.cli.message_templates import templates
from lido.cli.moments import iso
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.flows.message_log import Entry, State

_TIMES = ("written_at", "next_at", "sent_at", "expires_at")


@click.group()
def messages() -> None:
    """Messages to people: what became of them, and in which words."""


messages.add_command(templates)


@messages.command("list")
@click.option("--pool", "pool_id", metavar="POOL", help="Only messages of this pool.")
@click.option("--to", metavar="ADDRESS", help="Only messages to this address, in full or masked: a***@e***")
@click.option("--state", type=click.Choice(["waiting", "sent", "failed", "expired", "kept"]), help="Only those.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, help="How many, the newest.  [default: 100]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@options(*INSTALLATION)
def list_(
    pool_id: str | None, to: str | None, state: "State | None", *, limit: int, as_json: bool, **given: Any
) -> None:
    """Show what became of messages, newest last: addresses masked, neither codes nor words.

    One that did not leave says why. `kept` are those for whose medium no gateway is configured; `lido outbox` shows
    what they say.
    """
    from lido.cli.installation import open_installation
    from lido.flows import message_log
    from lido.settings import load

    with open_installation(load(given)) as lido:
        found = message_log.entries(lido.call(), pool_id=pool_id, to=to, state=state, limit=limit)
    if as_json:
        click.echo(json.dumps([_members(entry) for entry in found], indent=2))
        return
    for entry in found:
        click.echo(_line(entry))
    if not found:
        click.echo("There is no such message.", err=True)


@messages.command()
@click.option("--pool", "pool_id", metavar="POOL", help="Only messages of this pool.")
@click.option("--to", metavar="ADDRESS", help="Only messages to this address.")
@click.option("--kept", is_flag=True, help="Also those that stayed here because there was no gateway.")
@options(*INSTALLATION)
def retry(pool_id: str | None, to: str | None, *, kept: bool, **given: Any) -> None:
    """Try at once what waits or was given up, unless its code has expired.

    A running server sends them, each recipient's in order.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import message_log
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "messages retry", pool_id or "") as call:
        revived = message_log.retry(call, pool_id=pool_id, to=to, kept=kept)
    click.echo(f"Tried again: {revived}.")


@messages.command()
@click.option("--pool", "pool_id", metavar="POOL", required=True, help="The pool whose sender and way are tried.")
@click.option("--to", metavar="ADDRESS", required=True, help="An e-mail address, or a phone number such as +15550100.")
@click.option("--medium", type=click.Choice(["email", "sms"]), help="[default: sms to a phone number]")
@options(*INSTALLATION)
def test(pool_id: str, to: str, medium: str | None, **given: Any) -> None:
    """Send one message that says nothing, now, by the way that the settings name; print a refusal in full.

    It does not pass through the outbox.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.ports.mail import Undeliverable
    from lido.settings import load

    way: Literal["EMAIL", "SMS"] = "SMS" if (medium or ("sms" if to.startswith("+") else "email")) == "sms" else "EMAIL"
    with open_installation(load(given)) as lido, acting(lido, "messages test", pool_id):
        worker = lido.message_worker()
        try:
            worker.send_test(pool_id, way, to)
        except Undeliverable as refused:
            said = "".join(letter if letter.isprintable() else " " for letter in refused.said[:2_000])
            raise click.ClickException(f"{refused.reason}{f': {said}' if said else ''}") from refused
        except LookupError as missing:
            raise click.ClickException(f"No way for {way} is configured: messages stay in the outbox.") from missing
        finally:
            worker.close()
    click.echo(f"The message to {to} was taken.")


def _members(entry: "Entry") -> dict[str, Any]:
    import msgspec

    members: dict[str, Any] = msgspec.to_builtins(entry)
    return {**members, **{name: iso(members[name]) for name in _TIMES}}


def _line(entry: "Entry") -> str:
    line = f"{iso(entry.written_at)}  {entry.state:7}  {entry.medium} to {entry.to}  ({entry.source}, {entry.pool_id})"
    if entry.state == "waiting":
        line += f"  try {entry.attempts + 1} at {iso(entry.next_at)}"
    elif entry.state == "failed":
        line += f"  after {entry.attempts} tries"
    return f"{line}  {entry.trouble}" if entry.trouble and entry.state != "sent" else line
