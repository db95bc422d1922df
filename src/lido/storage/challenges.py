"""What waits for an answer and must be remembered here: one sealed state for each id."""

from lido.storage.database import Transaction


def put(tx: Transaction, pool_id: str, challenge_id: str, *, state: bytes, expires_at: int) -> None:
    """Remember a state in place of the earlier one of that id."""
    tx.run(
        """INSERT INTO challenges (pool_id, id, state, expires_at) VALUES (:pool_id, :id, :state, :expires_at)
           ON CONFLICT (pool_id, id) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at""",
        pool_id=pool_id,
        id=challenge_id,
        state=state,
        expires_at=expires_at,
    )


def find(tx: Transaction, pool_id: str, challenge_id: str, now: int) -> bytes | None:
    """The state of that id, while it lives."""
    row = tx.row(
        "SELECT state FROM challenges WHERE pool_id = :pool_id AND id = :id AND expires_at > :now",
        pool_id=pool_id,
        id=challenge_id,
        now=now,
    )
    return bytes(row[0]) if row else None


def take(tx: Transaction, pool_id: str, challenge_id: str, *, state: bytes) -> bool:
    """Use up the very state that was read; False: it is gone, or another has taken its place."""
    return (
        tx.run(
            "DELETE FROM challenges WHERE pool_id = :pool_id AND id = :id AND state = :state",
            pool_id=pool_id,
            id=challenge_id,
            state=state,
        )
        == 1
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Forget what nobody answered in time, at most `limit`; how many went."""
    return tx.run(
        """DELETE FROM challenges WHERE expires_at <= :now AND (pool_id, id) IN
             (SELECT pool_id, id FROM challenges WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)""",
        now=now,
        limit=limit,
    )
