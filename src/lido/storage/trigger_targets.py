"""Functions that pools' triggers call, by name."""

import msgspec

from lido.records import TargetSettings, TriggerTarget
from lido.storage.database import Row, Transaction

_COLUMNS = "name, kind, address, secret, settings, created_at"
_decode = msgspec.json.Decoder(TargetSettings).decode


def add(tx: Transaction, target: TriggerTarget) -> bool:
    """Store a target; False: the name is taken."""
    return (
        tx.run(
            f"""INSERT INTO trigger_targets ({_COLUMNS}) VALUES (:name, :kind, :address, :secret, :settings,
                  :created_at) ON CONFLICT (name) DO NOTHING""",
            name=target.name,
            kind=target.kind,
            address=target.address,
            secret=target.secret,
            settings=msgspec.json.encode(target.settings).decode(),
            created_at=target.created_at,
        )
        == 1
    )


def find(tx: Transaction, name: str) -> TriggerTarget | None:
    """The target of that name."""
    row = tx.row(f"SELECT {_COLUMNS} FROM trigger_targets WHERE name = :name", name=name)
    return None if row is None else _target(row)


def every(tx: Transaction) -> list[TriggerTarget]:
    """All targets, by name."""
    return [_target(row) for row in tx.rows(f"SELECT {_COLUMNS} FROM trigger_targets ORDER BY name")]


def remove(tx: Transaction, name: str) -> bool:
    """Delete a target; False: there is none of that name."""
    return tx.run("DELETE FROM trigger_targets WHERE name = :name", name=name) == 1


def _target(row: Row) -> TriggerTarget:
    return TriggerTarget(*(*row[:4], _decode(row[4]), row[5]))
