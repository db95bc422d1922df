"""Which ways messages take to the outside, and which of them are closed.

A pool may name an account or a region where nobody answers; that says nothing about the ways of others.
"""

from typing import NamedTuple

from lido.records import Pool

_MISSES_OF_A_CLOSED_WAY = 2
"""One alone may be a message that the server hangs up on."""


class Way(NamedTuple):
    """How messages of a medium leave: through the account that the pool names, by ARN or region; '' through ours."""

    medium: str
    account: str = ""


def way_of(pool: Pool | None, medium: str) -> Way:
    """The way of a pool's messages; of a pool that is gone none leaves, so any is right."""
    if pool is None:
        return Way(medium)
    if medium == "SMS":
        text = pool.settings.shape.sms_configuration
        return Way(medium, (text.sns_region or pool.region) if text else "")
    mail = pool.settings.shape.email_configuration
    return Way(medium, (mail.source_arn or "") if mail and mail.email_sending_account == "DEVELOPER" else "")


class Ways:
    """How often each way was missed in a row, and for which reasons."""

    def __init__(self) -> None:
        self._missed: dict[Way, list[str]] = {}

    def missed(self, way: Way, reason: str) -> None:
        """A message did not reach anybody that way."""
        before = self._missed.get(way, [])
        self._missed[way] = [*before, reason] if len(before) < _MISSES_OF_A_CLOSED_WAY else _with(before, reason)

    def is_closed(self, way: Way) -> bool:
        """Whether nobody was reached lately."""
        return len(self._missed.get(way, ())) >= _MISSES_OF_A_CLOSED_WAY

    def reasons(self, way: Way) -> frozenset[str]:
        """Why messages wait for a closed way; none for others."""
        return frozenset(self._missed[way]) if self.is_closed(way) else frozenset()

    def opened(self, way: Way) -> None:
        """Somebody was reached that way."""
        self._missed.pop(way, None)


def _with(reasons: list[str], reason: str) -> list[str]:
    return reasons if reason in reasons else [*reasons, reason]
