"""Times as commands print and take them."""

from datetime import UTC, datetime
from typing import overload

import click


@overload
def iso(at: int) -> str: ...
@overload
def iso(at: int | None) -> str | None: ...
def iso(at: int | None) -> str | None:
    """Milliseconds since 1970 as ISO 8601 in UTC, to the millisecond."""
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def at(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """ISO 8601 as milliseconds since 1970, UTC unless it says otherwise; for an option of click.

    Raises click.BadParameter.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a time such as 2026-01-31T08:00Z.") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
