"""What works once: ids of sign-in steps, secret blocks, links and assertions that were used."""

from lido.storage.database import Transaction


def spend(tx: Transaction, pool_id: str, spent_id: str, expires_at: int) -> bool:
    """Use the id up, in the transaction of its effect; False: it was used before. Forgotten after `expires_at`."""
    return (
        tx.run(
            """INSERT INTO spent (pool_id, id, expires_at) VALUES (:pool_id, :id, :expires_at)
               ON CONFLICT (pool_id, id) DO NOTHING""",
            pool_id=pool_id,
            id=spent_id,
            expires_at=expires_at,
        )
        == 1
    )


def is_spent(tx: Transaction, pool_id: str, spent_id: str) -> bool:
    """Whether `spend` would find it used: for whoever must not work for nothing or says why it is refused, never
    instead of it.
    """
    return tx.row("SELECT 1 FROM spent WHERE pool_id = :pool_id AND id = :id", pool_id=pool_id, id=spent_id) is not None


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Forget ids whose strings are refused by their age anyhow; how many went."""
    return tx.run(
        """DELETE FROM spent WHERE (pool_id, id) IN
             (SELECT pool_id, id FROM spent WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)""",
        now=now,
        limit=limit,
    )
