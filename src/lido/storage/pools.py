"""User pools: one row each, with one settings document under one version."""

import msgspec

from lido.records import Pool, PoolSettings
from lido.storage.database import Transaction

_decode = msgspec.json.Decoder(PoolSettings).decode


def find(tx: Transaction, pool_id: str) -> Pool | None:
    """The living pool of that id."""
    row = tx.row("SELECT version FROM pools WHERE pool_id = :pool_id AND deleted_at IS NULL", pool_id=pool_id)
    return None if row is None else at_version(tx, pool_id, row[0])


def at_version(tx: Transaction, pool_id: str, version: int) -> Pool | None:
    """The pool whose `version` the caller's own statement has just returned; from memory where it is kept."""
    kept: Pool | None = tx.documents.get(("pool", pool_id), version)
    if kept is not None:
        return kept
    row = tx.row(
        """SELECT pool_id, region, name, settings, folding, version, created_at, modified_at
           FROM pools WHERE pool_id = :pool_id AND deleted_at IS NULL""",
        pool_id=pool_id,
    )
    if row is None:
        return None
    pool = Pool(*(*row[:3], _decode(row[3]), *row[4:]))
    if not tx.writing:
        tx.documents.keep(("pool", pool_id), pool.version, pool)
    return pool


def add(tx: Transaction, pool: Pool) -> None:
    """Store a new pool."""
    tx.run(
        """INSERT INTO pools (pool_id, region, name, settings, folding, version, created_at, modified_at)
           VALUES (:pool_id, :region, :name, :settings, :folding, :version, :created_at, :modified_at)""",
        pool_id=pool.pool_id,
        region=pool.region,
        name=pool.name,
        settings=msgspec.json.encode(pool.settings).decode(),
        folding=int(pool.folding),
        version=pool.version,
        created_at=pool.created_at,
        modified_at=pool.modified_at,
    )


def set_settings(tx: Transaction, seen: Pool, *, name: str, settings: PoolSettings, now: int) -> bool:
    """Replace name and document if nobody else did since `seen` was read; False: the race is lost."""
    return (
        tx.run(
            """UPDATE pools SET name = :name, settings = :settings, version = version + 1, modified_at = :now
               WHERE pool_id = :pool_id AND version = :seen AND deleted_at IS NULL""",
            name=name,
            settings=msgspec.json.encode(settings).decode(),
            now=now,
            pool_id=seen.pool_id,
            seen=seen.version,
        )
        == 1
    )


def set_folding(tx: Transaction, pool_id: str, folding: int) -> None:
    """Name another rule for comparing names, in the transaction that gives every name its new key."""
    tx.run("UPDATE pools SET folding = :folding WHERE pool_id = :pool_id", folding=int(folding), pool_id=pool_id)


def touch(tx: Transaction, pool_id: str) -> bool:
    """Raise the version: locks the pool for a cap, and tells every process that something of it changed.

    `modified_at` stays: it is the pool's own LastModifiedDate.
    """
    return (
        tx.run(
            "UPDATE pools SET version = version + 1 WHERE pool_id = :pool_id AND deleted_at IS NULL", pool_id=pool_id
        )
        == 1
    )


def mark_deleted(tx: Transaction, pool_id: str, now: int) -> bool:
    """End the pool; a chore empties it later."""
    return (
        tx.run(
            """UPDATE pools SET deleted_at = :now, version = version + 1, modified_at = :now
               WHERE pool_id = :pool_id AND deleted_at IS NULL""",
            pool_id=pool_id,
            now=now,
        )
        == 1
    )


def page(tx: Transaction, region: str, *, after: str, limit: int) -> list[Pool]:
    """Living pools of a region by id, after that id."""
    rows = tx.rows(
        """SELECT pool_id, region, name, settings, folding, version, created_at, modified_at FROM pools
           WHERE region = :region AND pool_id > :after AND deleted_at IS NULL ORDER BY region, pool_id LIMIT :limit""",
        region=region,
        after=after,
        limit=limit,
    )
    return [Pool(*(*row[:3], _decode(row[3]), *row[4:])) for row in rows]


def mentioning(tx: Transaction, text: str) -> list[Pool]:
    """Living pools whose document holds a text (no % or _ in it), by id. Reads all documents: for operators only."""
    rows = tx.rows(
        """SELECT pool_id, region, name, settings, folding, version, created_at, modified_at FROM pools
           WHERE settings LIKE :pattern AND deleted_at IS NULL ORDER BY pool_id""",
        pattern=f"%{text}%",
    )
    return [Pool(*(*row[:3], _decode(row[3]), *row[4:])) for row in rows]


def deleted(tx: Transaction, patient_since: int, limit: int) -> list[str]:
    """Ids of pools that wait to be emptied; not those deleted since then whose last events have not yet been told."""
    rows = tx.rows(
        """SELECT pool_id FROM pools p WHERE deleted_at IS NOT NULL AND NOT (deleted_at > :patient_since AND
             (EXISTS (SELECT 1 FROM outbox o WHERE o.pool_id = p.pool_id)
              OR EXISTS (SELECT 1 FROM webhooks w JOIN deliveries d ON d.pool_id = w.pool_id AND d.webhook_id = w.id
                         WHERE w.pool_id = p.pool_id AND w.enabled AND d.state = 0)))
           LIMIT :limit""",
        patient_since=patient_since,
        limit=limit,
    )
    return [row[0] for row in rows]


def statistic(tx: Transaction, pool_id: str, name: str) -> int:
    """A number that a chore counted for the pool (`users`); 0 until it has."""
    row = tx.row(
        "SELECT value FROM pool_statistics WHERE pool_id = :pool_id AND name = :name", pool_id=pool_id, name=name
    )
    return 0 if row is None else int(row[0])


def ids(tx: Transaction, *, after: str, limit: int) -> list[str]:
    """Ids of living pools of all regions, after that id."""
    rows = tx.rows(
        "SELECT pool_id FROM pools WHERE pool_id > :after AND deleted_at IS NULL ORDER BY pool_id LIMIT :limit",
        after=after,
        limit=limit,
    )
    return [row[0] for row in rows]
