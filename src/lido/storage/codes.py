"""Codes that were sent: one row for each user and purpose, so that a new code ends the one before."""

from lido.records import Code
from lido.storage.database import Transaction

_COLUMNS = "pool_id, sub, purpose, id, digest, attribute, destination_key, client_id, epoch, created_at, expires_at"


def put(tx: Transaction, code: Code) -> None:
    """Store a code in place of the earlier one for the same purpose."""
    tx.run(
        f"""INSERT INTO codes ({_COLUMNS})
            VALUES (:pool_id, :sub, :purpose, :id, :digest, :attribute, :destination_key, :client_id, :epoch,
              :created_at, :expires_at)
            ON CONFLICT (pool_id, sub, purpose) DO UPDATE SET id = excluded.id, digest = excluded.digest,
              attribute = excluded.attribute, destination_key = excluded.destination_key,
              client_id = excluded.client_id, epoch = excluded.epoch, created_at = excluded.created_at,
              expires_at = excluded.expires_at""",
        pool_id=code.pool_id,
        sub=code.sub,
        purpose=code.purpose,
        id=code.id,
        digest=code.digest,
        attribute=code.attribute,
        destination_key=code.destination_key,
        client_id=code.client_id,
        epoch=code.epoch,
        created_at=code.created_at,
        expires_at=code.expires_at,
    )


def find(tx: Transaction, pool_id: str, sub: str, purpose: str) -> Code | None:
    """The user's outstanding code for that purpose, expired or not."""
    return tx.find(
        Code,
        f"SELECT {_COLUMNS} FROM codes WHERE pool_id = :pool_id AND sub = :sub AND purpose = :purpose",
        pool_id=pool_id,
        sub=sub,
        purpose=purpose,
    )


def consume(tx: Transaction, code: Code, *, epoch: int, now: int) -> bool:
    """Use up this very code, once and only while it lives in the user's present epoch; False: it is gone."""
    return (
        tx.run(
            """DELETE FROM codes WHERE pool_id = :pool_id AND sub = :sub AND purpose = :purpose AND id = :id
                 AND digest = :digest AND expires_at > :now AND epoch = :epoch""",
            pool_id=code.pool_id,
            sub=code.sub,
            purpose=code.purpose,
            id=code.id,
            digest=code.digest,
            now=now,
            epoch=epoch,
        )
        == 1
    )


def remove(tx: Transaction, pool_id: str, sub: str, purpose: str) -> bool:
    """Withdraw the outstanding code of that purpose; False: there was none."""
    return (
        tx.run(
            "DELETE FROM codes WHERE pool_id = :pool_id AND sub = :sub AND purpose = :purpose",
            pool_id=pool_id,
            sub=sub,
            purpose=purpose,
        )
        == 1
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Delete codes that have expired, at most `limit`; how many went."""
    return tx.run(
        """DELETE FROM codes WHERE expires_at <= :now AND (pool_id, sub, purpose) IN
             (SELECT pool_id, sub, purpose FROM codes WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)""",
        now=now,
        limit=limit,
    )
