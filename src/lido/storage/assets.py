"""Images of a pool, each once, under the digest of what was sent."""

from collections.abc import Collection

from lido.records import Record
from lido.storage.database import Transaction

_COLUMNS = "pool_id, digest, kind, content, served"


class Asset(Record, frozen=True):
    """`content` is what was sent, `served` what browsers are given; `kind` is PNG, JPEG, WEBP, ICO or SVG."""

    pool_id: str
    digest: str
    kind: str
    content: bytes
    served: bytes


def add(tx: Transaction, asset: Asset) -> None:
    """Store it, unless it is there. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        f"""INSERT INTO assets ({_COLUMNS}) VALUES (:pool_id, :digest, :kind, :content, :served)
            ON CONFLICT (pool_id, digest) DO NOTHING""",
        pool_id=asset.pool_id,
        digest=asset.digest,
        kind=asset.kind,
        content=asset.content,
        served=asset.served,
    )


def content(tx: Transaction, pool_id: str, digest: str) -> bytes | None:
    """What was sent."""
    row = tx.row(
        "SELECT content FROM assets WHERE pool_id = :pool_id AND digest = :digest", pool_id=pool_id, digest=digest
    )
    return None if row is None else bytes(row[0])


def served(tx: Transaction, pool_id: str, digest: str, kind: str) -> bytes | None:
    """What browsers are given for it, if it is of that kind."""
    row = tx.row(
        "SELECT served FROM assets WHERE pool_id = :pool_id AND digest = :digest AND kind = :kind",
        pool_id=pool_id,
        digest=digest,
        kind=kind,
    )
    return None if row is None else bytes(row[0])


def digests(tx: Transaction, pool_id: str) -> set[str]:
    """The digests of the pool's images."""
    return {str(row[0]) for row in tx.rows("SELECT digest FROM assets WHERE pool_id = :pool_id", pool_id=pool_id)}


def remove(tx: Transaction, pool_id: str, unused: Collection[str]) -> None:
    """Delete those. The caller has locked the pool (`pools.touch`)."""
    for digest in unused:
        tx.run("DELETE FROM assets WHERE pool_id = :pool_id AND digest = :digest", pool_id=pool_id, digest=digest)
