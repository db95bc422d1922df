"""Events: one row for each fact, written by the transaction that made it true."""

import msgspec

from lido.records import Event
from lido.storage.database import Transaction

_decode = msgspec.json.decode


def add(tx: Transaction, event: Event) -> bool:
    """Record a fact, whose id sorts by time; whether a webhook of the pool listens to its kind."""
    # Asked in the same statement: where nobody listens, listeners cost nothing.
    row = tx.row(
        """INSERT INTO events (pool_id, id, kind, sub, body) VALUES (:pool_id, :id, :kind, :sub, :body)
           RETURNING EXISTS (SELECT 1 FROM webhooks w WHERE w.pool_id = :pool_id AND w.enabled
             AND (w.filter = '' OR w.filter LIKE :listened))""",
        pool_id=event.pool_id,
        id=event.id,
        kind=event.kind,
        sub=event.sub,
        body=msgspec.json.encode(event.body).decode(),
        listened=f"% {event.kind} %",
    )
    return row is not None and bool(row[0])


def find(tx: Transaction, pool_id: str, event_id: str) -> Event | None:
    """The fact of that id."""
    row = tx.row(
        "SELECT pool_id, id, kind, sub, body FROM events WHERE pool_id = :pool_id AND id = :id",
        pool_id=pool_id,
        id=event_id,
    )
    return None if row is None else Event(*(*row[:4], _decode(row[4])))


def page_of_pool(tx: Transaction, pool_id: str, *, after: str, before: str, limit: int) -> list[Event]:
    """Facts about a pool, oldest first, whose ids lie between the two."""
    rows = tx.rows(
        """SELECT pool_id, id, kind, sub, body FROM events
           WHERE pool_id = :pool_id AND id > :after AND id < :before ORDER BY pool_id, id LIMIT :limit""",
        pool_id=pool_id,
        after=after,
        before=before,
        limit=limit,
    )
    return [Event(*(*row[:4], _decode(row[4]))) for row in rows]


def page_of_user(tx: Transaction, pool_id: str, sub: str, *, before: str, limit: int) -> list[Event]:
    """Facts about one user, newest first, older than the id `before` ('~' for the newest)."""
    rows = tx.rows(
        """SELECT pool_id, id, kind, sub, body FROM events
           WHERE pool_id = :pool_id AND sub = :sub AND id < :before ORDER BY pool_id DESC, sub DESC, id DESC
           LIMIT :limit""",
        pool_id=pool_id,
        sub=sub,
        before=before,
        limit=limit,
    )
    return [Event(*(*row[:4], _decode(row[4]))) for row in rows]


def auth_page_of_user(tx: Transaction, pool_id: str, sub: str, *, before: str, limit: int) -> list[Event]:
    """As `page_of_user`, of the kinds alone by which somebody came in, tried to, or was sent a code to do so."""
    rows = tx.rows(
        """SELECT pool_id, id, kind, sub, body FROM events
           WHERE pool_id = :pool_id AND sub = :sub AND id < :before
             AND (kind IN ('signed_up', 'confirmed', 'signed_in', 'challenged', 'refused', 'password_changed')
                  OR kind = 'code_sent' AND (body LIKE :forgot OR body LIKE :resend))
           ORDER BY pool_id DESC, sub DESC, id DESC LIMIT :limit""",
        pool_id=pool_id,
        sub=sub,
        before=before,
        limit=limit,
        forgot='%"ForgotPassword"%',
        resend='%"ResendCode"%',
    )
    return [Event(*(*row[:4], _decode(row[4]))) for row in rows]


def remove_before(tx: Transaction, pool_id: str, cutoff_id: str, limit: int) -> int:
    """Delete the oldest facts of a pool up to an id, at most `limit`, and what was said of them; how many went."""
    gone = _remove_before(tx, pool_id, cutoff_id, limit)
    if gone:
        tx.run(
            """DELETE FROM event_feedback WHERE pool_id = :pool_id AND event_id < :cutoff AND NOT EXISTS
                 (SELECT 1 FROM events e WHERE e.pool_id = :pool_id AND e.id = event_feedback.event_id)""",
            pool_id=pool_id,
            cutoff=cutoff_id,
        )
    return gone


def _remove_before(tx: Transaction, pool_id: str, cutoff_id: str, limit: int) -> int:
    return tx.run(
        """DELETE FROM events WHERE pool_id = :pool_id AND id IN
             (SELECT id FROM events WHERE pool_id = :pool_id AND id < :cutoff ORDER BY pool_id, id LIMIT :limit)""",
        pool_id=pool_id,
        cutoff=cutoff_id,
        limit=limit,
    )
