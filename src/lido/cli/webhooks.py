"""`lido webhooks`: whom pools tell of their events, and what became of each event."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from lido.cli.moments import at, iso
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.flows.webhooks import Delivery

_STATES = ("waiting", "delivered", "dead")
_KEEP_IT = "Keep the secret now: it is not shown again."


def _types(_: click.Context, __: click.Parameter, value: str | None) -> list[str]:
    return [word for word in (value or "").replace(" ", "").split(",") if word]


@click.group()
def webhooks() -> None:
    """Whom pools tell of their events, and what became of each event."""


@webhooks.command()
@click.option("--pool", "pool_id", metavar="POOL", required=True, help="The pool whose events are told.")
@click.option("--url", required=True, help="Where they are posted: https://host/path.")
@click.option("--kinds", "types", metavar="TYPE,…", callback=_types, help="Only events of these types; all without it.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@options(*INSTALLATION)
def add(pool_id: str, url: str, types: list[str], *, as_json: bool, **given: Any) -> None:
    """Tell an address of a pool's events from now on.

    Prints the webhook's id and the secret that its receiver verifies signatures with. The types are in
    docs/webhooks.md, such as user.signed_up,user.deleted.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "webhooks add", pool_id) as call:
        try:
            added = flow.add(call, pool_id, url, types)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"id": added.id, "secret": added.secret}, indent=2))
        return
    click.echo(f"webhook  {added.id}\nsecret   {added.secret}")
    click.echo(_KEEP_IT, err=True)


@webhooks.command("list")
@click.option("--pool", "pool_id", metavar="POOL", help="Only webhooks of this pool.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@options(*INSTALLATION)
def list_(pool_id: str | None, *, as_json: bool, **given: Any) -> None:
    """Show all webhooks."""
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    with open_installation(load(given)) as lido:
        found = [flow.described(webhook) for webhook in flow.every(lido.call(), pool_id)]
    shown = [{**each, "created_at": iso(int(each["created_at"]))} for each in found]
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    for each in shown:
        state = "on" if each["enabled"] else f"off ({each['trouble'] or 'by an operator'})"
        click.echo(f"{each['id']}  {each['pool_id']}  {state}\n  {each['url']}\n  {', '.join(each['types']) or 'all'}")
    if not shown:
        click.echo("There is no webhook.", err=True)


@webhooks.command()
@click.argument("webhook_id", metavar="WEBHOOK")
@options(*INSTALLATION)
def remove(webhook_id: str, **given: Any) -> None:
    """Forget WEBHOOK, and what is on its way to it."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "webhooks remove", webhook=webhook_id) as call:
        flow.remove(call, webhook_id)
    click.echo(f"{webhook_id} is removed.")


@webhooks.command()
@click.argument("webhook_id", metavar="WEBHOOK")
@options(*INSTALLATION)
def enable(webhook_id: str, **given: Any) -> None:
    """Switch WEBHOOK on again: what waited leaves."""
    _switch(webhook_id, given, enabled=True)


@webhooks.command()
@click.argument("webhook_id", metavar="WEBHOOK")
@options(*INSTALLATION)
def disable(webhook_id: str, **given: Any) -> None:
    """Switch WEBHOOK off: what is due waits, new events are not for it."""
    _switch(webhook_id, given, enabled=False)


@webhooks.command()
@click.argument("webhook_id", metavar="WEBHOOK")
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, 24 * 30),
    default=24,
    show_default=True,
    help="How long the former secret signs too.",
)
@options(*INSTALLATION)
def rotate(webhook_id: str, overlap_hours: int, **given: Any) -> None:
    """Make a new secret for WEBHOOK, and print it."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "webhooks rotate", webhook=webhook_id) as call:
        secret = flow.rotate(call, webhook_id, overlap_seconds=overlap_hours * 3600)
    click.echo(f"secret   {secret}")
    click.echo(_KEEP_IT, err=True)


@webhooks.command()
@click.argument("webhook_id", metavar="WEBHOOK")
@options(*INSTALLATION)
def test(webhook_id: str, **given: Any) -> None:
    """Post an event of type webhook.test to WEBHOOK now, and print the answer; status 1 unless it is 2xx."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "webhooks test", webhook=webhook_id) as call:
        answer = flow.test(call, lido.outgoing, webhook_id)
    if answer.trouble is not None:
        raise click.ClickException(f"No answer: {answer.trouble}.")
    click.echo(f"HTTP {answer.status}")
    for line in answer.text.splitlines():
        # Whatever it says, a terminal only shows it.
        click.echo(f"  {line if line.isprintable() else ascii(line)}")
    if not answer.is_success:
        raise click.ClickException("A delivery wants a status of 2xx.")


@webhooks.command()
@click.argument("webhook_id", metavar="WEBHOOK")
@click.option("--state", type=click.Choice(_STATES), help="Only deliveries in this state; `dead` will not be tried.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, with bodies.")
@options(*INSTALLATION)
def deliveries(webhook_id: str, state: str | None, limit: int, *, as_json: bool, **given: Any) -> None:
    """Show what was, is and could not be delivered to WEBHOOK, the newest event first."""
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    with open_installation(load(given)) as lido:
        found = flow.deliveries_of(lido.call(), webhook_id, state=state, limit=limit)
    if as_json:
        click.echo(json.dumps([_members(each) for each in found], indent=2))
        return
    for each in found:
        trouble = f"  {each.last_error}" if each.last_error else ""
        click.echo(f"{each.event_id}  {each.type}  {_STATES[each.state]}, {each.attempts} tries{trouble}")
    if not found:
        click.echo("There is no such delivery.", err=True)


@webhooks.command()
@click.argument("webhook_id", metavar="WEBHOOK")
@click.option("--event", "event_id", metavar="ID", help="This event, whether or not it was delivered.")
@click.option("--dead", is_flag=True, help="Everything that is dead.")
@click.option("--since", metavar="TIME", callback=at, help="Every event since then, such as 2026-01-31T08:00Z.")
@click.option("--until", metavar="TIME", callback=at, help="With --since: every event before then.")
@options(*INSTALLATION)
def replay(
    webhook_id: str, event_id: str | None, since: int | None, until: int | None, *, dead: bool, **given: Any
) -> None:
    """Send events to WEBHOOK again, with their ids: one, the dead ones, or those of a time.

    Events of a time pass the filter as they did before; they are there for as long as the pool keeps its events.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    if [event_id is not None, dead, since is not None].count(True) != 1 or (until is not None and since is None):
        raise click.UsageError("Say what: --event ID, --dead, or --since TIME with or without --until TIME.")
    with open_installation(load(given)) as lido, acting(lido, "webhooks replay", webhook=webhook_id) as call:
        if event_id is not None:
            flow.replay_event(call, webhook_id, event_id)
            click.echo("1 event is on its way.")
        elif since is None:
            _report(flow.replay_dead(call, webhook_id))
        else:
            _report(flow.replay_between(call, webhook_id, since, call.now if until is None else until))


def _report(progress: Iterator[int]) -> None:
    sent = 0
    for sent in progress:
        click.echo(f"  {sent} events", err=True)
    click.echo(f"{sent} events are on their way.")


def _switch(webhook_id: str, given: dict[str, Any], *, enabled: bool) -> None:
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import webhooks as flow
    from lido.settings import load

    command = "webhooks enable" if enabled else "webhooks disable"
    with open_installation(load(given)) as lido, acting(lido, command, webhook=webhook_id) as call:
        flow.set_enabled(call, webhook_id, enabled=enabled)
    click.echo(f"{webhook_id} is {'on' if enabled else 'off'}.")


def _members(delivery: "Delivery") -> dict[str, Any]:
    return {
        "event_id": delivery.event_id,
        "type": delivery.type,
        "state": _STATES[delivery.state],
        "attempts": delivery.attempts,
        "next_at": iso(delivery.next_at) if delivery.settled_at is None else None,
        "settled_at": iso(delivery.settled_at),
        "last_error": delivery.last_error,
        "body": json.loads(delivery.body),
    }
