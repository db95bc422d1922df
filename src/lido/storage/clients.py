"""App clients and their secrets."""

import msgspec

from lido.records import Client, ClientSecret, ClientSettings
from lido.storage.database import Row, Transaction
from lido.storage.documents import Documents

_COLUMNS = "pool_id, client_id, name, settings, kind, version, created_at, modified_at, expires_at"
_SECRET_COLUMNS = "pool_id, client_id, slot, secret_id, secret, created_at"

_SET_BY_OPERATORS = ("brandings", "ui_customizations", "terms", "risk_settings")
_OWNED = ("client_secrets", *_SET_BY_OPERATORS)

_decode = msgspec.json.Decoder(ClientSettings).decode


def _client(row: Row) -> Client:
    return Client(*(*row[:3], _decode(row[3]), *row[4:]))


def pool_of(tx: Transaction, client_id: str) -> str | None:
    """The pool of a client id, which never changes: the one lookup without a pool."""
    key = ("pool of client", client_id)
    kept: str | None = tx.documents.get(key, 0)
    if kept is not None:
        return kept
    row = tx.row("SELECT pool_id FROM clients WHERE client_id = :client_id", client_id=client_id)
    if row is None:
        return None
    if not tx.writing:
        tx.documents.keep(key, 0, row[0])
    return str(row[0])


def known_pool_of(documents: Documents, client_id: str) -> str | None:
    """The pool of a client id that this process has met."""
    kept: str | None = documents.get(("pool of client", client_id), 0)
    return kept


def versions(tx: Transaction, pool_id: str, client_id: str) -> tuple[int, int] | None:
    """The versions of a living pool and of its client, to read both from memory; None where one is gone."""
    row = tx.row(
        """SELECT p.version, c.version FROM pools p JOIN clients c ON c.pool_id = :pool_id AND c.client_id = :client_id
           WHERE p.pool_id = :pool_id AND p.deleted_at IS NULL""",
        pool_id=pool_id,
        client_id=client_id,
    )
    return None if row is None else (int(row[0]), int(row[1]))


def find(tx: Transaction, pool_id: str, client_id: str) -> Client | None:
    """The client of that pool and id."""
    row = tx.row(
        "SELECT version FROM clients WHERE pool_id = :pool_id AND client_id = :client_id",
        pool_id=pool_id,
        client_id=client_id,
    )
    return None if row is None else at_version(tx, pool_id, client_id, row[0])


def at_version(tx: Transaction, pool_id: str, client_id: str, version: int) -> Client | None:
    """The client whose `version` the caller's own statement has just returned; from memory where it is kept."""
    key = ("client", pool_id, client_id)
    kept: Client | None = tx.documents.get(key, version)
    if kept is not None:
        return kept
    row = tx.row(
        f"SELECT {_COLUMNS} FROM clients WHERE pool_id = :pool_id AND client_id = :client_id",
        pool_id=pool_id,
        client_id=client_id,
    )
    if row is None:
        return None
    client = _client(row)
    if not tx.writing:
        tx.documents.keep(key, client.version, client)
    return client


def add(tx: Transaction, client: Client) -> None:
    """Store a new client. The caller has locked the pool (`pools.touch`) and seen that the cap allows it."""
    tx.run(
        f"""INSERT INTO clients ({_COLUMNS})
            VALUES (:pool_id, :client_id, :name, :settings, :kind, :version, :created_at, :modified_at,
              CAST(:expires_at AS BIGINT))""",
        pool_id=client.pool_id,
        client_id=client.client_id,
        name=client.name,
        settings=msgspec.json.encode(client.settings).decode(),
        kind=client.kind,
        version=client.version,
        created_at=client.created_at,
        modified_at=client.modified_at,
        expires_at=client.expires_at,
    )


def count(tx: Transaction, pool_id: str, kind: str) -> int:
    """How many clients of that kind the pool has."""
    row = tx.row("SELECT count(*) FROM clients WHERE pool_id = :pool_id AND kind = :kind", pool_id=pool_id, kind=kind)
    return 0 if row is None else int(row[0])


def set_settings(tx: Transaction, seen: Client, *, name: str, settings: ClientSettings, now: int) -> bool:
    """Replace name and document if nobody else did since `seen` was read; False: the race is lost.

    Whoever does that wants the client, so it stays.
    """
    return (
        tx.run(
            """UPDATE clients SET name = :name, settings = :settings, version = version + 1, modified_at = :now,
                 expires_at = NULL
               WHERE pool_id = :pool_id AND client_id = :client_id AND version = :seen""",
            name=name,
            settings=msgspec.json.encode(settings).decode(),
            now=now,
            pool_id=seen.pool_id,
            client_id=seen.client_id,
            seen=seen.version,
        )
        == 1
    )


def touch(tx: Transaction, pool_id: str, client_id: str, now: int) -> bool:
    """Raise the version: locks the client, and tells every process that its secrets changed."""
    return (
        tx.run(
            """UPDATE clients SET version = version + 1, modified_at = :now
               WHERE pool_id = :pool_id AND client_id = :client_id""",
            pool_id=pool_id,
            client_id=client_id,
            now=now,
        )
        == 1
    )


def keep(tx: Transaction, pool_id: str, client_id: str) -> None:
    """Somebody wants the client, so it stays: locks it against whoever would remove it as unwanted."""
    tx.run(
        """UPDATE clients SET expires_at = NULL, version = version + 1
           WHERE pool_id = :pool_id AND client_id = :client_id AND expires_at IS NOT NULL""",
        pool_id=pool_id,
        client_id=client_id,
    )


def expired(tx: Transaction, now: int, limit: int) -> list[tuple[str, str]]:
    """Pool and id of clients that nobody wanted in time; those of deleted pools go with them."""
    rows = tx.rows(
        """SELECT pool_id, client_id FROM clients WHERE expires_at <= :now
            AND EXISTS (SELECT 1 FROM pools p WHERE p.pool_id = clients.pool_id AND p.deleted_at IS NULL)
            ORDER BY expires_at LIMIT :limit""",
        now=now,
        limit=limit,
    )
    return [(row[0], row[1]) for row in rows]


def unwanted(tx: Transaction, pool_id: str, *, created_before: int) -> list[str]:
    """Ids of the clients that were made before then and that nobody has wanted yet, oldest first."""
    rows = tx.rows(
        """SELECT client_id FROM clients WHERE pool_id = :pool_id AND expires_at IS NOT NULL
           AND created_at <= :created_before ORDER BY created_at, client_id""",
        pool_id=pool_id,
        created_before=created_before,
    )
    return [row[0] for row in rows]


def hold_unwanted(tx: Transaction, pool_id: str, client_id: str) -> bool:
    """Hold a client that nobody wants until the transaction ends. False: somebody does by now, or it is gone.

    The caller has locked the pool, so that no operator sets anything for the client meanwhile.
    """
    is_bare = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} s WHERE s.pool_id = :pool_id AND s.client_id = :client_id)"
        for table in _SET_BY_OPERATORS
    )
    return (
        tx.run(
            f"""UPDATE clients SET expires_at = expires_at
                WHERE pool_id = :pool_id AND client_id = :client_id AND expires_at IS NOT NULL AND {is_bare}""",
            pool_id=pool_id,
            client_id=client_id,
        )
        == 1
    )


def remove(tx: Transaction, pool_id: str, client_id: str) -> bool:
    """Delete the client, its secrets, and what was set for it alone."""
    values = {"pool_id": pool_id, "client_id": client_id}
    for table in _OWNED:
        tx.run(f"DELETE FROM {table} WHERE pool_id = :pool_id AND client_id = :client_id", **values)
    return tx.run("DELETE FROM clients WHERE pool_id = :pool_id AND client_id = :client_id", **values) == 1


def page(tx: Transaction, pool_id: str, *, after: str, limit: int) -> list[Client]:
    """Clients of the pool by id, after that id."""
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM clients WHERE pool_id = :pool_id AND client_id > :after
            ORDER BY pool_id, client_id LIMIT :limit""",
        pool_id=pool_id,
        after=after,
        limit=limit,
    )
    return [_client(row) for row in rows]


def secrets(tx: Transaction, client: Client) -> list[ClientSecret]:
    """The client's secrets, sealed, oldest first; from memory while the client's version stands."""
    key = ("client secrets", client.pool_id, client.client_id)
    kept: list[ClientSecret] | None = tx.documents.get(key, client.version)
    if kept is not None:
        return kept
    found = tx.all(
        ClientSecret,
        f"""SELECT {_SECRET_COLUMNS} FROM client_secrets
            WHERE pool_id = :pool_id AND client_id = :client_id ORDER BY created_at, slot""",
        pool_id=client.pool_id,
        client_id=client.client_id,
    )
    if not tx.writing:
        tx.documents.keep(key, client.version, found)
    return found


def add_secret(tx: Transaction, secret: ClientSecret) -> bool:
    """Store a secret in its slot (1 or 2); False: the slot is taken."""
    return (
        tx.run(
            f"""INSERT INTO client_secrets ({_SECRET_COLUMNS})
                VALUES (:pool_id, :client_id, :slot, :secret_id, :secret, :created_at)
                ON CONFLICT (pool_id, client_id, slot) DO NOTHING""",
            pool_id=secret.pool_id,
            client_id=secret.client_id,
            slot=secret.slot,
            secret_id=secret.secret_id,
            secret=secret.secret,
            created_at=secret.created_at,
        )
        == 1
    )


def remove_secret(tx: Transaction, pool_id: str, client_id: str, secret_id: str) -> bool:
    """Delete one secret, unless it is the client's last."""
    return (
        tx.run(
            """DELETE FROM client_secrets WHERE pool_id = :pool_id AND client_id = :client_id AND secret_id = :secret_id
               AND (SELECT count(*) FROM client_secrets others
                    WHERE others.pool_id = :pool_id AND others.client_id = :client_id) > 1""",
            pool_id=pool_id,
            client_id=client_id,
            secret_id=secret_id,
        )
        == 1
    )
