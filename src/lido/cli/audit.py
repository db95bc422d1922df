"""`lido audit`: the trail of what operators did."""

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from lido.cli.moments import iso
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.flows.audit_chain import Break, Head
    from lido.flows.audit_reading import Told

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class _Since(click.ParamType[int]):
    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The seconds that it names as a span back from now, or milliseconds since 1970 below zero."""
        from datetime import UTC, datetime

        span = re.fullmatch(r"([0-9]{1,9})([smhd])", value)
        if span:
            return int(span[1]) * _UNITS[span[2]] * 1000
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value} is neither a span such as 24h or 7d nor a time such as 2027-01-31T08:00:00Z.", param, ctx
            )
        return -int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


class _Head(click.ParamType["Head"]):
    name = "HEAD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The head, as `lido audit head` printed it."""
        from lido.flows.audit_chain import head_of

        try:
            return head_of(value.strip())
        except ValueError as error:
            self.fail(str(error), param, ctx)


_pool = click.option("--pool", "pool_id", metavar="POOL", help="Only what was done in this pool.")
_since = click.option("--since", type=_Since(), help="Not before then: 24h, 7d, or 2027-01-31T08:00:00Z.")


@click.group()
def audit() -> None:
    """The trail of what operators did: who, with which key, when, where and what, and what was denied."""


@audit.command("list")
@_pool
@_since
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many at most.")
@options(*INSTALLATION)
def list_(pool_id: str | None, since: int | None, limit: int, **given: Any) -> None:
    """Show the newest entries, newest last."""
    from lido.cli.installation import open_installation
    from lido.flows import audit_reading
    from lido.settings import load

    with open_installation(load(given)) as lido:
        call = lido.call()
        found = audit_reading.newest(call, pool_id=pool_id, since_at=_at(since, call.now), limit=limit)
    for entry in found:
        click.echo(_line(entry))
    if not found:
        click.echo("There is no entry.", err=True)


@audit.command()
@_pool
@_since
@options(*INSTALLATION)
def export(pool_id: str | None, since: int | None, **given: Any) -> None:
    """Print every entry as a line of JSON, oldest first."""
    from lido.cli.installation import open_installation
    from lido.flows import audit_reading
    from lido.settings import load

    with open_installation(load(given)) as lido:
        call = lido.call()
        for entry in audit_reading.every(call, pool_id=pool_id, since_at=_at(since, call.now)):
            click.echo(json.dumps(_members(entry)))


@audit.command()
@options(*INSTALLATION)
def head(**given: Any) -> None:
    """Print the head of the trail, to be kept elsewhere.

    Keep it where whoever can write the database cannot: `lido audit verify --holding HEAD` then finds also an end that
    was cut off.
    """
    from lido.cli.installation import open_installation
    from lido.flows import audit_chain
    from lido.settings import load

    with open_installation(load(given)) as lido:
        newest = audit_chain.head(lido.call())
    if newest is None:
        raise click.ClickException("Nothing is sealed yet; a running server seals within a second.")
    click.echo(str(newest))


@audit.command()
@click.option("--from", "after", type=_Head(), help="Begin after this head, which must still be there; quicker.")
@click.option("--holding", type=_Head(), help="Look at all, and demand that this head is still there.")
@options(*INSTALLATION)
def verify(after: "Head | None", holding: "Head | None", **given: Any) -> None:
    """Prove that the audit trail is as it was written.

    Names the first entry or seal that was changed, added, removed, moved or cut off, and ends with status 1. A head is
    what `lido audit head` printed; only one that was kept elsewhere proves that nobody put an earlier state of the
    database in its place.
    """
    from lido.cli.installation import open_installation
    from lido.settings import load

    with open_installation(load(given)) as lido:
        broken = _verified(lido.call(), after, holding)
    if broken is not None:
        raise click.ClickException(f"The audit trail does not hold: {broken.what}.")
    click.echo("The audit trail holds.")


def _verified(call: Any, after: "Head | None", holding: "Head | None") -> "Break | None":
    from lido.flows import audit_chain

    newest = audit_chain.head(call)
    seals = max(0, (newest.seal if newest else 0) - (after.seal if after else 0))
    with click.progressbar(length=seals, label="Seals", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        return audit_chain.verify(call, after=after, holding=holding, progress=bar.update)


def _at(since: int | None, now: int) -> int:
    if since is None:
        return 0
    return -since if since < 0 else max(0, now - since)


def _line(entry: "Told") -> str:
    body = entry.body
    about = [entry.pool_id, body.get("sub", ""), *(f"{name}={value}" for name, value in _named(entry).items())]
    changed = ",".join(map(str, body.get("names", [])))
    parts = [_time(entry), entry.actor, entry.operation, body.get("outcome", "?"), *about, changed]
    parts += [f"from {body['address']}" if body.get("address") else "", "" if entry.seal else "(not sealed yet)"]
    line = "  ".join(part for part in map(str, parts) if part)
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _time(entry: "Told") -> str:
    """When it was; an entry that somebody spoilt may say anything."""
    at = entry.body.get("at")
    return iso(at) if isinstance(at, int) and 0 <= at < 1 << 47 else "?"


def _named(entry: "Told") -> dict[str, Any]:
    named = entry.body.get("named", {})
    return named if isinstance(named, dict) else {}


def _members(entry: "Told") -> dict[str, Any]:
    return {
        "id": entry.id,
        "time": _time(entry),
        "actor": entry.actor,
        "operation": entry.operation,
        "pool_id": entry.pool_id,
        **{name: value for name, value in entry.body.items() if name not in ("at", "v")},
        "seal": entry.seal,
    }
