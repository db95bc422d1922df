"""Users: the row that says who exists, in which state, and under which generation number.

`epoch` rises whenever everything handed out before must die; `version` guards
against two changes of one profile overwriting each other.
"""

from collections.abc import Iterable

import msgspec

from lido.records import SearchKeys, User
from lido.storage.database import Row, Transaction

COLUMNS = (
    "pool_id, sub, username, status, enabled, epoch, signed_out_at, version, factors, preferred_factor, "
    "email, email_verified, phone_number, phone_verified, attributes, created_at, modified_at"
)
WIDTH = 17
_OF_U = ", ".join(f"u.{column}" for column in COLUMNS.split(", "))

_decode_attributes = msgspec.json.Decoder(dict[str, str]).decode


def from_row(row: Row) -> User:
    """A user from its columns in the order of `COLUMNS`."""
    return User(*(*row[:14], _decode_attributes(row[14]), *row[15:17]))


def find(tx: Transaction, pool_id: str, sub: str) -> User | None:
    """The user of that sub."""
    row = tx.row(f"SELECT {COLUMNS} FROM users WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub)
    return None if row is None else from_row(row)


def find_by_name(tx: Transaction, pool_id: str, name_key: str) -> User | None:
    """The user whom a folded handle (username, e-mail, phone, preferred username) leads to."""
    row = tx.row(
        f"""SELECT {_OF_U} FROM user_names n JOIN users u ON u.pool_id = :pool_id AND u.sub = n.sub
            WHERE n.pool_id = :pool_id AND n.name_key = :name_key""",
        pool_id=pool_id,
        name_key=name_key,
    )
    return None if row is None else from_row(row)


def find_behind_token(tx: Transaction, pool_id: str, *, client_id: str, sub: str, session_id: str) -> Row | None:
    """All that decides about an access token, in one statement; None: no such pool.

    The versions of pool and client, then the session's id, epoch and `revoked_at`, then the user (`from_row`);
    None in the place of whatever is missing.
    """
    return tx.row(
        f"""SELECT p.version, c.version, s.id, s.epoch, s.revoked_at, {_OF_U}
            FROM pools p
            LEFT JOIN clients c ON c.pool_id = :pool_id AND c.client_id = :client_id
            LEFT JOIN users u ON u.pool_id = :pool_id AND u.sub = :sub
            LEFT JOIN sessions s ON s.pool_id = :pool_id AND s.sub = :sub AND s.id = :session_id
            WHERE p.pool_id = :pool_id AND p.deleted_at IS NULL""",
        pool_id=pool_id,
        client_id=client_id,
        sub=sub,
        session_id=session_id,
    )


def add(tx: Transaction, user: User, keys: SearchKeys) -> None:
    """Store a new user; the handles were claimed before in the same transaction."""
    tx.run(
        f"""INSERT INTO users ({COLUMNS},
              username_key, email_key, name_key, given_name_key, family_name_key, preferred_username_key)
            VALUES (:pool_id, :sub, :username, :status, :enabled, :epoch, :signed_out_at, :version, :factors,
              :preferred_factor, :email, :email_verified, :phone_number, :phone_verified, :attributes, :created_at,
              :modified_at, :username_key, :email_key, :name_key, :given_name_key, :family_name_key,
              :preferred_username_key)""",
        pool_id=user.pool_id,
        sub=user.sub,
        username=user.username,
        status=int(user.status),
        enabled=user.enabled,
        epoch=user.epoch,
        signed_out_at=user.signed_out_at,
        version=user.version,
        factors=int(user.factors),
        preferred_factor=user.preferred_factor,
        created_at=user.created_at,
        modified_at=user.modified_at,
        **_profile(user),
        **msgspec.structs.asdict(keys),
    )


def _profile(user: User) -> dict[str, object]:
    return {
        "email": user.email,
        "email_verified": user.email_verified,
        "phone_number": user.phone_number,
        "phone_verified": user.phone_verified,
        "attributes": msgspec.json.encode(user.attributes).decode(),
    }


def set_profile(tx: Transaction, changed: User, keys: SearchKeys, now: int) -> bool:
    """Write e-mail, phone, flags and attributes of `changed`, whose `version` is the one that was read.

    False: somebody else changed the user meanwhile; read again.
    """
    return (
        tx.run(
            """UPDATE users SET email = :email, email_verified = :email_verified, phone_number = :phone_number,
                 phone_verified = :phone_verified, attributes = :attributes, email_key = :email_key,
                 name_key = :name_key, given_name_key = :given_name_key, family_name_key = :family_name_key,
                 preferred_username_key = :preferred_username_key, version = version + 1, modified_at = :now
               WHERE pool_id = :pool_id AND sub = :sub AND version = :seen""",
            pool_id=changed.pool_id,
            sub=changed.sub,
            seen=changed.version,
            now=now,
            email_key=keys.email_key,
            name_key=keys.name_key,
            given_name_key=keys.given_name_key,
            family_name_key=keys.family_name_key,
            preferred_username_key=keys.preferred_username_key,
            **_profile(changed),
        )
        == 1
    )


def set_keys(tx: Transaction, changed: User, keys: SearchKeys) -> bool:
    """Write the attributes of `changed` and all its search keys, when the pool's rules have changed; False: stale."""
    return (
        tx.run(
            """UPDATE users SET attributes = :attributes, username_key = :username_key, email_key = :email_key,
                 name_key = :name_key, given_name_key = :given_name_key, family_name_key = :family_name_key,
                 preferred_username_key = :preferred_username_key, version = version + 1
               WHERE pool_id = :pool_id AND sub = :sub AND version = :seen""",
            attributes=msgspec.json.encode(changed.attributes).decode(),
            pool_id=changed.pool_id,
            sub=changed.sub,
            seen=changed.version,
            **msgspec.structs.asdict(keys),
        )
        == 1
    )


def set_status(tx: Transaction, pool_id: str, sub: str, *, status: int, seen: int | None, now: int) -> bool:
    """Move the user to `status`, only from `seen` where given; False: not in that state, or gone."""
    return (
        tx.run(
            """UPDATE users SET status = :status, version = version + 1, modified_at = :now
               WHERE pool_id = :pool_id AND sub = :sub AND (CAST(:seen AS INTEGER) IS NULL OR status = :seen)""",
            status=int(status),
            seen=None if seen is None else int(seen),
            now=now,
            pool_id=pool_id,
            sub=sub,
        )
        == 1
    )


def set_factors(tx: Transaction, pool_id: str, sub: str, *, add: int, remove: int, now: int) -> bool:
    """Add and remove factor bits (`records.Factor`)."""
    return (
        tx.run(
            """UPDATE users SET factors = (factors | :add) & ~CAST(:remove AS INTEGER), version = version + 1,
                 modified_at = :now WHERE pool_id = :pool_id AND sub = :sub""",
            add=int(add),
            remove=int(remove),
            now=now,
            pool_id=pool_id,
            sub=sub,
        )
        == 1
    )


def set_second_factors(tx: Transaction, changed: User, now: int) -> bool:
    """Write the factors and the preferred one of `changed`, who was locked in this transaction."""
    return (
        tx.run(
            """UPDATE users SET factors = :factors, preferred_factor = :preferred_factor, version = version + 1,
                 modified_at = :now WHERE pool_id = :pool_id AND sub = :sub""",
            factors=int(changed.factors),
            preferred_factor=None if changed.preferred_factor is None else int(changed.preferred_factor),
            now=now,
            pool_id=changed.pool_id,
            sub=changed.sub,
        )
        == 1
    )


def enable(tx: Transaction, pool_id: str, sub: str, now: int) -> bool:
    """Let the user sign in again; what was revoked by disabling stays dead."""
    return (
        tx.run(
            """UPDATE users SET enabled = TRUE, version = version + 1, modified_at = :now
               WHERE pool_id = :pool_id AND sub = :sub""",
            now=now,
            pool_id=pool_id,
            sub=sub,
        )
        == 1
    )


def disable(tx: Transaction, pool_id: str, sub: str, now: int) -> bool:
    """Keep the user out and end everything handed out."""
    return (
        tx.run(
            """UPDATE users SET enabled = FALSE, epoch = epoch + 1, signed_out_at = :now, version = version + 1,
                 modified_at = :now WHERE pool_id = :pool_id AND sub = :sub""",
            now=now,
            pool_id=pool_id,
            sub=sub,
        )
        == 1
    )


def raise_epoch(tx: Transaction, pool_id: str, sub: str, now: int) -> bool:
    """End every session, token and code of the user: one statement, whatever their number."""
    return (
        tx.run(
            """UPDATE users SET epoch = epoch + 1, signed_out_at = :now, version = version + 1
               WHERE pool_id = :pool_id AND sub = :sub""",
            now=now,
            pool_id=pool_id,
            sub=sub,
        )
        == 1
    )


def lock(tx: Transaction, pool_id: str, sub: str) -> bool:
    """Take the user's row for a cap (at most so many of something); False: gone."""
    return (
        tx.run(
            "UPDATE users SET version = version + 1 WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub
        )
        == 1
    )


def hold(tx: Transaction, pool_id: str, sub: str) -> None:
    """Take the user's row as `lock` does, but leave its version, which the same transaction may still compare."""
    tx.run("UPDATE users SET version = version WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub)


def find_locked(tx: Transaction, pool_id: str, sub: str) -> User | None:
    """The user of that sub, whom nobody else changes until this transaction ends."""
    return find(tx, pool_id, sub) if lock(tx, pool_id, sub) else None


_BELONGINGS = (
    "passwords",
    "password_history",
    "pending_attributes",
    "codes",
    "sessions",
    "sso_sessions",
    "consents",
    "group_members",
    "totp_keys",
    "recovery_codes",
    "passkeys",
    "devices",
    "linked_identities",
)


def remove(tx: Transaction, pool_id: str, sub: str, name_keys: Iterable[str]) -> bool:
    """Delete the user with all that belongs to it; False: already gone.

    `name_keys` are its handles, read after `lock` in the same transaction: they have no index by owner.
    """
    for table in _BELONGINGS:
        tx.run(f"DELETE FROM {table} WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub)
    for name_key in name_keys:
        tx.run(
            "DELETE FROM user_names WHERE pool_id = :pool_id AND name_key = :name_key AND sub = :sub",
            pool_id=pool_id,
            name_key=name_key,
            sub=sub,
        )
    return tx.run("DELETE FROM users WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub) == 1
