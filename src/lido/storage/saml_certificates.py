"""The certificate and the key by which a pool signs what it sends to SAML providers: one for each pool."""

from lido.records import Record
from lido.storage.database import Transaction


class SAMLCertificate(Record, frozen=True):
    """`certificate` is base64 of DER, `private_key` is sealed."""

    pool_id: str
    certificate: str
    private_key: bytes
    created_at: int


_COLUMNS = "pool_id, certificate, private_key, created_at"


def find(tx: Transaction, pool_id: str) -> SAMLCertificate | None:
    """The pool's, if it has one yet."""
    return tx.find(
        SAMLCertificate, f"SELECT {_COLUMNS} FROM saml_certificates WHERE pool_id = :pool_id", pool_id=pool_id
    )


def add(tx: Transaction, made: SAMLCertificate) -> bool:
    """Store the pool's; False: it has one."""
    return (
        tx.run(
            f"""INSERT INTO saml_certificates ({_COLUMNS}) VALUES (:pool_id, :certificate, :private_key, :created_at)
                ON CONFLICT (pool_id) DO NOTHING""",
            pool_id=made.pool_id,
            certificate=made.certificate,
            private_key=made.private_key,
            created_at=made.created_at,
        )
        == 1
    )
