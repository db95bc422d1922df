"""Passwords: one sealed row for each user under a version, and the hashes of earlier ones."""

from lido.records import Password
from lido.storage.database import Transaction

_COLUMNS = "pool_id, sub, material, temporary, expires_at, version, set_at"


def find(tx: Transaction, pool_id: str, sub: str) -> Password | None:
    """The user's password; None for a user without one."""
    return tx.find(
        Password,
        f"SELECT {_COLUMNS} FROM passwords WHERE pool_id = :pool_id AND sub = :sub",
        pool_id=pool_id,
        sub=sub,
    )


def put(tx: Transaction, password: Password) -> bool:
    """Set a password whose `version` is one above the version that was read, 1 where there was none.

    False: somebody else set it meanwhile; read again.
    """
    row = tx.row(
        f"""INSERT INTO passwords ({_COLUMNS})
            VALUES (:pool_id, :sub, :material, :temporary, :expires_at, :version, :set_at)
            ON CONFLICT (pool_id, sub) DO UPDATE SET material = excluded.material, temporary = excluded.temporary,
              expires_at = excluded.expires_at, version = excluded.version, set_at = excluded.set_at
              WHERE passwords.version = excluded.version - 1
            RETURNING version""",
        pool_id=password.pool_id,
        sub=password.sub,
        material=password.material,
        temporary=password.temporary,
        expires_at=password.expires_at,
        version=password.version,
        set_at=password.set_at,
    )
    return row is not None


def set_material(tx: Transaction, pool_id: str, sub: str, material: bytes, *, seen: int) -> bool:
    """Replace the material of the same password (dearer hash, missing verifier); its version stays."""
    return (
        tx.run(
            "UPDATE passwords SET material = :material WHERE pool_id = :pool_id AND sub = :sub AND version = :seen",
            material=material,
            pool_id=pool_id,
            sub=sub,
            seen=seen,
        )
        == 1
    )


def earlier(tx: Transaction, pool_id: str, sub: str, limit: int) -> list[bytes]:
    """The sealed hashes of earlier passwords, newest first."""
    rows = tx.rows(
        """SELECT hash FROM password_history WHERE pool_id = :pool_id AND sub = :sub
           ORDER BY pool_id DESC, sub DESC, set_at DESC LIMIT :limit""",
        pool_id=pool_id,
        sub=sub,
        limit=limit,
    )
    return [row[0] for row in rows]


def remember(tx: Transaction, pool_id: str, sub: str, sealed_hash: bytes, *, set_at: int, keep: int) -> None:
    """Keep the hash of a password that was just replaced, and only the `keep` newest of them."""
    key = {"pool_id": pool_id, "sub": sub}
    # Two passwords of one millisecond still have an order.
    row = tx.row("SELECT max(set_at) FROM password_history WHERE pool_id = :pool_id AND sub = :sub", **key)
    newest = row[0] if row is not None and row[0] is not None else 0
    tx.run(
        "INSERT INTO password_history (pool_id, sub, set_at, hash) VALUES (:pool_id, :sub, :set_at, :hash)",
        set_at=max(set_at, newest + 1),
        hash=sealed_hash,
        **key,
    )
    tx.run(
        """DELETE FROM password_history WHERE pool_id = :pool_id AND sub = :sub AND set_at NOT IN
             (SELECT set_at FROM password_history WHERE pool_id = :pool_id AND sub = :sub
              ORDER BY set_at DESC LIMIT :keep)""",
        keep=keep,
        **key,
    )


def remove(tx: Transaction, pool_id: str, sub: str) -> bool:
    """Delete the user's password; earlier ones stay remembered. False: there was none."""
    return tx.run("DELETE FROM passwords WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub) == 1
