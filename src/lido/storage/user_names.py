"""Handles: one namespace per pool for everything a person may type to be found.

The primary key `(pool_id, name_key)` is the invariant: a handle leads to one
user, whatever its spelling or kind.
"""

from lido.records import Handle, HandleKind
from lido.storage.database import Transaction


def find(tx: Transaction, pool_id: str, name_key: str) -> Handle | None:
    """Whom the handle leads to."""
    return tx.find(
        Handle,
        "SELECT pool_id, name_key, kind, sub FROM user_names WHERE pool_id = :pool_id AND name_key = :name_key",
        pool_id=pool_id,
        name_key=name_key,
    )


def claim(tx: Transaction, handle: Handle) -> bool:
    """Take a free handle; False: it leads to somebody already (look who with `find`)."""
    return (
        tx.run(
            """INSERT INTO user_names (pool_id, name_key, kind, sub) VALUES (:pool_id, :name_key, :kind, :sub)
               ON CONFLICT (pool_id, name_key) DO NOTHING""",
            pool_id=handle.pool_id,
            name_key=handle.name_key,
            kind=int(handle.kind),
            sub=handle.sub,
        )
        == 1
    )


def move(tx: Transaction, handle: Handle) -> str | None:
    """Take a handle of the same kind from another user; returns the sub of the former owner, None if nothing moved."""
    row = tx.row(
        """INSERT INTO user_names (pool_id, name_key, kind, sub) VALUES (:pool_id, :name_key, :kind, :sub)
           ON CONFLICT (pool_id, name_key) DO UPDATE SET moved_from = user_names.sub, sub = excluded.sub
             WHERE user_names.kind = excluded.kind AND user_names.sub <> excluded.sub
           RETURNING moved_from""",
        pool_id=handle.pool_id,
        name_key=handle.name_key,
        kind=int(handle.kind),
        sub=handle.sub,
    )
    return None if row is None else row[0]


def release(tx: Transaction, pool_id: str, name_key: str, kind: HandleKind, sub: str) -> bool:
    """Give up a handle, if it is this user's and of this kind."""
    return (
        tx.run(
            """DELETE FROM user_names
               WHERE pool_id = :pool_id AND name_key = :name_key AND kind = :kind AND sub = :sub""",
            pool_id=pool_id,
            name_key=name_key,
            kind=int(kind),
            sub=sub,
        )
        == 1
    )


def unverify_email(tx: Transaction, pool_id: str, sub: str, email_key: str) -> bool:
    """The former owner of a moved e-mail alias: its address counts as unproven from now on."""
    return (
        tx.run(
            """UPDATE users SET email_verified = FALSE, version = version + 1
               WHERE pool_id = :pool_id AND sub = :sub AND email_key = :email_key""",
            pool_id=pool_id,
            sub=sub,
            email_key=email_key,
        )
        == 1
    )


def unverify_phone(tx: Transaction, pool_id: str, sub: str, phone_number: str) -> bool:
    """The former owner of a moved phone alias: its number counts as unproven from now on."""
    return (
        tx.run(
            """UPDATE users SET phone_verified = FALSE, version = version + 1
               WHERE pool_id = :pool_id AND sub = :sub AND phone_number = :phone_number""",
            pool_id=pool_id,
            sub=sub,
            phone_number=phone_number,
        )
        == 1
    )
