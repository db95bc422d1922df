"""Operators and their access keys."""

from lido.records import AccessKey, Operator
from lido.storage.database import Transaction

_KEY_COLUMNS = "access_key_id, operator_id, secret, policy, version, created_at, revoked_at"


def add(tx: Transaction, operator: Operator) -> bool:
    """Store an operator; False: the id is taken."""
    return (
        tx.run(
            """INSERT INTO operators (id, name, policy, created_at) VALUES (:id, :name, :policy, :created_at)
               ON CONFLICT (id) DO NOTHING""",
            id=operator.id,
            name=operator.name,
            policy=operator.policy,
            created_at=operator.created_at,
        )
        == 1
    )


def find(tx: Transaction, operator_id: str) -> Operator | None:
    """The operator of that id."""
    return tx.find(Operator, "SELECT id, name, policy, created_at FROM operators WHERE id = :id", id=operator_id)


def find_key(tx: Transaction, access_key_id: str) -> AccessKey | None:
    """The access key of that id, revoked or not."""
    return tx.find(
        AccessKey,
        f"SELECT {_KEY_COLUMNS} FROM access_keys WHERE access_key_id = :access_key_id",
        access_key_id=access_key_id,
    )


def keys(tx: Transaction) -> list[AccessKey]:
    """Every access key, oldest first."""
    return tx.all(AccessKey, f"SELECT {_KEY_COLUMNS} FROM access_keys ORDER BY created_at, access_key_id")


def add_key(tx: Transaction, key: AccessKey) -> bool:
    """Store an access key; False: the id is taken."""
    return (
        tx.run(
            f"""INSERT INTO access_keys ({_KEY_COLUMNS}) VALUES (:access_key_id, :operator_id, :secret, :policy,
                  :version, :created_at, :revoked_at) ON CONFLICT (access_key_id) DO NOTHING""",
            access_key_id=key.access_key_id,
            operator_id=key.operator_id,
            secret=key.secret,
            policy=key.policy,
            version=key.version,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
        )
        == 1
    )


def set_secret(tx: Transaction, access_key_id: str, secret: bytes) -> bool:
    """Give an access key another sealed secret, and life again."""
    return (
        tx.run(
            """UPDATE access_keys SET secret = :secret, revoked_at = NULL, version = version + 1
               WHERE access_key_id = :access_key_id""",
            secret=secret,
            access_key_id=access_key_id,
        )
        == 1
    )


def revoke_key(tx: Transaction, access_key_id: str, now: int) -> bool:
    """End an access key; False: there is no living one of that id."""
    return (
        tx.run(
            """UPDATE access_keys SET revoked_at = :now, version = version + 1
               WHERE access_key_id = :access_key_id AND revoked_at IS NULL""",
            now=now,
            access_key_id=access_key_id,
        )
        == 1
    )
