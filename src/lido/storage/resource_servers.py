"""Resource servers of a pool: APIs, and the scopes by which clients are let in to them."""

from collections.abc import Collection

import msgspec

from lido.records import Pool, Record
from lido.storage.database import Row, Transaction

_COLUMNS = "pool_id, identifier, name, scopes"


_TO_REGISTER = "aws.cognito/dcr/register"
"""The one scope of the service's own server, which pools have that know dynamic client registration."""


class Scope(msgspec.Struct, frozen=True):
    """A scope of a resource server; clients name it `{identifier}/{name}`."""

    name: str
    description: str


class ResourceServer(Record, frozen=True):
    """A resource server."""

    pool_id: str
    identifier: str
    name: str
    scopes: list[Scope]


_decode = msgspec.json.Decoder(list[Scope]).decode


def _resource_server(row: Row) -> ResourceServer:
    return ResourceServer(row[0], row[1], row[2], _decode(row[3]))


def scopes_of(tx: Transaction, pool: Pool) -> frozenset[str]:
    """Every scope of the pool's resource servers, as clients name them; from memory while its version stands.

    A client's own list may name more: what was deleted since.
    """
    key = ("scopes", pool.pool_id)
    kept: frozenset[str] | None = tx.documents.get(key, pool.version)
    if kept is not None:
        return kept
    rows = tx.rows(f"SELECT {_COLUMNS} FROM resource_servers WHERE pool_id = :pool_id", pool_id=pool.pool_id)
    servers = map(_resource_server, rows)
    found = frozenset(f"{server.identifier}/{scope.name}" for server in servers for scope in server.scopes)
    if pool.settings.shape.dcr_configuration is not None:
        found |= {_TO_REGISTER}
    if not tx.writing:
        tx.documents.keep(key, pool.version, found)
    return found


def identifiers_of(tx: Transaction, pool: Pool) -> frozenset[str]:
    """The identifiers of the pool's resource servers; from memory while its version stands."""
    key = ("resource servers", pool.pool_id)
    kept: frozenset[str] | None = tx.documents.get(key, pool.version)
    if kept is None:
        rows = tx.rows("SELECT identifier FROM resource_servers WHERE pool_id = :pool_id", pool_id=pool.pool_id)
        kept = frozenset(str(row[0]) for row in rows)
        if not tx.writing:
            tx.documents.keep(key, pool.version, kept)
    return kept


def descriptions(tx: Transaction, pool_id: str, names: Collection[str]) -> dict[str, str]:
    """How the resource servers describe those of their scopes, by the name that clients use."""
    servers = {name.rpartition("/")[0] for name in names if "/" in name}
    found = [server for identifier in sorted(servers) if (server := find(tx, pool_id, identifier)) is not None]
    every = {f"{server.identifier}/{scope.name}": scope.description for server in found for scope in server.scopes}
    return {name: every[name] for name in names if name in every}


def find(tx: Transaction, pool_id: str, identifier: str) -> ResourceServer | None:
    """The resource server of that pool and identifier."""
    row = tx.row(
        f"SELECT {_COLUMNS} FROM resource_servers WHERE pool_id = :pool_id AND identifier = :identifier",
        pool_id=pool_id,
        identifier=identifier,
    )
    return None if row is None else _resource_server(row)


def count(tx: Transaction, pool_id: str) -> int:
    """How many resource servers the pool has."""
    row = tx.row("SELECT count(*) FROM resource_servers WHERE pool_id = :pool_id", pool_id=pool_id)
    return 0 if row is None else int(row[0])


def add(tx: Transaction, server: ResourceServer) -> bool:
    """Store a new one; False: the identifier is taken. The caller has locked the pool (`pools.touch`)."""
    return (
        tx.run(
            f"""INSERT INTO resource_servers ({_COLUMNS}) VALUES (:pool_id, :identifier, :name, :scopes)
                ON CONFLICT (pool_id, identifier) DO NOTHING""",
            pool_id=server.pool_id,
            identifier=server.identifier,
            name=server.name,
            scopes=msgspec.json.encode(server.scopes).decode(),
        )
        == 1
    )


def replace(tx: Transaction, server: ResourceServer) -> bool:
    """Give it another name and other scopes; False: there is none. The caller has locked the pool (`pools.touch`)."""
    return (
        tx.run(
            """UPDATE resource_servers SET name = :name, scopes = :scopes
               WHERE pool_id = :pool_id AND identifier = :identifier""",
            name=server.name,
            scopes=msgspec.json.encode(server.scopes).decode(),
            pool_id=server.pool_id,
            identifier=server.identifier,
        )
        == 1
    )


def remove(tx: Transaction, pool_id: str, identifier: str) -> bool:
    """Delete it; False: there is none. The caller has locked the pool (`pools.touch`)."""
    return (
        tx.run(
            "DELETE FROM resource_servers WHERE pool_id = :pool_id AND identifier = :identifier",
            pool_id=pool_id,
            identifier=identifier,
        )
        == 1
    )


def page(tx: Transaction, pool_id: str, *, after: str, limit: int) -> list[ResourceServer]:
    """Resource servers of the pool by identifier, after that one."""
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM resource_servers WHERE pool_id = :pool_id AND identifier > :after
            ORDER BY pool_id, identifier LIMIT :limit""",
        pool_id=pool_id,
        after=after,
        limit=limit,
    )
    return [_resource_server(row) for row in rows]
