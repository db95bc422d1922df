"""Resource servers: APIs whose scopes apps may ask for."""

import msgspec

from lido.records import Pool
from lido.storage.database import Transaction

_names = msgspec.json.Decoder(list[dict[str, str]]).decode


def scopes_of(tx: Transaction, pool: Pool) -> frozenset[str]:
    """Every scope of the pool's servers, as `identifier/name`; from memory while the pool's version stands."""
    key = ("scopes", pool.pool_id)
    kept: frozenset[str] | None = tx.documents.get(key, pool.version)
    if kept is not None:
        return kept
    rows = tx.rows("SELECT identifier, scopes FROM resource_servers WHERE pool_id = :pool_id", pool_id=pool.pool_id)
    found = frozenset(f"{row[0]}/{scope['ScopeName']}" for row in rows for scope in _names(row[1]))
    if not tx.writing:
        tx.documents.keep(key, pool.version, found)
    return found
