"""Log records to be delivered: written by the transaction that makes them true, claimed, and deleted once delivered."""

from msgspec import Struct

from lido.storage.database import Transaction


class LogRecord(Struct, frozen=True):
    """What one record will be made of; `body` is JSON, `source` the EventSource of the configuration."""

    pool_id: str
    source: str
    id: str
    body: str
    attempts: int


_COLUMNS = "pool_id, source, id, body, attempts"


def add(tx: Transaction, record: LogRecord, now: int) -> None:
    """Store a record, due at once."""
    tx.run(
        f"""INSERT INTO log_records ({_COLUMNS}, next_at, leased_until)
            VALUES (:pool_id, :source, :id, :body, :attempts, :now, 0)""",
        pool_id=record.pool_id,
        source=record.source,
        id=record.id,
        body=record.body,
        attempts=record.attempts,
        now=now,
    )


def queues(tx: Transaction) -> list[tuple[str, str]]:
    """Pool and source of all that wait, due or not: each distinct pair is found by one step down the primary key."""
    found: list[tuple[str, str]] = []
    pool_id, source = "", ""
    while True:
        row = tx.row(
            """SELECT pool_id, source FROM log_records
               WHERE pool_id >= :pool_id AND (pool_id, source) > (:pool_id, :source)
               ORDER BY pool_id, source LIMIT 1""",
            pool_id=pool_id,
            source=source,
        )
        if row is None:
            return found
        pool_id, source = row
        found.append((pool_id, source))


def claim(tx: Transaction, pool_id: str, source: str, now: int, *, lease_ms: int, limit: int) -> list[LogRecord]:
    """Take the oldest due records of a queue for this worker alone, until the lease ends; in order."""
    claimed = tx.all(
        LogRecord,
        f"""UPDATE log_records SET leased_until = :leased_until, attempts = attempts + 1
            WHERE pool_id = :pool_id AND source = :source AND leased_until <= :now AND id IN
              (SELECT id FROM log_records
               WHERE pool_id = :pool_id AND source = :source AND next_at <= :now AND leased_until <= :now
               ORDER BY pool_id, source, id LIMIT :limit)
            RETURNING {_COLUMNS}""",
        pool_id=pool_id,
        source=source,
        now=now,
        leased_until=now + lease_ms,
        limit=limit,
    )
    return sorted(claimed, key=lambda record: record.id)


def remove(tx: Transaction, records: list[LogRecord]) -> None:
    """They were delivered, or never will be."""
    for record in records:
        tx.run(
            "DELETE FROM log_records WHERE pool_id = :pool_id AND source = :source AND id = :id",
            pool_id=record.pool_id,
            source=record.source,
            id=record.id,
        )


def postpone(tx: Transaction, records: list[LogRecord], next_at: int) -> None:
    """Delivery failed; they wait until `next_at`."""
    for record in records:
        tx.run(
            """UPDATE log_records SET leased_until = 0, next_at = :next_at
               WHERE pool_id = :pool_id AND source = :source AND id = :id""",
            next_at=next_at,
            pool_id=record.pool_id,
            source=record.source,
            id=record.id,
        )


def remove_before(tx: Transaction, cutoff_id: str, limit: int) -> int:
    """Delete records older than a time-ordered id, at most `limit`; how many went."""
    return tx.run(
        """DELETE FROM log_records WHERE (pool_id, source, id) IN
             (SELECT pool_id, source, id FROM log_records WHERE id < :cutoff ORDER BY id LIMIT :limit)""",
        cutoff=cutoff_id,
        limit=limit,
    )
