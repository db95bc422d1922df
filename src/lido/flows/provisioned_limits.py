"""Request rates that somebody set: of each pool of a region, as Cognito's operations do, or of one pool."""

from collections.abc import Mapping

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, audit, events
from lido.flows.events import Fact
from lido.rules import identifiers, rate_limits
from lido.storage import limits
from lido.storage.limits import Usage

MOST = 100_000
"""Requests a second that a rate may be set to."""
_LATELY_MS = 5_000


class Line(msgspec.Struct, frozen=True):
    """A rate as the command line shows it: `used` in the last second, `refused` in the last hour or longer."""

    scope: str
    category: str
    rate: int
    used: int
    refused: int


def find(call: Call, scope: str, category: str) -> int:
    """The rate of a pool, or of each pool of a region, as the database has it."""
    with call.db.read() as tx:
        _adopt(call, limits.rates(tx))
    return call.limits.rate(scope, category)


def set_rate(call: Call, scope: str, category: str, rate: int | None, *, operation: str) -> None:
    """Set requests a second of a pool or region, None for the default; nodes know it within a second.

    Raises ValueError with a sentence, ResourceNotFound for a pool that does not exist.
    """
    if category not in rate_limits.DEFAULT_RATES:
        raise ValueError(f"{category} is no category; there are {', '.join(rate_limits.DEFAULT_RATES)}.")
    if rate is not None and not 1 <= rate <= MOST:
        raise ValueError(f"A rate is 1 to {MOST} requests a second.")
    is_pool = identifiers.is_pool_id(scope)
    if not is_pool and not call.house.serves(scope):
        raise ValueError(f"{scope} is neither a pool nor a region that is served.")
    with call.db.write() as tx:
        if is_pool:
            access.lock_pool(call, tx, scope)
            events.tell(call, tx, scope, "pool_changed", fact=Fact(operation=operation, names=[category]))
        if rate is None:
            limits.remove_rate(tx, scope, category)
        else:
            limits.set_rate(tx, scope, category, rate)
        audit.note(call, Category=category, Scope=scope, Rate="default" if rate is None else str(rate))
        rates = limits.rates(tx)
    _adopt(call, rates)


def table(call: Call, scope: str | None = None) -> list[Line]:
    """Rates that were set, and those that nodes tell of, by pool; only those of `scope` where it is given."""
    with call.db.read() as tx:
        rates, told = limits.rates(tx), limits.usage(tx)
    _adopt(call, rates)
    found: dict[tuple[str, str], list[Usage]] = {key: [] for key in rates}
    for usage in told:
        found.setdefault((usage.scope, usage.category), []).append(usage)
    return [
        Line(
            scope=key[0],
            category=key[1],
            rate=call.limits.rate(*key),
            used=sum(usage.used for usage in nodes if usage.second > call.now - _LATELY_MS),
            refused=sum(usage.refused for usage in nodes),
        )
        for key, nodes in sorted(found.items())
        if scope in (None, key[0])
    ]


def within_bounds(category: str, rate: int) -> None:
    """Refuse what AWS does: less than its default rate, more than can be had. Raises the faults of the operation."""
    free = rate_limits.DEFAULT_RATES[category]
    if rate < free:
        raise errors.InvalidParameter(f"The requested limit must be at least {free}.")
    if rate > MOST:
        raise errors.ServiceQuotaExceeded(f"The requested limit exceeds the account maximum of {MOST}.")


def _adopt(call: Call, rates: Mapping[tuple[str, str], int]) -> None:
    call.limits.adopt_rates(rates, call.now)
