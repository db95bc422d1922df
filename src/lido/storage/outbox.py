"""Events that somebody listens to: a row written with the event, gone when it is on its way to each of them."""

import msgspec

from lido.records import Event
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


def any_waiting(tx: Transaction) -> bool:
    """Whether `take` may find anything: a cheap look that locks nobody out."""
    return tx.row("SELECT 1 FROM outbox LIMIT 1") is not None


def take(tx: Transaction, limit: int) -> list[Event]:
    """Take rows away, the oldest that are visible first, in the transaction that sends their events on.

    Rows are taken because they are there, never because they follow others: an event that commits late is not missed.
    """
    rows = tx.rows(
        """DELETE FROM outbox WHERE (pool_id, id) IN (SELECT pool_id, id FROM outbox ORDER BY pool_id, id LIMIT :limit)
           RETURNING event""",
        limit=limit,
    )
    return sorted((_decode(row[0]) for row in rows), key=lambda event: event.id)
