"""What operators did, and the chain of seals over it; no call ever waits for another to write here."""

from msgspec import Struct

from lido import errors
from lido.storage.database import Transaction


class Entry(Struct, frozen=True):
    """One act of an operator; `body` is JSON, without values and secrets; `mac` proves the rest."""

    pool_id: str
    id: str
    actor: str
    action: str
    body: str
    mac: bytes | None


class SealedEntry(Struct, frozen=True):
    """An entry where it stands: under which seal, None while it waits for one."""

    pool_id: str
    id: str
    actor: str
    action: str
    body: str
    mac: bytes | None
    seal: int | None


class Seal(Struct, frozen=True):
    """A link of the chain: `digest` covers `previous`, the digest before it, and `macs`, those of its entries."""

    seal: int
    previous: bytes
    digest: bytes
    entries: int
    sealed_at: int
    macs: bytes | None


_ENTRY = "pool_id, id, actor, action, body, mac"
_SEAL = "seal, previous, digest, entries, sealed_at, macs"


def add(tx: Transaction, entry: Entry) -> None:
    """Write an entry; it is sealed later."""
    tx.run(
        f"INSERT INTO audit ({_ENTRY}) VALUES (:pool_id, :id, :actor, :action, :body, :mac)",
        pool_id=entry.pool_id,
        id=entry.id,
        actor=entry.actor,
        action=entry.action,
        body=entry.body,
        mac=entry.mac,
    )


def has_unsealed(tx: Transaction) -> bool:
    """Whether any entry waits for its seal."""
    return tx.row("SELECT 1 FROM audit WHERE seal IS NULL LIMIT 1") is not None


def claim(tx: Transaction, seal: int, limit: int) -> list[Entry]:
    """Put the oldest unsealed entries under the seal of that number: what it must cover."""
    return _sorted(
        tx.all(
            Entry,
            f"""UPDATE audit SET seal = :seal WHERE seal IS NULL AND (pool_id, id) IN
                 (SELECT pool_id, id FROM audit WHERE seal IS NULL ORDER BY id LIMIT :limit)
               RETURNING {_ENTRY}""",
            seal=seal,
            limit=limit,
        )
    )


def last_seal(tx: Transaction) -> Seal | None:
    """The newest link."""
    return tx.find(Seal, f"SELECT {_SEAL} FROM audit_seals ORDER BY seal DESC LIMIT 1")


def find_seal(tx: Transaction, seal: int) -> Seal | None:
    """The link of that number."""
    return tx.find(Seal, f"SELECT {_SEAL} FROM audit_seals WHERE seal = :seal", seal=seal)


def add_seal(tx: Transaction, seal: Seal) -> None:
    """Add a link. Raises Conflict when another was first, so that what it claimed is rolled back."""
    added = tx.run(
        f"""INSERT INTO audit_seals ({_SEAL})
           VALUES (:seal, :previous, :digest, :entries, :sealed_at, :macs) ON CONFLICT (seal) DO NOTHING""",
        seal=seal.seal,
        previous=seal.previous,
        digest=seal.digest,
        entries=seal.entries,
        sealed_at=seal.sealed_at,
        macs=seal.macs,
    )
    if not added:
        raise errors.Conflict("another seal of that number")


def seals(tx: Transaction, *, after: int, limit: int) -> list[Seal]:
    """Links after that number, oldest first."""
    return tx.all(
        Seal,
        f"SELECT {_SEAL} FROM audit_seals WHERE seal > :after ORDER BY seal LIMIT :limit",
        after=after,
        limit=limit,
    )


def lowest_seal(tx: Transaction) -> int | None:
    """The lowest number of a link; an honest chain begins with 1."""
    row = tx.row("SELECT min(seal) FROM audit_seals")
    return None if row is None else row[0]


def entries_under(tx: Transaction, seal: int, limit: int) -> list[Entry]:
    """What stands under a seal, in the order in which it was covered."""
    return _sorted(tx.all(Entry, f"SELECT {_ENTRY} FROM audit WHERE seal = :seal LIMIT :limit", seal=seal, limit=limit))


def outside(tx: Transaction, last: int) -> SealedEntry | None:
    """The first entry that names a seal which cannot be: before the first, or after the `last`."""
    return tx.find(
        SealedEntry,
        f"SELECT {_ENTRY}, seal FROM audit WHERE seal < 1 OR seal > :last ORDER BY seal, id LIMIT 1",
        last=last,
    )


def unsealed(tx: Transaction, *, after: tuple[str, str], limit: int) -> list[Entry]:
    """Entries that wait for their seal, by id and pool after those; ('', '') begins."""
    return tx.all(
        Entry,
        f"""SELECT {_ENTRY} FROM audit WHERE seal IS NULL AND id >= :id AND (id, pool_id) > (:id, :pool_id)
            ORDER BY id, pool_id LIMIT :limit""",
        id=after[0],
        pool_id=after[1],
        limit=limit,
    )


def page(tx: Transaction, *, pool_id: str | None, after: tuple[str, str], limit: int) -> list[SealedEntry]:
    """Entries, of one pool where given, oldest first, by id and pool after those; ('', '') begins."""
    return tx.all(
        SealedEntry,
        f"""SELECT {_ENTRY}, seal FROM audit
            WHERE id >= :id AND (id, pool_id) > (:id, :after)
              AND (CAST(:pool_id AS TEXT) IS NULL OR pool_id = :pool_id)
            ORDER BY id, pool_id LIMIT :limit""",
        id=after[0],
        after=after[1],
        pool_id=pool_id,
        limit=limit,
    )


def newest(tx: Transaction, *, pool_id: str | None, since: str, limit: int) -> list[SealedEntry]:
    """The newest entries whose id is not before `since`, newest first."""
    return tx.all(
        SealedEntry,
        f"""SELECT {_ENTRY}, seal FROM audit
            WHERE id >= :since AND (CAST(:pool_id AS TEXT) IS NULL OR pool_id = :pool_id)
            ORDER BY id DESC, pool_id DESC LIMIT :limit""",
        since=since,
        pool_id=pool_id,
        limit=limit,
    )


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.id, entry.pool_id))
