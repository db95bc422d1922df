"""Events that somebody listens to: a row written with the event, gone when it is on its way to each of them."""

from collections.abc import Sequence

import msgspec

from lido.records import Event
from lido.storage import rounds
from lido.storage.database import Transaction

_decode = msgspec.json.Decoder(Event).decode


def add(tx: Transaction, event: Event) -> None:
    """Put an event out, in the transaction that records it."""
    tx.run(
        "INSERT INTO outbox (pool_id, id, event) VALUES (:pool_id, :id, :event)",
        pool_id=event.pool_id,
        id=event.id,
        event=msgspec.json.encode(event).decode(),
    )


def whose_turn(tx: Transaction, *, after: str = "", limit: int) -> list[str]:
    """Pools of which events wait: those that follow the pool `after`, then from the first; locks nobody out."""
    return rounds.from_the_last(lambda last: _waiting_pools(tx, last, limit), after, limit)


def _waiting_pools(tx: Transaction, after: str, limit: int) -> list[str]:
    # From pool to pool, one step down the primary key each.
    rows = tx.rows(
        """WITH RECURSIVE waiting (pool_id) AS (
             SELECT min(pool_id) FROM outbox WHERE pool_id > :after
             UNION ALL
             SELECT (SELECT min(pool_id) FROM outbox WHERE pool_id > waiting.pool_id)
             FROM waiting WHERE waiting.pool_id IS NOT NULL)
           SELECT pool_id FROM waiting WHERE pool_id IS NOT NULL LIMIT :limit""",
        after=after,
        limit=limit,
    )
    return [row[0] for row in rows]


def take(tx: Transaction, pool_ids: Sequence[str], limit: int) -> list[Event]:
    """Take rows away, the oldest visible of each pool, in the transaction that sends their events on.

    Each pool has an equal share of `limit`, and what those before it left. Rows are taken because they are there, never
    because they follow others: an event that commits late is not missed.
    """
    taken: list[Event] = []
    # All nodes take in one order, down the primary key: no two wait for each other.
    for place, pool_id in enumerate(sorted(pool_ids)):
        share = (limit - len(taken)) // (len(pool_ids) - place)
        rows = tx.rows(
            """DELETE FROM outbox WHERE pool_id = :pool_id AND id <=
                 (SELECT max(id) FROM (SELECT id FROM outbox WHERE pool_id = :pool_id ORDER BY id LIMIT :limit) oldest)
               RETURNING event""",
            pool_id=pool_id,
            limit=share,
        )
        taken += [_decode(row[0]) for row in rows]
    return sorted(taken, key=lambda event: event.id)
