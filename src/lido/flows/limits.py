"""How often pools are asked: a bucket of requests for each pool and category, in this process; no statement is run.

A token that was taken comes back a second later, so that in no second more are taken than the bucket holds. What a
bucket may hold beside those of other nodes is decided by `flows/limit_sharing.py`.
"""

import threading
from collections.abc import Callable, Mapping

from lido import errors
from lido.rules import rate_limits

_SLOT_MS = 50
_SLOTS = 1000 // _SLOT_MS + 1
"""The slot under way, and those of a whole second before it."""
_SET_BACK = 10_000 // _SLOT_MS
"""Requests may have waited so long before they are counted; an older moment says that the clock was set back."""
_PARTS = 5
"""All nodes without a share may together take a fifth of the rate on top of what others hold."""


class Bucket:
    """The tokens of one pool and category on this node."""

    def __init__(self, rate: int, floor: int) -> None:
        self.rate = rate
        self._refused = 0
        self._floor = floor
        self._lease = 0
        self._leased_until = 0
        self._share = floor
        self._lock = threading.Lock()
        self._taken = [0] * _SLOTS
        self._missed = [0] * _SLOTS
        self._used = 0
        self._slot = 0

    def take(self, now: int) -> bool:
        """Take a token at `now` (ms); False: there is none."""
        slot = now // _SLOT_MS
        with self._lock:
            if slot != self._slot:
                slot = self._turn_to(slot)
            if self._used >= self._share:
                self._missed[slot % _SLOTS] += 1
                self._refused += 1
                return False
            self._used += 1
            self._taken[slot % _SLOTS] += 1
            return True

    def told(self, now: int) -> tuple[int, int]:
        """How many tokens were taken in the last second, and how many were asked for."""
        with self._lock:
            self._turn_to(now // _SLOT_MS)
            return self._used, self._used + sum(self._missed)

    def settle(self, rate: int, floor: int, now: int) -> None:
        """Another rate, or another number of nodes."""
        with self._lock:
            self.rate, self._floor = rate, floor
            self._lease = min(self._lease, rate)
            self._hold(now)

    def lease(self, share: int, until: int, now: int) -> int:
        """Hold `share` tokens until then; gives how many of them are out, more at first where the share was larger."""
        with self._lock:
            self._turn_to(now // _SLOT_MS)
            self._lease, self._leased_until = share, until
            self._hold(now)
            return self._used

    def refusals(self) -> int:
        """How often there was none since this was asked last."""
        with self._lock:
            refused, self._refused = self._refused, 0
        return refused

    @property
    def leased(self) -> int:
        """What it was last given to hold."""
        return self._lease

    def _hold(self, now: int) -> None:
        self._share = max(self._lease if now <= self._leased_until else 0, self._floor)

    def _turn_to(self, slot: int) -> int:
        """Give back what was taken more than a second ago; the slot to count in. A clock set back a little waits."""
        passed = slot - self._slot
        if -_SET_BACK < passed <= 0:
            return self._slot
        for old in range(self._slot + 1, slot + 1) if 0 < passed < _SLOTS else range(_SLOTS):
            self._used -= self._taken[old % _SLOTS]
            self._taken[old % _SLOTS] = self._missed[old % _SLOTS] = 0
        self._slot = slot
        self._hold(slot * _SLOT_MS)
        return slot


class Limits:
    """All buckets of this process. `factor` multiplies AWS's default rates; with 0 nothing is limited."""

    def __init__(self, factor: int, *, tally: Callable[[str], None] = lambda _: None) -> None:
        """`tally` is told the category of each refusal."""
        self.factor = factor
        self.others = 0
        self._newcomer = False
        self._tally = tally
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._rates: Mapping[tuple[str, str], int] = {}
        self._missing = threading.Event()

    def spend(self, scope: str, charges: tuple[str, ...], now: int) -> None:
        """Count a request to a pool, or to a region as a whole, at `now` (ms). Raises TooManyRequests."""
        if not self.factor:
            return
        for charge in charges:
            bucket = self._buckets.get((scope, charge)) or self._begin(scope, charge, now)
            if not bucket.take(now):
                self._missing.set()
                self._tally(rate_limits.category_of(charge))
                raise errors.TooManyRequests

    def adopt(self, rates: Mapping[tuple[str, str], int], others: int, now: int, *, newcomer: bool = False) -> None:
        """The rates that were set, by pool or region and category, and how many other nodes serve.

        A `newcomer` is one with whom they do not reckon yet.
        """
        self._rates, self.others, self._newcomer = rates, others, newcomer
        for (scope, charge), bucket in list(self._buckets.items()):
            rate = self.rate(scope, charge)
            bucket.settle(rate, self._floor(rate), now)

    def settle(self, now: int) -> None:
        """The others reckon with this node."""
        if self._newcomer:
            self.adopt(self._rates, self.others, now)

    def adopt_rates(self, rates: Mapping[tuple[str, str], int], now: int) -> None:
        """The rates that were set, by pool or region and category."""
        self.adopt(rates, self.others, now, newcomer=self._newcomer)

    def rate(self, scope: str, charge: str) -> int:
        """Requests a second of a pool or region."""
        category, region = rate_limits.category_of(charge), scope.partition("_")[0]
        provisioned = self._rates.get((scope, category)) or self._rates.get((region, category))
        return rate_limits.rate_of(charge, self.factor, provisioned)

    def asked(self, now: int) -> dict[tuple[str, str], tuple[Bucket, int]]:
        """The buckets that were asked for anything in the last second, and for how much; the others are dropped."""
        found = {}
        for key, bucket in list(self._buckets.items()):
            _, asked = bucket.told(now)
            if asked:
                found[key] = (bucket, asked)
            else:
                self._buckets.pop(key, None)
        return found

    def wait_for_refusal(self, seconds: float) -> bool:
        """Rest until somebody is refused, at most that long; whether somebody was."""
        refused = self._missing.wait(seconds)
        self._missing.clear()
        return refused

    def wake(self) -> None:
        """End the rest."""
        self._missing.set()

    def _floor(self, rate: int) -> int:
        """What needs no asking: everything where no other node serves."""
        if not self.others:
            return rate
        # Until the others make room for a newcomer, each has a part of the fifth as if it had not come: one is left.
        return max(1, rate // (_PARTS * (self.others if self._newcomer else self.others + 1)))

    def _begin(self, scope: str, charge: str, now: int) -> Bucket:
        rate, others = self.rate(scope, charge), self.others
        bucket = self._buckets.setdefault((scope, charge), Bucket(rate, self._floor(rate)))
        if self.others != others:
            # It began while `adopt` told all that there were.
            bucket.settle(rate, self._floor(rate), now)
        return bucket
