"""Messages to people: written by the transaction that needs them, claimed by a worker, kept a while to be looked at.

`state` is 0 waiting, 1 sent, 2 given up, 3 kept (no gateway). Ids sort by time; a recipient gets messages in order.
"""

from collections.abc import Sequence

from lido.records import Message
from lido.storage.database import Transaction

WAITING, SENT, GIVEN_UP, KEPT = 0, 1, 2, 3

_NAMES = (
    "pool_id",
    "id",
    "sub",
    "medium",
    "recipient_key",
    "body",
    "state",
    "attempts",
    "next_at",
    "leased_until",
    "expires_at",
    "sent_at",
    "last_error",
)
_COLUMNS = ", ".join(_NAMES)
_OF_MEDIUM = "(CAST(:medium AS TEXT) IS NULL OR m.medium = :medium)"
_NOT_BUT = "replace(CAST(:but AS TEXT), '<' || m.pool_id || ' ' || m.medium || '>', '') = CAST(:but AS TEXT)"


def add(tx: Transaction, message: Message) -> None:
    """Store a message to be sent."""
    tx.run(
        f"INSERT INTO messages ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in _NAMES)})",
        **{name: getattr(message, name) for name in _NAMES},
    )


def any_due(tx: Transaction, now: int, *, medium: str | None = None, but: Sequence[tuple[str, str]] = ()) -> bool:
    """Whether `claim` may find anything: a cheap look that locks nobody out."""
    return (
        tx.row(
            f"""SELECT 1 FROM messages m WHERE state = 0 AND next_at <= :now AND leased_until <= :now
                AND expires_at > :now AND {_OF_MEDIUM} AND {_NOT_BUT} LIMIT 1""",
            now=now,
            medium=medium,
            but=_listed(but),
        )
        is not None
    )


def claim(
    tx: Transaction,
    now: int,
    *,
    medium: str | None = None,
    lease_ms: int = 60_000,
    limit: int = 20,
    but: Sequence[tuple[str, str]] = (),
) -> list[Message]:
    """Take due messages for this worker alone, until the lease ends; of each recipient only the oldest.

    They are of one medium where it is given; `but` holds pools with a medium of which none is wanted. Messages whose
    code has expired are left out and hold nobody up: `drop_expired` ends them.
    """
    claimed = tx.all(
        Message,
        f"""UPDATE messages SET leased_until = :leased_until, attempts = attempts + 1
            WHERE state = 0 AND leased_until <= :now AND (pool_id, id) IN
              (SELECT m.pool_id, m.id FROM messages m
               WHERE m.state = 0 AND m.next_at <= :now AND m.leased_until <= :now AND m.expires_at > :now
                 AND {_OF_MEDIUM} AND {_NOT_BUT} AND NOT EXISTS (SELECT 1 FROM messages o
                   WHERE o.pool_id = m.pool_id AND o.recipient_key = m.recipient_key AND o.id < m.id
                     AND o.state = 0 AND o.expires_at > :now)
               ORDER BY m.next_at LIMIT :limit)
            RETURNING {_COLUMNS}""",
        now=now,
        leased_until=now + lease_ms,
        limit=limit,
        medium=medium,
        but=_listed(but),
    )
    # RETURNING keeps no order; ids sort by time.
    return sorted(claimed, key=lambda message: message.id)


def _listed(lanes: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<{pool_id} {medium}>" for pool_id, medium in lanes)


def renew(tx: Transaction, message: Message, now: int, *, lease_ms: int) -> bool:
    """Hold a claimed message for so long from now; False: it is another worker's by now, or not to be sent any more."""
    return (
        tx.run(
            """UPDATE messages SET leased_until = :until WHERE pool_id = :pool_id AND id = :id AND state = 0
               AND leased_until = :held AND expires_at > :now""",
            until=now + lease_ms,
            pool_id=message.pool_id,
            id=message.id,
            held=message.leased_until,
            now=now,
        )
        == 1
    )


def put_back(tx: Transaction, message: Message) -> bool:
    """Let others take a claimed message, as if it had not been claimed; False: it is another worker's by now."""
    return (
        tx.run(
            """UPDATE messages SET leased_until = 0, attempts = attempts - 1
               WHERE pool_id = :pool_id AND id = :id AND state = 0 AND leased_until = :held""",
            pool_id=message.pool_id,
            id=message.id,
            held=message.leased_until,
        )
        == 1
    )


def mark_sent(tx: Transaction, message: Message, now: int) -> bool:
    """The message has left; False: it was settled before."""
    return _settle(tx, message, state=SENT, sent_at=now, error=None)


def keep(tx: Transaction, message: Message, now: int) -> bool:
    """There is no gateway: the message stays to be read in the outbox; False: it was settled before."""
    return _settle(tx, message, state=KEPT, sent_at=now, error=None)


def give_up(tx: Transaction, message: Message, error: str) -> bool:
    """The message will not be tried again; False: it was settled before."""
    return _settle(tx, message, state=GIVEN_UP, sent_at=None, error=error)


def mark_failed(tx: Transaction, message: Message, *, next_at: int, error: str) -> bool:
    """Sending failed; the message waits until `next_at`. `error` holds no address and no code."""
    return (
        tx.run(
            """UPDATE messages SET leased_until = 0, next_at = :next_at, last_error = :error
               WHERE pool_id = :pool_id AND id = :id AND state = 0""",
            next_at=next_at,
            error=error,
            pool_id=message.pool_id,
            id=message.id,
        )
        == 1
    )


def hasten(tx: Transaction, medium: str, error: str, now: int, limit: int) -> int:
    """Make messages of a medium due now that wait because of that error, at most `limit`; how many."""
    return tx.run(
        """UPDATE messages SET next_at = :now WHERE state = 0 AND (pool_id, id) IN
             (SELECT pool_id, id FROM messages
              WHERE state = 0 AND next_at > :now AND medium = :medium AND last_error = :error LIMIT :limit)""",
        medium=medium,
        error=error,
        now=now,
        limit=limit,
    )


def revive(tx: Transaction, message: Message, now: int) -> bool:
    """Let a message be tried anew from now on, whatever became of it; False: it left, or is on its way."""
    return (
        tx.run(
            """UPDATE messages SET state = 0, attempts = 0, next_at = :now, sent_at = NULL
               WHERE pool_id = :pool_id AND id = :id AND state IN (0, 2, 3) AND leased_until <= :now
                 AND expires_at > :now""",
            pool_id=message.pool_id,
            id=message.id,
            now=now,
        )
        == 1
    )


def _settle(tx: Transaction, message: Message, *, state: int, sent_at: int | None, error: str | None) -> bool:
    return (
        tx.run(
            """UPDATE messages SET state = :state, sent_at = :sent_at, last_error = :error, leased_until = 0
               WHERE pool_id = :pool_id AND id = :id AND state = 0""",
            state=state,
            sent_at=sent_at,
            error=error,
            pool_id=message.pool_id,
            id=message.id,
        )
        == 1
    )


def drop_expired(tx: Transaction, now: int, limit: int) -> int:
    """Give up waiting messages whose code is worth nothing any more, at most `limit`; how many."""
    return tx.run(
        """UPDATE messages SET state = 2, last_error = 'expired'
           WHERE state = 0 AND leased_until <= :now AND (pool_id, id) IN
             (SELECT pool_id, id FROM messages WHERE state = 0 AND expires_at <= :now LIMIT :limit)""",
        now=now,
        limit=limit,
    )


def page(
    tx: Transaction,
    *,
    recipient_key: str | None = None,
    pool_id: str | None = None,
    state: int | None = None,
    before: str = "~",
    limit: int,
) -> list[Message]:
    """Messages of all pools, newest first, older than the id `before`; of one recipient, pool or state where given."""
    return tx.all(
        Message,
        f"""SELECT {_COLUMNS} FROM messages
            WHERE id < :before AND (CAST(:recipient_key AS TEXT) IS NULL OR recipient_key = :recipient_key)
              AND (CAST(:pool_id AS TEXT) IS NULL OR pool_id = :pool_id)
              AND (CAST(:state AS SMALLINT) IS NULL OR state = :state)
            ORDER BY id DESC LIMIT :limit""",
        before=before,
        pool_id=pool_id,
        state=state,
        recipient_key=recipient_key,
        limit=limit,
    )


def remove_before(tx: Transaction, cutoff_id: str, limit: int) -> int:
    """Delete settled messages older than a time-ordered id, at most `limit`; how many went."""
    # Pool by pool down the primary key, in that order: a walk through all messages would lock writers out.
    return tx.run(
        """DELETE FROM messages WHERE (pool_id, id) IN
             (SELECT m.pool_id, m.id FROM pools p CROSS JOIN messages m
              WHERE m.pool_id = p.pool_id AND m.id < :cutoff AND m.state <> 0 LIMIT :limit)""",
        cutoff=cutoff_id,
        limit=limit,
    )
