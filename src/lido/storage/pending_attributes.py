"""New e-mail addresses and phone numbers that wait for their proof: one of each name for a user."""

from lido.storage.database import Transaction


def find(tx: Transaction, pool_id: str, sub: str, name: str) -> str | None:
    """The value that waits; None for none."""
    row = tx.row(
        "SELECT value FROM pending_attributes WHERE pool_id = :pool_id AND sub = :sub AND name = :name",
        pool_id=pool_id,
        sub=sub,
        name=name,
    )
    return None if row is None else str(row[0])


def put(tx: Transaction, pool_id: str, sub: str, name: str, value: str, now: int) -> None:
    """Let a value wait, in place of the one before."""
    tx.run(
        """INSERT INTO pending_attributes (pool_id, sub, name, value, created_at)
           VALUES (:pool_id, :sub, :name, :value, :now)
           ON CONFLICT (pool_id, sub, name) DO UPDATE SET value = excluded.value, created_at = excluded.created_at""",
        pool_id=pool_id,
        sub=sub,
        name=name,
        value=value,
        now=now,
    )


def remove(tx: Transaction, pool_id: str, sub: str, name: str) -> bool:
    """Forget the value that waits; False: there was none."""
    return (
        tx.run(
            "DELETE FROM pending_attributes WHERE pool_id = :pool_id AND sub = :sub AND name = :name",
            pool_id=pool_id,
            sub=sub,
            name=name,
        )
        == 1
    )
