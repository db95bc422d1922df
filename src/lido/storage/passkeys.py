"""Passkeys: who registered which credential, and how far its counter has come."""

from lido.records import Passkey
from lido.storage.database import Transaction

_COLUMNS = (
    "pool_id, credential_id, sub, public_key, sign_count, backup_eligible, backed_up, rp_id, name, attachment, "
    "transports, aaguid, created_at, used_at"
)


def add(tx: Transaction, passkey: Passkey) -> bool:
    """Store a new passkey; False: somebody in the pool has one of that credential id.

    For the cap on passkeys, the user's row was locked before in the same transaction.
    """
    return (
        tx.run(
            f"""INSERT INTO passkeys ({_COLUMNS})
                VALUES (:pool_id, :credential_id, :sub, :public_key, :sign_count, :backup_eligible, :backed_up, :rp_id,
                  :name, :attachment, :transports, :aaguid, :created_at, :used_at)
                ON CONFLICT (pool_id, credential_id) DO NOTHING""",
            pool_id=passkey.pool_id,
            credential_id=passkey.credential_id,
            sub=passkey.sub,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            backup_eligible=passkey.backup_eligible,
            backed_up=passkey.backed_up,
            rp_id=passkey.rp_id,
            name=passkey.name,
            attachment=passkey.attachment,
            transports=passkey.transports,
            aaguid=passkey.aaguid,
            created_at=passkey.created_at,
            used_at=passkey.used_at,
        )
        == 1
    )


def find(tx: Transaction, pool_id: str, sub: str, credential_id: str) -> Passkey | None:
    """The user's passkey of that credential id; None also where it is another user's."""
    return tx.find(
        Passkey,
        f"""SELECT {_COLUMNS} FROM passkeys
            WHERE pool_id = :pool_id AND credential_id = :credential_id AND sub = :sub""",
        pool_id=pool_id,
        credential_id=credential_id,
        sub=sub,
    )


def page(tx: Transaction, pool_id: str, sub: str, *, after: str, limit: int) -> list[Passkey]:
    """The user's passkeys by credential id, after that one; '' begins."""
    return tx.all(
        Passkey,
        f"""SELECT {_COLUMNS} FROM passkeys
            WHERE pool_id = :pool_id AND sub = :sub AND credential_id > :after
            ORDER BY pool_id, sub, credential_id LIMIT :limit""",
        pool_id=pool_id,
        sub=sub,
        after=after,
        limit=limit,
    )


def count(tx: Transaction, pool_id: str, sub: str) -> int:
    """How many passkeys the user has."""
    row = tx.row(
        "SELECT count(*) FROM passkeys WHERE pool_id = :pool_id AND sub = :sub",
        pool_id=pool_id,
        sub=sub,
    )
    return int(row[0]) if row else 0


def use(tx: Transaction, passkey: Passkey, *, sign_count: int, backed_up: bool, now: int) -> bool:
    """Note that the passkey was used; False: its counter did not go on (invariant I22), or it is gone."""
    return (
        tx.run(
            """UPDATE passkeys SET sign_count = :sign_count, backed_up = :backed_up, used_at = :now
               WHERE pool_id = :pool_id AND credential_id = :credential_id AND sub = :sub
                 AND (sign_count < :sign_count OR (sign_count = 0 AND CAST(:sign_count AS BIGINT) = 0))""",
            pool_id=passkey.pool_id,
            credential_id=passkey.credential_id,
            sub=passkey.sub,
            sign_count=sign_count,
            backed_up=backed_up,
            now=now,
        )
        == 1
    )


def remove(tx: Transaction, pool_id: str, sub: str, credential_id: str) -> bool:
    """Delete the user's passkey; False: there is none of that id."""
    return (
        tx.run(
            "DELETE FROM passkeys WHERE pool_id = :pool_id AND credential_id = :credential_id AND sub = :sub",
            pool_id=pool_id,
            credential_id=credential_id,
            sub=sub,
        )
        == 1
    )
