"""Deliveries: one event on its way to one webhook, from waiting to delivered or dead.

Whoever settles a try names the number of tries that were read with it, so that one which was settled by another node,
or is to be sent again, stays as it is.
"""

from msgspec import Struct

from lido.storage.database import Transaction

WAITING, DELIVERED, DEAD = 0, 1, 2


class Delivery(Struct, frozen=True):
    """An event on its way to a webhook; `body` is what is posted. `state`: 0 waiting, 1 delivered, 2 dead."""

    pool_id: str
    event_id: str
    webhook_id: str
    type: str
    body: str
    state: int
    attempts: int
    next_at: int
    settled_at: int | None
    last_error: str | None

    def __repr__(self) -> str:
        return f"<Delivery {self.event_id}>"


_NAMES = (
    "pool_id",
    "event_id",
    "webhook_id",
    "type",
    "body",
    "state",
    "attempts",
    "next_at",
    "settled_at",
    "last_error",
)
_COLUMNS = ", ".join(_NAMES)
_INSERT = f"INSERT INTO deliveries ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"
_KEY = "pool_id = :pool_id AND event_id = :event_id AND webhook_id = :webhook_id"


def add(tx: Transaction, delivery: Delivery) -> None:
    """Put an event on its way, unless it is or was already."""
    tx.run(
        f"{_INSERT} ON CONFLICT (pool_id, event_id, webhook_id) DO NOTHING",
        **{name: getattr(delivery, name) for name in _NAMES},
    )


def begin_again(tx: Transaction, delivery: Delivery) -> None:
    """Put an event on its way as if for the first time, whatever became of it before."""
    tx.run(
        f"""{_INSERT} ON CONFLICT (pool_id, event_id, webhook_id) DO UPDATE SET
              state = 0, attempts = 0, next_at = excluded.next_at, settled_at = NULL, last_error = NULL""",
        **{name: getattr(delivery, name) for name in _NAMES},
    )


def due(tx: Transaction, pool_id: str, webhook_id: str, now: int, limit: int) -> list[Delivery]:
    """What is due for a webhook: the longest due of it, in the order of the events."""
    return tx.all(
        Delivery,
        f"""SELECT {_COLUMNS} FROM
              (SELECT {_COLUMNS} FROM deliveries
               WHERE pool_id = :pool_id AND webhook_id = :webhook_id AND state = 0 AND next_at <= :now
               ORDER BY next_at LIMIT :limit) longest
            ORDER BY event_id""",
        pool_id=pool_id,
        webhook_id=webhook_id,
        now=now,
        limit=limit,
    )


def mark_delivered(tx: Transaction, delivery: Delivery, now: int) -> bool:
    """The receiver has it; False: the try was settled before."""
    return _settle(tx, delivery, state=DELIVERED, next_at=delivery.next_at, settled_at=now, error=None)


def mark_failed(tx: Transaction, delivery: Delivery, *, next_at: int, error: str) -> bool:
    """The try failed; the next is due then. `error` holds nothing that the receiver said. False: settled before."""
    return _settle(tx, delivery, state=WAITING, next_at=next_at, settled_at=None, error=error)


def mark_dead(tx: Transaction, delivery: Delivery, now: int, error: str) -> bool:
    """The try failed and was the last; False: it was settled before."""
    return _settle(tx, delivery, state=DEAD, next_at=delivery.next_at, settled_at=now, error=error)


def _settle(
    tx: Transaction, delivery: Delivery, *, state: int, next_at: int, settled_at: int | None, error: str | None
) -> bool:
    return (
        tx.run(
            f"""UPDATE deliveries SET state = :state, attempts = attempts + 1, next_at = :next_at,
                  settled_at = :settled_at, last_error = :error
                WHERE {_KEY} AND state = 0 AND attempts = :seen""",
            state=state,
            next_at=next_at,
            settled_at=settled_at,
            error=error,
            seen=delivery.attempts,
            pool_id=delivery.pool_id,
            event_id=delivery.event_id,
            webhook_id=delivery.webhook_id,
        )
        == 1
    )


def revive(tx: Transaction, pool_id: str, webhook_id: str, now: int, limit: int) -> int:
    """Let the oldest dead deliveries of a webhook wait again, as if never tried; how many of at most `limit`."""
    return tx.run(
        """UPDATE deliveries SET state = 0, attempts = 0, next_at = :now, settled_at = NULL, last_error = NULL
           WHERE pool_id = :pool_id AND webhook_id = :webhook_id AND state = 2 AND event_id IN
             (SELECT event_id FROM deliveries WHERE pool_id = :pool_id AND webhook_id = :webhook_id AND state = 2
              ORDER BY event_id LIMIT :limit)""",
        pool_id=pool_id,
        webhook_id=webhook_id,
        now=now,
        limit=limit,
    )


def page(
    tx: Transaction, pool_id: str, webhook_id: str, *, state: int | None = None, before: str = "~", limit: int
) -> list[Delivery]:
    """Deliveries to a webhook, the newest event first, of events older than the id `before`; of one state if given."""
    return tx.all(
        Delivery,
        f"""SELECT {_COLUMNS} FROM deliveries
            WHERE pool_id = :pool_id AND event_id < :before AND webhook_id = :webhook_id
              AND (CAST(:state AS INTEGER) IS NULL OR state = :state)
            ORDER BY pool_id DESC, event_id DESC LIMIT :limit""",
        pool_id=pool_id,
        webhook_id=webhook_id,
        before=before,
        state=state,
        limit=limit,
    )


def count(tx: Transaction, state: int) -> int:
    """How many there are in that state, in all pools."""
    row = tx.row(f"SELECT count(*) FROM deliveries WHERE state = {int(state)}")
    return 0 if row is None else int(row[0])


def remove_settled(tx: Transaction, cutoff: int, limit: int) -> int:
    """Delete what was delivered or died before then, at most `limit`; how many went."""
    return tx.run(
        """DELETE FROM deliveries WHERE (pool_id, event_id, webhook_id) IN
             (SELECT pool_id, event_id, webhook_id FROM deliveries
              WHERE state <> 0 AND settled_at < :cutoff LIMIT :limit)""",
        cutoff=cutoff,
        limit=limit,
    )


def remove_abandoned(tx: Transaction, cutoff: int, limit: int) -> int:
    """Delete what is due since before then: its webhook was switched off or removed; how many of at most `limit`."""
    return tx.run(
        """DELETE FROM deliveries WHERE (pool_id, event_id, webhook_id) IN
             (SELECT pool_id, event_id, webhook_id FROM deliveries d
              WHERE state = 0 AND next_at < :cutoff AND NOT EXISTS
                (SELECT 1 FROM webhooks w WHERE w.pool_id = d.pool_id AND w.id = d.webhook_id AND w.enabled)
              LIMIT :limit)""",
        cutoff=cutoff,
        limit=limit,
    )


def remove_of_webhook(tx: Transaction, pool_id: str, webhook_id: str, limit: int) -> int:
    """Delete deliveries to a webhook, at most `limit`; how many went."""
    return tx.run(
        """DELETE FROM deliveries WHERE pool_id = :pool_id AND webhook_id = :webhook_id AND event_id IN
             (SELECT event_id FROM deliveries WHERE pool_id = :pool_id AND webhook_id = :webhook_id LIMIT :limit)""",
        pool_id=pool_id,
        webhook_id=webhook_id,
        limit=limit,
    )
