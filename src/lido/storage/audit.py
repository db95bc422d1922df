"""What operators did, and the chain of seals over it; no call ever waits for another to write here."""

from msgspec import Struct

from lido import errors
from lido.storage.database import Transaction


class Entry(Struct, frozen=True):
    """One act of an operator; `body` is JSON, without values and secrets."""

    pool_id: str
    id: str
    actor: str
    action: str
    body: str


class Seal(Struct, frozen=True):
    """A link of the chain: `digest` covers `previous`, the digest before it, and its `entries` entries."""

    seal: int
    previous: bytes
    digest: bytes
    entries: int
    sealed_at: int


def add(tx: Transaction, entry: Entry) -> None:
    """Write an entry; it is sealed later."""
    tx.run(
        "INSERT INTO audit (pool_id, id, actor, action, body) VALUES (:pool_id, :id, :actor, :action, :body)",
        pool_id=entry.pool_id,
        id=entry.id,
        actor=entry.actor,
        action=entry.action,
        body=entry.body,
    )


def has_unsealed(tx: Transaction) -> bool:
    """Whether any entry waits for its seal."""
    return tx.row("SELECT 1 FROM audit WHERE seal IS NULL LIMIT 1") is not None


def claim(tx: Transaction, seal: int, limit: int) -> list[Entry]:
    """Put the oldest unsealed entries under the seal of that number: what it must cover."""
    return _sorted(
        tx.all(
            Entry,
            """UPDATE audit SET seal = :seal WHERE seal IS NULL AND (pool_id, id) IN
                 (SELECT pool_id, id FROM audit WHERE seal IS NULL ORDER BY id LIMIT :limit)
               RETURNING pool_id, id, actor, action, body""",
            seal=seal,
            limit=limit,
        )
    )


def last_seal(tx: Transaction) -> Seal | None:
    """The newest link."""
    return tx.find(
        Seal, "SELECT seal, previous, digest, entries, sealed_at FROM audit_seals ORDER BY seal DESC LIMIT 1"
    )


def add_seal(tx: Transaction, seal: Seal) -> None:
    """Add a link. Raises Conflict when another was first, so that what it claimed is rolled back."""
    added = tx.run(
        """INSERT INTO audit_seals (seal, previous, digest, entries, sealed_at)
           VALUES (:seal, :previous, :digest, :entries, :sealed_at) ON CONFLICT (seal) DO NOTHING""",
        seal=seal.seal,
        previous=seal.previous,
        digest=seal.digest,
        entries=seal.entries,
        sealed_at=seal.sealed_at,
    )
    if not added:
        raise errors.Conflict("another seal of that number")


def seals(tx: Transaction, *, after: int, limit: int) -> list[Seal]:
    """Links after that number, oldest first."""
    return tx.all(
        Seal,
        """SELECT seal, previous, digest, entries, sealed_at FROM audit_seals WHERE seal > :after
           ORDER BY seal LIMIT :limit""",
        after=after,
        limit=limit,
    )


def entries_under(tx: Transaction, seal: int, limit: int) -> list[Entry]:
    """What stands under a seal, in the order in which it was covered."""
    return _sorted(
        tx.all(
            Entry,
            "SELECT pool_id, id, actor, action, body FROM audit WHERE seal = :seal LIMIT :limit",
            seal=seal,
            limit=limit,
        )
    )


def highest_claimed(tx: Transaction) -> int:
    """The highest number that an entry names as its seal; 0 for none."""
    row = tx.row("SELECT max(seal) FROM audit WHERE seal IS NOT NULL")
    return int(row[0]) if row is not None and row[0] is not None else 0


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.id, entry.pool_id))
