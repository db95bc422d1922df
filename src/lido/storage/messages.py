"""Messages to people: written by the transaction that needs them, claimed by a worker, kept a while to be looked at.

`state` is 0 waiting, 1 sent, 2 given up, 3 kept (no gateway). Ids sort by time; a recipient gets messages in order.
"""

from collections.abc import Iterable, Sequence

from lido.records import Message
from lido.storage import rounds
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
    "can_wait",
)
_COLUMNS = ", ".join(_NAMES)


def add(tx: Transaction, message: Message) -> None:
    """Store a message to be sent."""
    tx.run(
        f"INSERT INTO messages ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in _NAMES)})",
        **{name: getattr(message, name) for name in _NAMES},
    )


def whose_turn(
    tx: Transaction, now: int, *, medium: str, after: str = "", but: Iterable[str] = (), limit: int
) -> list[str]:
    """Pools of which `claim` finds something, except `but`: those that follow the pool `after`, then from the first.

    A cheap look that locks nobody out.
    """
    closed = "".join(f"<{pool_id}>" for pool_id in but)
    return rounds.from_the_last(lambda last: _due_pools(tx, now, medium, last, closed, limit), after, limit)


def _due_pools(tx: Transaction, now: int, medium: str, after: str, closed: str, limit: int) -> list[str]:
    # From pool to pool, one step down an index each: those of which nothing waits cost nothing.
    rows = tx.rows(
        f"""WITH RECURSIVE waiting (pool_id) AS (
              SELECT CASE WHEN (SELECT min(next_at) FROM messages WHERE state = 0) <= :now
                THEN (SELECT min(pool_id) FROM messages WHERE state = 0 AND pool_id > :after) END
              UNION ALL
              SELECT (SELECT min(pool_id) FROM messages WHERE state = 0 AND pool_id > waiting.pool_id)
              FROM waiting WHERE waiting.pool_id IS NOT NULL)
            SELECT pool_id FROM waiting
            WHERE replace(CAST(:closed AS TEXT), '<' || pool_id || '>', '') = CAST(:closed AS TEXT)
              AND (({_due("waiting.pool_id", "FALSE", "1")}) IS NOT NULL
                OR ({_due("waiting.pool_id", "TRUE", "1")}) IS NOT NULL)
            LIMIT :limit""",
        now=now,
        medium=medium,
        after=after,
        closed=closed,
        limit=limit,
    )
    return [row[0] for row in rows]


def _due(pool_id: str, can_wait: str, limit: str) -> str:
    """The ids in a pool that a worker may take, in SQL: those due, and of each recipient only the oldest.

    "state < 1" leads to no other index than messages_turns, "OFFSET 0" keeps PostgreSQL from joining a crowd to itself.
    """
    return f"""SELECT m.id FROM messages m
               WHERE m.pool_id = {pool_id} AND m.medium = :medium AND m.can_wait = {can_wait} AND m.state < 1
                 AND m.next_at <= :now AND m.leased_until <= :now AND m.expires_at > :now
                 AND NOT EXISTS (SELECT 1 FROM messages o
                   WHERE o.pool_id = m.pool_id AND o.recipient_key = m.recipient_key AND o.id < m.id
                     AND o.state = 0 AND o.expires_at > :now LIMIT 1 OFFSET 0)
               ORDER BY m.next_at LIMIT {limit}"""


def claim(
    tx: Transaction, now: int, pool_ids: Sequence[str], *, medium: str, lease_ms: int = 60_000, limit: int = 20
) -> list[Message]:
    """Take due messages for this worker alone, until the lease ends; of each recipient only the oldest.

    Each pool has an equal share of `limit`, and what those before it left; of its messages what can wait comes last.
    Messages whose code has expired are left out and hold nobody up: `drop_expired` ends them.
    """
    claimed: list[Message] = []
    # All workers take in one order, pools and their ids: no two wait for each other.
    for place, pool_id in enumerate(sorted(pool_ids)):
        share = (limit - len(claimed)) // (len(pool_ids) - place)
        ids = _due_ids(tx, now, pool_id, medium, share, can_wait=False)
        if len(ids) < share:
            ids += _due_ids(tx, now, pool_id, medium, share - len(ids), can_wait=True)
        found = (_take(tx, now, pool_id, message_id, now + lease_ms) for message_id in sorted(ids))
        claimed += [message for message in found if message is not None]
    return sorted(claimed, key=lambda message: (message.can_wait, message.id))


def _due_ids(tx: Transaction, now: int, pool_id: str, medium: str, limit: int, *, can_wait: bool) -> list[str]:
    sql = _due(":pool_id", ":can_wait", ":limit")
    return [row[0] for row in tx.rows(sql, now=now, pool_id=pool_id, medium=medium, limit=limit, can_wait=can_wait)]


def _take(tx: Transaction, now: int, pool_id: str, message_id: str, leased_until: int) -> Message | None:
    return tx.find(
        Message,
        f"""UPDATE messages SET leased_until = :leased_until, attempts = attempts + 1
            WHERE pool_id = :pool_id AND id = :id AND state = 0 AND leased_until <= :now RETURNING {_COLUMNS}""",
        now=now,
        leased_until=leased_until,
        pool_id=pool_id,
        id=message_id,
    )


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
