"""Documents that people agree to: links to an app's terms of use and privacy policy, each once for a client."""

import msgspec

from lido.records import Pool, Record
from lido.storage.database import Row, Transaction

_COLUMNS = "pool_id, id, client_id, name, links, created_at, modified_at"

_decode = msgspec.json.Decoder(dict[str, str]).decode


class Terms(Record, frozen=True):
    """A document: its address for each language (`cognito:default`, `cognito:english`, …)."""

    pool_id: str
    id: str
    client_id: str
    name: str
    links: dict[str, str]
    created_at: int
    modified_at: int


def _terms(row: Row) -> Terms:
    return Terms(*(*row[:4], _decode(row[4]), *row[5:]))


def find(tx: Transaction, pool_id: str, id_: str) -> Terms | None:
    """The document of that id."""
    row = tx.row(f"SELECT {_COLUMNS} FROM terms WHERE pool_id = :pool_id AND id = :id", pool_id=pool_id, id=id_)
    return None if row is None else _terms(row)


def find_by_client(tx: Transaction, pool_id: str, client_id: str, name: str) -> Terms | None:
    """The client's document of that name."""
    row = tx.row(
        f"SELECT {_COLUMNS} FROM terms WHERE pool_id = :pool_id AND client_id = :client_id AND name = :name",
        pool_id=pool_id,
        client_id=client_id,
        name=name,
    )
    return None if row is None else _terms(row)


def of_client(tx: Transaction, pool: Pool, client_id: str) -> dict[str, Terms]:
    """The client's documents by name; from memory while the pool's version stands."""
    key = ("terms", pool.pool_id, client_id)
    kept: dict[str, Terms] | None = tx.documents.get(key, pool.version)
    if kept is None:
        rows = tx.rows(
            f"SELECT {_COLUMNS} FROM terms WHERE pool_id = :pool_id AND client_id = :client_id",
            pool_id=pool.pool_id,
            client_id=client_id,
        )
        kept = {terms.name: terms for terms in map(_terms, rows)}
        if not tx.writing:
            tx.documents.keep(key, pool.version, kept)
    return kept


def count(tx: Transaction, pool_id: str) -> int:
    """How many documents the pool has."""
    row = tx.row("SELECT count(*) FROM terms WHERE pool_id = :pool_id", pool_id=pool_id)
    return 0 if row is None else int(row[0])


def put(tx: Transaction, terms: Terms) -> None:
    """Store a document, in place of the one of its id. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        f"""INSERT INTO terms ({_COLUMNS})
            VALUES (:pool_id, :id, :client_id, :name, :links, :created_at, :modified_at)
            ON CONFLICT (pool_id, id) DO UPDATE SET
              name = excluded.name, links = excluded.links, modified_at = excluded.modified_at""",
        pool_id=terms.pool_id,
        id=terms.id,
        client_id=terms.client_id,
        name=terms.name,
        links=msgspec.json.encode(terms.links).decode(),
        created_at=terms.created_at,
        modified_at=terms.modified_at,
    )


def remove(tx: Transaction, pool_id: str, id_: str) -> None:
    """Delete it. The caller has locked the pool (`pools.touch`)."""
    tx.run("DELETE FROM terms WHERE pool_id = :pool_id AND id = :id", pool_id=pool_id, id=id_)


def page(tx: Transaction, pool_id: str, *, after: str, limit: int) -> list[Terms]:
    """Documents of the pool by id, after that one."""
    rows = tx.rows(
        f"SELECT {_COLUMNS} FROM terms WHERE pool_id = :pool_id AND id > :after ORDER BY pool_id, id LIMIT :limit",
        pool_id=pool_id,
        after=after,
        limit=limit,
    )
    return [_terms(row) for row in rows]
