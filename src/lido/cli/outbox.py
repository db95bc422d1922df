"""`lido outbox`: the messages to people, for who has no mail server yet and for whoever tests."""

import json
from typing import TYPE_CHECKING, Any

import click

from lido.cli.moments import iso
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.flows.outbox import Sent

_MEMBERS = ("to", "medium", "source", "pool_id", "subject", "text", "html", "code", "link")


@click.command()
@click.option("--to", metavar="ADDRESS", help="Only messages to this e-mail address or phone number.")
@click.option("--pool", "pool_id", metavar="POOL", help="Only messages of this pool.")
@click.option("--last", is_flag=True, help="Only the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array; with --last, one JSON object.")
@options(*INSTALLATION)
def outbox(to: str | None, pool_id: str | None, *, last: bool, as_json: bool, **given: Any) -> None:
    """Show the messages that were written to people, newest last.

    Where no mail server (LIDO_SMTP_URL) and no SMS gateway is configured, they stay here to be read, 7 days by default.
    The newest 1000 are shown.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import outbox as written
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "outbox", pool_id or "") as call:
        found = written.sent(call, to=to, pool_id=pool_id, limit=1 if last else 1000)
    if last and not found:
        raise click.ClickException("There is no such message.")
    if as_json:
        shown = [_members(message) for message in found]
        click.echo(json.dumps(shown[-1] if last else shown, indent=2, ensure_ascii=False))
    elif found:
        click.echo("\n\n".join(_readable(message) for message in found))
    else:
        click.echo("There is no message.", err=True)


def _members(message: "Sent") -> dict[str, str | None]:
    return {**{name: getattr(message, name) for name in _MEMBERS}, "sent_at": iso(message.sent_at)}


def _readable(message: "Sent") -> str:
    heading = [f"{message.medium} to {message.to}  ({message.source}, {message.pool_id})"]
    heading.append(f"{message.state} {iso(message.sent_at) or ''}".rstrip())
    if message.subject:
        heading.append(f"Subject: {message.subject}")
    return "\n".join([*heading, "", *(f"    {line}" for line in message.text.splitlines())])
