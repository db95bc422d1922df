"""Authorization codes: made for a living browser session, marked when they are used, kept a while after."""

from lido.records import Record
from lido.storage.database import Transaction


class AuthorizationCode(Record, frozen=True):
    """A code on its way through a browser: for whom, for which client, and the request that it answers (JSON)."""

    pool_id: str
    digest: bytes
    sub: str
    session_id: str
    client_id: str
    epoch: int
    auth_time: int
    request: str
    created_at: int
    expires_at: int
    used_at: int | None


KEPT_MS = 3_600_000
"""How long a code is remembered after its end: a second use within it ends what the first one gave."""

_COLUMNS = "pool_id, digest, sub, session_id, client_id, epoch, auth_time, request, created_at, expires_at, used_at"


def add_if_welcome(tx: Transaction, code: AuthorizationCode, *, sso_id: str) -> bool:
    """Store a new code if its user, client and browser session are alive at this moment. False: refuse."""
    return (
        tx.row(
            """INSERT INTO authorization_codes (pool_id, digest, sub, session_id, client_id, epoch, auth_time, request,
                 created_at, expires_at)
               SELECT u.pool_id, :digest, u.sub, :session_id, c.client_id, u.epoch, CAST(:auth_time AS BIGINT),
                 :request, CAST(:created_at AS BIGINT), CAST(:expires_at AS BIGINT)
               FROM users u JOIN clients c ON c.pool_id = u.pool_id AND c.client_id = :client_id
                 JOIN pools p ON p.pool_id = u.pool_id AND p.deleted_at IS NULL
                 JOIN sso_sessions s ON s.pool_id = u.pool_id AND s.sub = u.sub AND s.id = :sso_id
               WHERE u.pool_id = :pool_id AND u.sub = :sub AND u.enabled AND u.epoch = :epoch AND u.status IN (2, 5)
                 AND s.epoch = u.epoch AND s.revoked_at IS NULL AND s.expires_at > :created_at
               RETURNING digest""",
            pool_id=code.pool_id,
            digest=code.digest,
            sub=code.sub,
            session_id=code.session_id,
            client_id=code.client_id,
            epoch=code.epoch,
            auth_time=code.auth_time,
            request=code.request,
            created_at=code.created_at,
            expires_at=code.expires_at,
            sso_id=sso_id,
        )
        is not None
    )


def find(tx: Transaction, pool_id: str, digest: bytes) -> AuthorizationCode | None:
    """The code of that digest, used or not."""
    return tx.find(
        AuthorizationCode,
        f"SELECT {_COLUMNS} FROM authorization_codes WHERE pool_id = :pool_id AND digest = :digest",
        pool_id=pool_id,
        digest=digest,
    )


def use(tx: Transaction, code: AuthorizationCode, now: int) -> bool:
    """Mark the code as used; False: it was used before, or is over."""
    return (
        tx.run(
            """UPDATE authorization_codes SET used_at = :now WHERE pool_id = :pool_id AND digest = :digest
               AND client_id = :client_id AND used_at IS NULL AND expires_at > :now""",
            now=now,
            pool_id=code.pool_id,
            digest=code.digest,
            client_id=code.client_id,
        )
        == 1
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Forget codes that ended long ago; how many went."""
    return tx.run(
        """DELETE FROM authorization_codes WHERE (pool_id, digest) IN
             (SELECT pool_id, digest FROM authorization_codes WHERE expires_at <= :before
              ORDER BY expires_at LIMIT :limit)""",
        before=now - KEPT_MS,
        limit=limit,
    )
