"""Recovery codes: each is one row, used by deleting it."""

from collections.abc import Iterable

from lido.storage.database import Transaction


def replace(tx: Transaction, pool_id: str, sub: str, digests: Iterable[bytes], now: int) -> None:
    """Store these in place of all earlier ones; the user was locked in this transaction."""
    remove_all(tx, pool_id, sub)
    for digest in digests:
        tx.run(
            "INSERT INTO recovery_codes (pool_id, sub, digest, created_at) VALUES (:pool_id, :sub, :digest, :now)",
            pool_id=pool_id,
            sub=sub,
            digest=digest,
            now=now,
        )


def has(tx: Transaction, pool_id: str, sub: str, digest: bytes) -> bool:
    """Whether the code is there, unused."""
    row = tx.row(
        "SELECT 1 FROM recovery_codes WHERE pool_id = :pool_id AND sub = :sub AND digest = :digest",
        pool_id=pool_id,
        sub=sub,
        digest=digest,
    )
    return row is not None


def use(tx: Transaction, pool_id: str, sub: str, digest: bytes) -> bool:
    """Use a code up, in the transaction of its effect; False: there is no such code, or it was used."""
    return (
        tx.run(
            "DELETE FROM recovery_codes WHERE pool_id = :pool_id AND sub = :sub AND digest = :digest",
            pool_id=pool_id,
            sub=sub,
            digest=digest,
        )
        == 1
    )


def count(tx: Transaction, pool_id: str, sub: str) -> int:
    """How many are left."""
    row = tx.row(
        "SELECT count(*) FROM recovery_codes WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub
    )
    return 0 if row is None else int(row[0])


def remove_all(tx: Transaction, pool_id: str, sub: str) -> int:
    """Forget those of a user; how many went."""
    return tx.run("DELETE FROM recovery_codes WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub)
