"""How nodes divide the rates of pools: once a second each tells what it uses and takes its share of what is free.

Free is what no other node holds or has used within the last second (core: a node grants itself the rate less the
others' last second), so all shares together never exceed a rate. Nodes without a share have a fifth of the rate among
them; so together they exceed a limit by at most a fifth, in any second.

A newcomer takes no share before the others reckon with it, and that they do once they have told since it came: whoever
tells looked before it counted, and starts anew where somebody came in between.
"""

import threading
from collections import Counter
from collections.abc import Callable

from lido.call import Call
from lido.flows.limits import Bucket, Limits
from lido.rules.identifiers import is_pool_id
from lido.rules.rate_limits import fair_share
from lido.storage import limits as stored
from lido.storage import pools
from lido.storage.database import Transaction
from lido.storage.limits import Usage

LEASE_MS = 3_000
"""How long a share lasts that is not renewed: less than others take it for held."""
_GONE_MS = 4_000
"""After this silence a node holds nothing and no more counts: a second after the end of its last share."""
_LEFT_MS = _GONE_MS - 1_000
"""One that said goodbye is taken for silent since then: what it used last comes back within a second."""
_BEAT_MS = 1_000
"""How often a node tells that it serves."""
_LONE_BEAT_MS = 2_000
"""So often is enough where nobody listens: a newcomer is heard by the next look."""
_MOST_TOLD = 200
"""Rates that a node tells of each second, the most used first; the others keep to what needs no asking."""
_SHORTEST_REST_SECONDS = 0.2


class LimitSharing:
    """The worker of one node, which `node` names among all that share the database, and never comes twice."""

    def __init__(self, new_call: Callable[[], Call], limits: Limits, *, node: str) -> None:
        self._new_call = new_call
        self._limits = limits
        self._node = node
        self._heard: dict[str, tuple[int, int]] = {}
        self._known: set[str] = set()
        self._told_at = 0
        self._unaware: dict[str, int] = {}
        self._aware_at = 0
        self._stopping = threading.Event()

    def join(self) -> None:
        """Tell that this node will serve, and whom it finds here. Raises Unavailable."""
        call = self._new_call()
        with call.db.write(durable=False) as tx:
            stored.divide(tx)
            self._unaware = stored.nodes(tx)
            self._told_at = call.now
            stored.beat(tx, self._node, call.now)
        self._look(call)
        self._aware_at = call.now + LEASE_MS

    def run_due(self) -> int:
        """Tell, take and rest; 0. Raises errors.Unavailable."""
        while not self._tell_if_due(self._new_call()):
            pass
        return 0

    def wait(self, seconds: float) -> None:
        """Rest; not so long where a share is too small."""
        if self._limits.wait_for_refusal(seconds):
            self._stopping.wait(_SHORTEST_REST_SECONDS if self._limits.others else seconds)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()
        self._limits.wake()

    def finish(self) -> None:
        """Tell that this node serves no more."""
        with self._new_call().db.write(durable=False) as tx:
            stored.forget_node(tx, self._node)

    def _tell_if_due(self, call: Call) -> bool:
        """False: somebody came meanwhile, and it must be done again."""
        self._look(call)
        asked = self._limits.asked(call.now)
        if asked or call.now - self._told_at >= (_BEAT_MS if self._limits.others else _LONE_BEAT_MS):
            return self._share_out(call, asked)
        return True

    def _look(self, call: Call) -> None:
        with call.db.read() as tx:
            rates, beats = stored.rates(tx), stored.nodes(tx)
        self._hear(beats, call.now)
        self._limits.adopt(rates, self._others(call.now), call.now, newcomer=bool(self._unaware))

    def _others(self, now: int) -> int:
        return sum(now - at <= _GONE_MS for _, at in self._heard.values())

    def _hear(self, beats: dict[str, int], now: int) -> None:
        """When, by the clock of this node, the others were heard of last."""
        before = self._heard
        left = {node: (beat, min(at, now - _LEFT_MS)) for node, (beat, at) in before.items() if node not in beats}
        here = {
            node: before[node]
            if node in before and before[node][0] == beat
            else (beat, self._first_heard(node, beat, now))
            for node, beat in beats.items()
            if node != self._node
        }
        self._heard = here | {node: heard for node, heard in left.items() if now - heard[1] <= _GONE_MS}

    def _first_heard(self, node: str, beat: int, now: int) -> int:
        """A node that is new here and beat long ago is gone, unless it beats again: what a crash left behind."""
        return now if node in self._heard or now - beat <= _GONE_MS else beat

    def _share_out(self, call: Call, asked: dict[tuple[str, str], tuple[Bucket, int]]) -> bool:
        """False: nothing was told, as somebody came who was not reckoned with when `asked` was counted."""
        told = sorted(asked, key=lambda key: asked[key][1] / asked[key][0].rate, reverse=True)
        until = call.now + LEASE_MS
        for key in told[_MOST_TOLD:]:
            asked[key][0].lease(0, 0, call.clock.now())
        shares = {}
        with call.db.write(durable=False) as tx:
            stored.divide(tx)
            self._hear(stored.nodes(tx), call.now)
            if self._others(call.now) > self._limits.others:
                return False
            held = self._held(tx, call.now)
            for key in self._existing(tx, told[:_MOST_TOLD]):
                bucket, asks = asked[key]
                shares[key] = self._share(bucket, asks, held.get(key, []))
                # Less holds at once, more when everybody can read it.
                used = bucket.lease(min(shares[key], bucket.leased), until, call.clock.now())
                stored.tell(tx, self._told(key, bucket, call.now, used, asks, shares[key]))
            stored.beat(tx, self._node, call.now)
            for node, (_, at) in self._heard.items():
                if call.now - at > _GONE_MS:
                    stored.forget_node(tx, node)
        self._told_at = call.now
        if not self._unaware:
            self._limits.settle(call.now)
        for key, share in shares.items():
            asked[key][0].lease(share, until, call.clock.now())
        return True

    def _existing(self, tx: Transaction, keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The rates of regions, and of pools that are there: whoever asks for strangers leaves nothing behind."""
        for scope in {scope for scope, _ in keys} - self._known:
            if not is_pool_id(scope) or pools.find(tx, scope) is not None:
                self._known.add(scope)
        return [key for key in keys if key[0] in self._known]

    def _held(self, tx: Transaction, now: int) -> dict[tuple[str, str], list[Usage]]:
        """What the other nodes told with their last beat, by rate; what is too old to hold is left out."""
        alive = {node: beat for node, (beat, at) in self._heard.items() if now - at <= _GONE_MS}
        # One that left may have told once more than was heard.
        told = stored.usage(tx) if alive else []
        rows = [row for row in told if row.node in alive and row.second >= alive[row.node]]
        self._recognise(Counter(row.node for row in rows), now)
        held: dict[tuple[str, str], list[Usage]] = {}
        for row in rows:
            held.setdefault((row.scope, row.category), []).append(row)
        return held

    def _recognise(self, told: Counter[str], now: int) -> None:
        """Note who reckons with this node. Of one that told as much as it may nobody knows what else it used."""
        self._unaware = {
            node: beat
            for node, beat in self._unaware.items()
            if now < self._aware_at
            and node in self._heard
            and now - self._heard[node][1] <= _GONE_MS
            and (self._heard[node][0] == beat or told[node] >= _MOST_TOLD)
        }

    def _share(self, bucket: Bucket, asks: int, held: list[Usage]) -> int:
        if not self._limits.others:
            return bucket.rate
        if self._unaware:
            return 0
        free = bucket.rate - sum(max(row.share, row.used) for row in held)
        return max(0, min(fair_share(bucket.rate, asks, [row.asked for row in held]), free))

    def _told(self, key: tuple[str, str], bucket: Bucket, now: int, used: int, asks: int, share: int) -> Usage:
        return Usage(
            scope=key[0],
            category=key[1],
            node=self._node,
            second=now,
            used=used,
            asked=asks,
            share=share,
            refused=bucket.refusals(),
        )
