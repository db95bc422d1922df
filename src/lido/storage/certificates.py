"""Certificates that the server shows at the hosts they name."""

from typing import Literal

import msgspec

from lido.records import Record
from lido.storage.database import Row, Transaction

_COLUMNS = "id, names, chain, private_key, source, not_after, created_at"
_decode = msgspec.json.Decoder(list[str]).decode


class Certificate(Record, frozen=True):
    """A certificate with its chain in PEM; `private_key` is sealed, `source` tells who got it."""

    id: str
    names: list[str]
    chain: str
    private_key: bytes
    source: Literal["added", "acme"]
    not_after: int
    created_at: int


def _certificate(row: Row) -> Certificate:
    return Certificate(row[0], _decode(row[1]), *row[2:])


def add(tx: Transaction, certificate: Certificate) -> None:
    """Store a new one."""
    tx.run(
        f"""INSERT INTO certificates ({_COLUMNS})
            VALUES (:id, :names, :chain, :private_key, :source, :not_after, :created_at)""",
        id=certificate.id,
        names=msgspec.json.encode(certificate.names).decode(),
        chain=certificate.chain,
        private_key=certificate.private_key,
        source=certificate.source,
        not_after=certificate.not_after,
        created_at=certificate.created_at,
    )


def find(tx: Transaction, certificate_id: str) -> Certificate | None:
    """The certificate of that id."""
    row = tx.row(f"SELECT {_COLUMNS} FROM certificates WHERE id = :id", id=certificate_id)
    return None if row is None else _certificate(row)


def every(tx: Transaction) -> list[Certificate]:
    """All of them, the oldest first."""
    return [_certificate(row) for row in tx.rows(f"SELECT {_COLUMNS} FROM certificates ORDER BY created_at, id")]


def ids(tx: Transaction) -> list[str]:
    """Which there are: a certificate never changes, so this tells whether something is new."""
    return [row[0] for row in tx.rows("SELECT id FROM certificates ORDER BY id")]


def remove(tx: Transaction, certificate_id: str) -> bool:
    """Delete it; False: there is none."""
    return tx.run("DELETE FROM certificates WHERE id = :id", id=certificate_id) == 1
