"""Sign-ins at the pages: one row for each browser and sign-in, which the pool's apps share."""

from lido.records import Record, User
from lido.storage.database import Transaction


class SSOSession(Record, frozen=True):
    """A sign-in at the pages of a pool, which its apps share: what the cookie of a browser stands for."""

    pool_id: str
    sub: str
    id: str
    public_id: str | None
    secret_digest: bytes
    epoch: int
    auth_time: int
    proofs: str
    created_at: int
    active_at: int
    expires_at: int
    revoked_at: int | None


KEPT_MS = 1_800_000
"""How long the end of a session is remembered: codes and devices on their way, which it ends too, live on for less."""

_COLUMNS = (
    "pool_id, sub, id, public_id, secret_digest, epoch, auth_time, proofs, created_at, active_at, expires_at, "
    "revoked_at"
)
_SELECTED = ", ".join(f"s.{column}" for column in _COLUMNS.split(", "))


def open_if_welcome(tx: Transaction, session: SSOSession, *, address: str, agent: str) -> bool:
    """Store a new session if its user may still be let in: enabled, confirmed, same epoch. False: refuse."""
    return (
        tx.row(
            """INSERT INTO sso_sessions (pool_id, sub, id, public_id, secret_digest, epoch, auth_time, proofs,
                 created_at, active_at, expires_at, ip, agent)
               SELECT u.pool_id, u.sub, :id, :public_id, :secret_digest, u.epoch, CAST(:auth_time AS BIGINT), :proofs,
                 CAST(:created_at AS BIGINT), CAST(:created_at AS BIGINT), CAST(:expires_at AS BIGINT), :ip, :agent
               FROM users u JOIN pools p ON p.pool_id = u.pool_id AND p.deleted_at IS NULL
               WHERE u.pool_id = :pool_id AND u.sub = :sub AND u.enabled AND u.epoch = :epoch AND u.status IN (2, 5)
               RETURNING id""",
            pool_id=session.pool_id,
            sub=session.sub,
            id=session.id,
            public_id=session.public_id,
            secret_digest=session.secret_digest,
            epoch=session.epoch,
            auth_time=session.auth_time,
            proofs=session.proofs,
            created_at=session.created_at,
            expires_at=session.expires_at,
            ip=address or None,
            agent=agent or None,
        )
        is not None
    )


def find_living(tx: Transaction, pool_id: str, sub: str, session_id: str, now: int) -> SSOSession | None:
    """The session, if it is not over and its user may be let in as when it began; how long it rested is not asked."""
    return tx.find(
        SSOSession,
        f"""SELECT {_SELECTED} FROM sso_sessions s JOIN users u ON u.pool_id = :pool_id AND u.sub = s.sub
              JOIN pools p ON p.pool_id = :pool_id AND p.deleted_at IS NULL
            WHERE s.pool_id = :pool_id AND s.sub = :sub AND s.id = :id AND s.revoked_at IS NULL
              AND s.expires_at > :now AND u.enabled AND u.epoch = s.epoch AND u.status IN (2, 5)""",
        pool_id=pool_id,
        sub=sub,
        id=session_id,
        now=now,
    )


def find_active(tx: Transaction, user: User, public_id: str, now: int) -> SSOSession | None:
    """The session that the user is shown under that id."""
    return tx.find(
        SSOSession,
        f"""SELECT {_COLUMNS} FROM sso_sessions WHERE pool_id = :pool_id AND sub = :sub AND public_id = :public_id
              AND epoch = :epoch AND revoked_at IS NULL AND expires_at > :now""",
        pool_id=user.pool_id,
        sub=user.sub,
        public_id=public_id,
        epoch=user.epoch,
        now=now,
    )


def use(tx: Transaction, session: SSOSession, *, address: str, agent: str, now: int) -> None:
    """The session was active just now, from there and with that program."""
    tx.run(
        """UPDATE sso_sessions SET active_at = :now, ip = :ip, agent = :agent
           WHERE pool_id = :pool_id AND sub = :sub AND id = :id AND revoked_at IS NULL AND active_at <= :now""",
        pool_id=session.pool_id,
        sub=session.sub,
        id=session.id,
        ip=address or None,
        agent=agent or None,
        now=now,
    )


def revoke(tx: Transaction, pool_id: str, sub: str, session_id: str, now: int) -> bool:
    """End the session; False: it was over already."""
    return (
        tx.run(
            """UPDATE sso_sessions SET revoked_at = :now
               WHERE pool_id = :pool_id AND sub = :sub AND id = :id AND revoked_at IS NULL""",
            now=now,
            pool_id=pool_id,
            sub=sub,
            id=session_id,
        )
        == 1
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Delete sessions that were over long ago; how many went."""
    return tx.run(
        """DELETE FROM sso_sessions WHERE (pool_id, sub, id) IN
             (SELECT pool_id, sub, id FROM sso_sessions WHERE expires_at <= :before
              ORDER BY expires_at LIMIT :limit)""",
        before=now - KEPT_MS,
        limit=limit,
    )
