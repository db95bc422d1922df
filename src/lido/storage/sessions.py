"""Sessions: one row for each sign-in, which a family of refresh tokens continues."""

from msgspec import Struct

from lido.records import Session, User
from lido.storage.database import Transaction

LONGEST_ACCESS_TOKEN_MS = 86_400_000
MOST_TO_EVICT = 125

_COLUMNS = (
    "pool_id, sub, id, client_id, public_id, epoch, generation, rotated_at, grace_generation, grace_until, "
    "revoked_at, auth_time, created_at, expires_at, active_at, grant_info, device_key, event_id, "
    "sso_id"
)
# Sessions that are shown: their tokens would still be taken.
_ACTIVE = """pool_id = :pool_id AND sub = :sub AND public_id IS NOT NULL AND revoked_at IS NULL
    AND epoch = :epoch AND expires_at > :now AND EXISTS (SELECT 1 FROM clients c
      WHERE c.pool_id = sessions.pool_id AND c.client_id = sessions.client_id)"""


class Seen(Struct, frozen=True):
    """A session as its owner is shown it: where it began, when and whence it was last active.

    A browser's has no client. `origin` is the public id of the browser's session that a token session came through.
    """

    id: str
    public_id: str
    client_id: str | None
    created_at: int
    active_at: int
    ip: str | None
    agent: str | None
    origin: str | None = None

    def __repr__(self) -> str:
        return "<Seen>"


def find(tx: Transaction, pool_id: str, sub: str, session_id: str) -> Session | None:
    """The session of that id."""
    return tx.find(
        Session,
        f"SELECT {_COLUMNS} FROM sessions WHERE pool_id = :pool_id AND sub = :sub AND id = :id",
        pool_id=pool_id,
        sub=sub,
        id=session_id,
    )


def open_if_welcome(tx: Transaction, session: Session, *, address: str, agent: str) -> bool:
    """Store a new session if its user may still be let in: enabled, confirmed, same epoch; client and pool still there,
    and nobody has ended the browser's session that it comes through.

    This is the statement that hands something out, so it decides anew (core invariant: nothing is issued to
    somebody who was disabled, deleted or signed out meanwhile). False: refuse.
    """
    row = tx.row(
        """INSERT INTO sessions (pool_id, sub, id, client_id, public_id, epoch, generation, rotated_at,
             grace_generation, grace_until, auth_time, created_at, expires_at, active_at, grant_info, device_key,
             event_id, sso_id, ip, agent)
           SELECT u.pool_id, u.sub, :id, c.client_id, :public_id, u.epoch, CAST(:generation AS INTEGER),
             CAST(:created_at AS BIGINT), 0, 0, CAST(:auth_time AS BIGINT), CAST(:created_at AS BIGINT),
             CAST(:expires_at AS BIGINT), CAST(:created_at AS BIGINT), :grant_info, :device_key, :event_id, :sso_id,
             :ip, :agent
           FROM users u JOIN clients c ON c.pool_id = u.pool_id AND c.client_id = :client_id
             JOIN pools p ON p.pool_id = u.pool_id AND p.deleted_at IS NULL
           WHERE u.pool_id = :pool_id AND u.sub = :sub AND u.enabled AND u.epoch = :epoch AND u.status IN (2, 5)
             AND NOT EXISTS (SELECT 1 FROM sso_sessions o WHERE o.pool_id = :pool_id AND o.sub = :sub
               AND o.id = :sso_id AND o.revoked_at IS NOT NULL)
           RETURNING id""",
        pool_id=session.pool_id,
        sub=session.sub,
        id=session.id,
        client_id=session.client_id,
        public_id=session.public_id,
        epoch=session.epoch,
        generation=session.generation,
        auth_time=session.auth_time,
        created_at=session.created_at,
        expires_at=session.expires_at,
        grant_info=session.grant_info,
        device_key=session.device_key,
        event_id=session.event_id,
        sso_id=session.sso_id,
        ip=address or None,
        agent=agent or None,
    )
    return row is not None


def rotate(tx: Transaction, session: Session, *, generation: int, grace_ms: int, now: int) -> int | None:
    """Replace the living token `generation` by the next, whose generation is returned; the old stays good for a while.

    None: `generation` is not the living one, or the session, its user or its client is not alive; `find` tells.
    """
    row = tx.row(
        """UPDATE sessions SET generation = generation + 1, rotated_at = :now, active_at = :now,
             grace_generation = CASE WHEN grace_until > :now THEN grace_generation ELSE generation END,
             grace_until = CASE WHEN grace_until > :now THEN grace_until ELSE :now + :grace END
           WHERE pool_id = :pool_id AND sub = :sub AND id = :id AND client_id = :client_id
             AND generation = :generation AND revoked_at IS NULL AND expires_at > :now
             AND EXISTS (SELECT 1 FROM users u
               JOIN clients c ON c.pool_id = u.pool_id AND c.client_id = sessions.client_id
               JOIN pools p ON p.pool_id = u.pool_id AND p.deleted_at IS NULL
               WHERE u.pool_id = sessions.pool_id AND u.sub = sessions.sub AND u.enabled AND u.epoch = sessions.epoch
                 AND u.status IN (2, 5))
           RETURNING generation""",
        pool_id=session.pool_id,
        sub=session.sub,
        id=session.id,
        client_id=session.client_id,
        generation=generation,
        now=now,
        grace=grace_ms,
    )
    return None if row is None else int(row[0])


def use(tx: Transaction, session: Session, *, address: str, agent: str, now: int) -> None:
    """The session was active just now, from there and with that program."""
    tx.run(
        """UPDATE sessions SET active_at = :now, ip = :ip, agent = :agent
           WHERE pool_id = :pool_id AND sub = :sub AND id = :id AND revoked_at IS NULL AND active_at <= :now""",
        pool_id=session.pool_id,
        sub=session.sub,
        id=session.id,
        ip=address or None,
        agent=agent or None,
        now=now,
    )


def page_active(
    tx: Transaction, user: User, *, before: tuple[int, str] | None, limit: int, now: int, rested: int = -1
) -> list[Seen]:
    """Sessions that the user is shown, newest first; `before` is `created_at` and id of the last one seen.

    Those of browsers count as long as they were active after `rested`.
    """
    created_at, session_id = before or (1 << 62, "")
    rows = tx.rows(
        f"""SELECT id, public_id, client_id, created_at, active_at, ip, agent, origin FROM
              (SELECT id, public_id, client_id, created_at, active_at, ip, agent,
                 (SELECT s.public_id FROM sso_sessions s WHERE s.pool_id = sessions.pool_id AND s.sub = sessions.sub
                    AND s.id = sessions.sso_id) AS origin
               FROM sessions WHERE {_ACTIVE}
               UNION ALL
               SELECT id, public_id, NULL, created_at, active_at, ip, agent, NULL FROM sso_sessions
               WHERE pool_id = :pool_id AND sub = :sub AND public_id IS NOT NULL AND revoked_at IS NULL
                 AND epoch = :epoch AND expires_at > :now AND active_at > :rested) seen
            WHERE created_at < :created_at OR (created_at = :created_at AND id > :after)
            ORDER BY created_at DESC, id LIMIT :limit""",
        pool_id=user.pool_id,
        sub=user.sub,
        epoch=user.epoch,
        now=now,
        rested=rested,
        created_at=created_at,
        after=session_id,
        limit=limit,
    )
    return [Seen(*row) for row in rows]


def find_active(tx: Transaction, user: User, public_id: str, now: int) -> Session | None:
    """The session that the user is shown under that id."""
    return tx.find(
        Session,
        f"SELECT {_COLUMNS} FROM sessions WHERE {_ACTIVE} AND public_id = :public_id",
        pool_id=user.pool_id,
        sub=user.sub,
        epoch=user.epoch,
        now=now,
        public_id=public_id,
    )


def clients_of(
    tx: Transaction, pool_id: str, sub: str, *, sso_id: str | None = None, client_id: str | None = None
) -> list[tuple[str, int, str]]:
    """Clients that the user came to through a browser, or through that one, with their versions and its session.

    Clients whose session was ended before, one by one, are among them: what they made of it is their own.
    """
    rows = tx.rows(
        """SELECT DISTINCT s.client_id, c.version, s.sso_id
           FROM sessions s JOIN clients c ON c.pool_id = :pool_id AND c.client_id = s.client_id
           WHERE s.pool_id = :pool_id AND s.sub = :sub AND s.sso_id IS NOT NULL
             AND (CAST(:sso_id AS TEXT) IS NULL OR s.sso_id = :sso_id)
             AND (CAST(:client_id AS TEXT) IS NULL OR s.client_id = :client_id)
           ORDER BY s.client_id""",
        pool_id=pool_id,
        sub=sub,
        sso_id=sso_id,
        client_id=client_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def evict(tx: Transaction, opened: Session, *, most: int, now: int) -> list[tuple[str, str]]:
    """End the user's least recently active sessions beyond `most`, never `opened`; ids with their clients.

    The user is held, so that sign-ins at the same time do not overlook each other.
    """
    rows = tx.rows(
        f"""UPDATE sessions SET revoked_at = :now WHERE pool_id = :pool_id AND sub = :sub AND id IN
              (SELECT id FROM sessions WHERE {_ACTIVE} AND id <> :opened
               ORDER BY active_at DESC, created_at DESC, id LIMIT {MOST_TO_EVICT} OFFSET :spared)
            RETURNING id, client_id""",
        pool_id=opened.pool_id,
        sub=opened.sub,
        epoch=opened.epoch,
        opened=opened.id,
        spared=most - 1,
        now=now,
    )
    return [(row[0], row[1]) for row in rows]


def exists(tx: Transaction, pool_id: str, sub: str) -> bool:
    """Whether the user has, or lately had, any session."""
    row = tx.row("SELECT 1 FROM sessions WHERE pool_id = :pool_id AND sub = :sub LIMIT 1", pool_id=pool_id, sub=sub)
    return row is not None


def revoke(tx: Transaction, pool_id: str, sub: str, session_id: str, now: int) -> bool:
    """End the session; False: it was over already."""
    return (
        tx.run(
            """UPDATE sessions SET revoked_at = :now
               WHERE pool_id = :pool_id AND sub = :sub AND id = :id AND revoked_at IS NULL""",
            now=now,
            pool_id=pool_id,
            sub=sub,
            id=session_id,
        )
        == 1
    )


def revoke_of_browser(tx: Transaction, pool_id: str, sub: str, sso_id: str, now: int) -> list[tuple[str, str]]:
    """End the sessions that came through a browser's; ids, with their clients, of those that were alive."""
    rows = tx.rows(
        """UPDATE sessions SET revoked_at = :now
           WHERE pool_id = :pool_id AND sub = :sub AND sso_id = :sso_id AND revoked_at IS NULL
           RETURNING id, client_id""",
        now=now,
        pool_id=pool_id,
        sub=sub,
        sso_id=sso_id,
    )
    return [(row[0], row[1]) for row in rows]


def revoke_of_client(tx: Transaction, pool_id: str, sub: str, client_id: str, now: int) -> list[str]:
    """End the user's sessions at that client; the ids of those that were alive."""
    rows = tx.rows(
        """UPDATE sessions SET revoked_at = :now
           WHERE pool_id = :pool_id AND sub = :sub AND client_id = :client_id AND revoked_at IS NULL
           RETURNING id""",
        now=now,
        pool_id=pool_id,
        sub=sub,
        client_id=client_id,
    )
    return [row[0] for row in rows]


def revoke_of_device(tx: Transaction, pool_id: str, sub: str, device_key: str, now: int) -> int:
    """End the user's sessions that began on that device; how many were alive."""
    return tx.run(
        """UPDATE sessions SET revoked_at = :now
           WHERE pool_id = :pool_id AND sub = :sub AND device_key = :device_key AND revoked_at IS NULL""",
        now=now,
        pool_id=pool_id,
        sub=sub,
        device_key=device_key,
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Delete sessions whose last access token is over too; how many went."""
    return tx.run(
        """DELETE FROM sessions WHERE (pool_id, sub, id) IN
             (SELECT pool_id, sub, id FROM sessions WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)""",
        now=now - LONGEST_ACCESS_TOKEN_MS,
        limit=limit,
    )
