"""Counts about pools, folded by a chore: no request touches a shared counter, and none counts users."""

from lido.storage.database import Transaction

USERS = "users"


def put(tx: Transaction, pool_id: str, name: str, value: int, now: int) -> None:
    """Store a count."""
    tx.run(
        """INSERT INTO pool_statistics (pool_id, name, value, counted_at) VALUES (:pool_id, :name, :value, :now)
           ON CONFLICT (pool_id, name) DO UPDATE SET value = excluded.value, counted_at = excluded.counted_at""",
        pool_id=pool_id,
        name=name,
        value=value,
        now=now,
    )


def count_users(tx: Transaction, pool_id: str, *, after: str, limit: int) -> tuple[int, str]:
    """How many users stand after that sub, counting at most `limit`, and the last sub that was counted."""
    row = tx.row(
        """SELECT count(*), max(sub) FROM
             (SELECT sub FROM users WHERE pool_id = :pool_id AND sub > :after
              ORDER BY pool_id, sub LIMIT :limit) counted""",
        pool_id=pool_id,
        after=after,
        limit=limit,
    )
    return (0, after) if row is None or row[1] is None else (int(row[0]), str(row[1]))
