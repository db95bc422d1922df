"""Authenticator apps: one row each. A new one waits, at most one for each user, until its first code is shown."""

from lido.records import TotpKey
from lido.storage.database import Transaction

_COLUMNS = "pool_id, sub, id, name, seed, verified, last_step, created_at"


def put_waiting(tx: Transaction, key: TotpKey) -> None:
    """Store one that waits, in place of an earlier one that does; the user was locked in this transaction."""
    tx.run(
        "DELETE FROM totp_keys WHERE pool_id = :pool_id AND sub = :sub AND NOT verified",
        pool_id=key.pool_id,
        sub=key.sub,
    )
    add(tx, key)


def add(tx: Transaction, key: TotpKey) -> None:
    """Store one as it is."""
    tx.run(
        f"""INSERT INTO totp_keys ({_COLUMNS})
            VALUES (:pool_id, :sub, :id, :name, :seed, :verified, :last_step, :created_at)""",
        pool_id=key.pool_id,
        sub=key.sub,
        id=key.id,
        name=key.name,
        seed=key.seed,
        verified=key.verified,
        last_step=key.last_step,
        created_at=key.created_at,
    )


def waiting(tx: Transaction, pool_id: str, sub: str) -> TotpKey | None:
    """The one that waits for its first code."""
    return tx.find(
        TotpKey,
        f"SELECT {_COLUMNS} FROM totp_keys WHERE pool_id = :pool_id AND sub = :sub AND NOT verified",
        pool_id=pool_id,
        sub=sub,
    )


def verified(tx: Transaction, pool_id: str, sub: str) -> list[TotpKey]:
    """Those whose codes count, oldest first."""
    return tx.all(
        TotpKey,
        f"""SELECT {_COLUMNS} FROM totp_keys WHERE pool_id = :pool_id AND sub = :sub AND verified
            ORDER BY created_at, id""",
        pool_id=pool_id,
        sub=sub,
    )


def verify(tx: Transaction, key: TotpKey, *, name: str | None, step: int) -> bool:
    """Let the codes of one that waited count, after that of `step`; False: it does not wait any more."""
    return (
        tx.run(
            """UPDATE totp_keys SET verified = TRUE, name = :name, last_step = :step
               WHERE pool_id = :pool_id AND sub = :sub AND id = :id AND NOT verified""",
            name=name,
            step=step,
            pool_id=key.pool_id,
            sub=key.sub,
            id=key.id,
        )
        == 1
    )


def use(tx: Transaction, key: TotpKey, step: int) -> bool:
    """Use the code of a step up, and those of all earlier steps; False: it was used already, or the app is gone."""
    return (
        tx.run(
            """UPDATE totp_keys SET last_step = :step
               WHERE pool_id = :pool_id AND sub = :sub AND id = :id AND verified AND last_step < :step""",
            step=step,
            pool_id=key.pool_id,
            sub=key.sub,
            id=key.id,
        )
        == 1
    )


def remove(tx: Transaction, key: TotpKey) -> bool:
    """Forget one; False: it is gone."""
    return (
        tx.run(
            "DELETE FROM totp_keys WHERE pool_id = :pool_id AND sub = :sub AND id = :id",
            pool_id=key.pool_id,
            sub=key.sub,
            id=key.id,
        )
        == 1
    )


def remove_all(tx: Transaction, pool_id: str, sub: str) -> int:
    """Forget all of a user, also one that waits; how many went."""
    return tx.run("DELETE FROM totp_keys WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub)
