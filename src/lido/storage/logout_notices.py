"""Notices of logout on their way to apps (back-channel): written with the end of a session, gone when they arrived."""

from lido.records import Record
from lido.storage.database import Transaction


class Notice(Record, frozen=True):
    """An app is to be told that a user's session of a browser is over; all sessions where `sso_id` is None."""

    pool_id: str
    id: str
    client_id: str
    sub: str
    sso_id: str | None
    attempts: int
    next_at: int
    created_at: int


_NAMES = ("pool_id", "id", "client_id", "sub", "sso_id", "attempts", "next_at", "created_at")
_COLUMNS = ", ".join(_NAMES)


def add(tx: Transaction, notice: Notice) -> None:
    """Put a notice on its way."""
    tx.run(
        f"INSERT INTO logout_notices ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in _NAMES)})",
        **{name: getattr(notice, name) for name in _NAMES},
    )


def receivers_due(tx: Transaction, now: int, limit: int) -> list[tuple[str, str]]:
    """Pools and clients that something is due for, of the `limit` notices that are due longest."""
    rows = tx.rows(
        """SELECT DISTINCT pool_id, client_id FROM
             (SELECT pool_id, client_id FROM logout_notices WHERE next_at <= :now ORDER BY next_at LIMIT :limit) due""",
        now=now,
        limit=limit,
    )
    return [(row[0], row[1]) for row in rows]


def take(tx: Transaction, pool_id: str, client_id: str, now: int, *, until: int, limit: int) -> list[Notice]:
    """Take what is due for a client, the oldest first: to others it is not due again before `until`."""
    taken = tx.all(
        Notice,
        f"""UPDATE logout_notices SET next_at = :until
            WHERE pool_id = :pool_id AND next_at <= :now AND id IN
              (SELECT id FROM logout_notices
               WHERE pool_id = :pool_id AND client_id = :client_id AND next_at <= :now ORDER BY id LIMIT :limit)
            RETURNING {_COLUMNS}""",
        pool_id=pool_id,
        client_id=client_id,
        now=now,
        until=until,
        limit=limit,
    )
    return sorted(taken, key=lambda notice: notice.id)


def postpone(tx: Transaction, notice: Notice, *, next_at: int, failed: bool) -> bool:
    """It is due again then; a try failed, or was not made. False: somebody else has taken it meanwhile."""
    return (
        tx.run(
            """UPDATE logout_notices SET next_at = :next_at, attempts = attempts + :tries
               WHERE pool_id = :pool_id AND id = :id AND next_at = :seen""",
            next_at=next_at,
            tries=int(failed),
            pool_id=notice.pool_id,
            id=notice.id,
            seen=notice.next_at,
        )
        == 1
    )


def remove(tx: Transaction, notice: Notice) -> None:
    """It arrived, or nobody is told any more."""
    tx.run("DELETE FROM logout_notices WHERE pool_id = :pool_id AND id = :id", pool_id=notice.pool_id, id=notice.id)
