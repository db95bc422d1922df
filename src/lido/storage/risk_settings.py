"""Threat protection as it is configured: for a pool, and for clients that have their own."""

import msgspec

from lido.records import Record
from lido.shapes import idp
from lido.storage.database import Transaction

WHOLE_POOL = "ALL"
"""In the place of a client's id: what holds where a client has none of its own."""


class RiskSettings(Record, frozen=True):
    """What is to be done at which risk; `settings` carries neither ids nor dates."""

    pool_id: str
    client_id: str
    settings: idp.RiskConfigurationType
    modified_at: int


_decode = msgspec.json.Decoder(idp.RiskConfigurationType).decode


def find(tx: Transaction, pool_id: str, client_id: str) -> RiskSettings | None:
    """What is set for that client, or for the `WHOLE_POOL`."""
    row = tx.row(
        """SELECT pool_id, client_id, settings, modified_at FROM risk_settings
           WHERE pool_id = :pool_id AND client_id = :client_id""",
        pool_id=pool_id,
        client_id=client_id,
    )
    return None if row is None else RiskSettings(row[0], row[1], _decode(row[2]), row[3])


def put(tx: Transaction, risk: RiskSettings) -> None:
    """Store it, in place of what was there. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        """INSERT INTO risk_settings (pool_id, client_id, settings, modified_at)
           VALUES (:pool_id, :client_id, :settings, :modified_at)
           ON CONFLICT (pool_id, client_id) DO UPDATE SET
             settings = excluded.settings, modified_at = excluded.modified_at""",
        pool_id=risk.pool_id,
        client_id=risk.client_id,
        settings=msgspec.json.encode(risk.settings).decode(),
        modified_at=risk.modified_at,
    )


def remove(tx: Transaction, pool_id: str, client_id: str) -> None:
    """Forget it. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        "DELETE FROM risk_settings WHERE pool_id = :pool_id AND client_id = :client_id",
        pool_id=pool_id,
        client_id=client_id,
    )
