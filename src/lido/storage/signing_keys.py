"""A pool's RSA keys: published before they sign, kept for verifying after they stop."""

from lido.records import SigningKey
from lido.storage.database import Transaction

_COLUMNS = "pool_id, kid, use, state, public_key, private_key, created_at, signs_from_at, retired_at, gone_at"


def all_of(tx: Transaction, pool_id: str) -> list[SigningKey]:
    """Every key that is published for the pool, oldest first."""
    return tx.all(
        SigningKey,
        f"SELECT {_COLUMNS} FROM signing_keys WHERE pool_id = :pool_id ORDER BY created_at, kid",
        pool_id=pool_id,
    )


def add(tx: Transaction, key: SigningKey) -> None:
    """Store a key; the caller raises the pool's version in the same transaction."""
    tx.run(
        f"""INSERT INTO signing_keys ({_COLUMNS}) VALUES (:pool_id, :kid, :use, :state, :public_key, :private_key,
              :created_at, :signs_from_at, :retired_at, :gone_at)""",
        pool_id=key.pool_id,
        kid=key.kid,
        use=key.use,
        state=key.state,
        public_key=key.public_key,
        private_key=key.private_key,
        created_at=key.created_at,
        signs_from_at=key.signs_from_at,
        retired_at=key.retired_at,
        gone_at=key.gone_at,
    )


def promote(tx: Transaction, pool_id: str, kid: str) -> bool:
    """A published key begins to sign."""
    return (
        tx.run(
            "UPDATE signing_keys SET state = 'live' WHERE pool_id = :pool_id AND kid = :kid AND state = 'next'",
            pool_id=pool_id,
            kid=kid,
        )
        == 1
    )


def retire(tx: Transaction, pool_id: str, kid: str, *, now: int, gone_at: int) -> bool:
    """A key stops signing: its private part is erased at once, the public part stays until `gone_at`."""
    return (
        tx.run(
            """UPDATE signing_keys SET state = 'old', private_key = NULL, retired_at = :now, gone_at = :gone_at
               WHERE pool_id = :pool_id AND kid = :kid AND state = 'live'""",
            pool_id=pool_id,
            kid=kid,
            now=now,
            gone_at=gone_at,
        )
        == 1
    )


def remove_gone(tx: Transaction, pool_id: str, now: int) -> int:
    """Forget keys whose last token has expired."""
    return tx.run(
        "DELETE FROM signing_keys WHERE pool_id = :pool_id AND state = 'old' AND gone_at <= :now",
        pool_id=pool_id,
        now=now,
    )


def pools_due(tx: Transaction, now: int, limit: int) -> list[str]:
    """Ids of living pools with a key that may begin to sign, or that may be forgotten."""
    rows = tx.rows(
        """SELECT DISTINCT k.pool_id FROM signing_keys k JOIN pools p ON p.pool_id = k.pool_id
           WHERE p.deleted_at IS NULL AND (k.state = 'next' AND k.signs_from_at <= :now
             OR k.state = 'old' AND k.gone_at <= :now) LIMIT :limit""",
        now=now,
        limit=limit,
    )
    return [row[0] for row in rows]
