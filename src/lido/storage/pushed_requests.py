"""Authorization requests that clients pushed, until a browser has brought each to its answer."""

from lido.records import Record
from lido.storage.database import Transaction


class PushedRequest(Record, frozen=True):
    """A request (JSON), of which a browser will know the digested name alone."""

    pool_id: str
    digest: bytes
    client_id: str
    parameters: str
    expires_at: int
    opened_at: int | None
    used_at: int | None


_COLUMNS = "pool_id, digest, client_id, parameters, expires_at, opened_at, used_at"


def add(tx: Transaction, pushed: PushedRequest) -> None:
    """Store a new one."""
    tx.run(
        """INSERT INTO pushed_requests (pool_id, digest, client_id, parameters, expires_at)
           VALUES (:pool_id, :digest, :client_id, :parameters, :expires_at)""",
        pool_id=pushed.pool_id,
        digest=pushed.digest,
        client_id=pushed.client_id,
        parameters=pushed.parameters,
        expires_at=pushed.expires_at,
    )


def find(tx: Transaction, pool_id: str, digest: bytes) -> PushedRequest | None:
    """The request of that digest, used or not."""
    return tx.find(
        PushedRequest,
        f"SELECT {_COLUMNS} FROM pushed_requests WHERE pool_id = :pool_id AND digest = :digest",
        pool_id=pool_id,
        digest=digest,
    )


def open_until(tx: Transaction, pool_id: str, digest: bytes, *, now: int, expires_at: int) -> None:
    """A browser has brought it: it lives on until `expires_at`, once, if it was still alive."""
    tx.run(
        """UPDATE pushed_requests SET opened_at = :now, expires_at = :expires_at
           WHERE pool_id = :pool_id AND digest = :digest AND opened_at IS NULL AND expires_at > :now""",
        now=now,
        expires_at=expires_at,
        pool_id=pool_id,
        digest=digest,
    )


def use(tx: Transaction, pool_id: str, digest: bytes, now: int) -> bool:
    """It is answered; False: it was before, or is over."""
    return (
        tx.run(
            """UPDATE pushed_requests SET used_at = :now WHERE pool_id = :pool_id AND digest = :digest
               AND used_at IS NULL AND expires_at > :now""",
            now=now,
            pool_id=pool_id,
            digest=digest,
        )
        == 1
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Forget what is over; how many went."""
    return tx.run(
        """DELETE FROM pushed_requests WHERE (pool_id, digest) IN
             (SELECT pool_id, digest FROM pushed_requests WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)""",
        now=now,
        limit=limit,
    )
