"""Devices that wait for a person (RFC 8628): what each asked for, whether somebody allowed it, how often it asks."""

from enum import IntEnum

from lido.records import Record
from lido.storage.database import Transaction


class State(IntEnum):
    """How far a device grant has come."""

    WAITING = 0
    ALLOWED = 1
    REFUSED = 2
    USED = 3


class DeviceGrant(Record, frozen=True):
    """A device's request (JSON); what is known of the person (`sub` to `sign_in`, JSON) is there once it is allowed."""

    pool_id: str
    digest: bytes
    user_code_digest: bytes
    client_id: str
    request: str
    state: int
    interval_seconds: int
    polled_at: int
    session_id: str
    sub: str | None
    epoch: int | None
    auth_time: int | None
    sign_in: str | None
    created_at: int
    expires_at: int


class Permit(Record, frozen=True):
    """Who allows it, at which browser session, signed in when (ms) and how (JSON)."""

    sub: str
    epoch: int
    auth_time: int
    sign_in: str
    sso_id: str


KEPT_MS = 3_600_000
"""How long a grant is remembered after its end: asking again within it ends what was given."""

_COLUMNS = (
    "pool_id, digest, user_code_digest, client_id, request, state, interval_seconds, polled_at, session_id, sub, "
    "epoch, auth_time, sign_in, created_at, expires_at"
)


def add(tx: Transaction, grant: DeviceGrant) -> bool:
    """Store a new one; False: its user code is in use."""
    return (
        tx.run(
            """INSERT INTO device_grants (pool_id, digest, user_code_digest, client_id, request, state,
                 interval_seconds, polled_at, session_id, created_at, expires_at)
               VALUES (:pool_id, :digest, :user_code_digest, :client_id, :request, :state, :interval_seconds,
                 :polled_at, :session_id, :created_at, :expires_at)
               ON CONFLICT (pool_id, user_code_digest) DO NOTHING""",
            pool_id=grant.pool_id,
            digest=grant.digest,
            user_code_digest=grant.user_code_digest,
            client_id=grant.client_id,
            request=grant.request,
            state=int(grant.state),
            interval_seconds=grant.interval_seconds,
            polled_at=grant.polled_at,
            session_id=grant.session_id,
            created_at=grant.created_at,
            expires_at=grant.expires_at,
        )
        == 1
    )


def find(tx: Transaction, pool_id: str, digest: bytes) -> DeviceGrant | None:
    """The grant of that device code, however far it has come."""
    return tx.find(
        DeviceGrant,
        f"SELECT {_COLUMNS} FROM device_grants WHERE pool_id = :pool_id AND digest = :digest",
        pool_id=pool_id,
        digest=digest,
    )


def find_by_user_code(tx: Transaction, pool_id: str, digest: bytes) -> DeviceGrant | None:
    """The grant of that user code, however far it has come."""
    return tx.find(
        DeviceGrant,
        f"SELECT {_COLUMNS} FROM device_grants WHERE pool_id = :pool_id AND user_code_digest = :digest",
        pool_id=pool_id,
        digest=digest,
    )


def note_poll(tx: Transaction, grant: DeviceGrant, *, now: int, interval_seconds: int) -> None:
    """The device has asked, and shall wait that long before it asks again."""
    tx.run(
        """UPDATE device_grants SET polled_at = :now, interval_seconds = :interval_seconds
           WHERE pool_id = :pool_id AND digest = :digest""",
        now=now,
        interval_seconds=interval_seconds,
        pool_id=grant.pool_id,
        digest=grant.digest,
    )


def allow_if_welcome(tx: Transaction, grant: DeviceGrant, permit: Permit, now: int) -> bool:
    """Let the device in, if it waits and user, client and browser session are alive at this moment. False: refuse."""
    return (
        tx.run(
            """UPDATE device_grants SET state = 1, sub = :sub, epoch = :epoch, auth_time = :auth_time,
                 sign_in = :sign_in
               WHERE pool_id = :pool_id AND digest = :digest AND state = 0 AND expires_at > :now
                 AND EXISTS (SELECT 1 FROM users u JOIN sso_sessions s ON s.pool_id = u.pool_id AND s.sub = u.sub
                     JOIN clients c ON c.pool_id = u.pool_id
                     JOIN pools p ON p.pool_id = u.pool_id AND p.deleted_at IS NULL
                   WHERE u.pool_id = :pool_id AND u.sub = :sub AND s.pool_id = :pool_id AND s.sub = :sub
                     AND s.id = :sso_id AND c.pool_id = :pool_id AND c.client_id = :client_id AND u.enabled
                     AND u.epoch = :epoch AND u.status IN (2, 5) AND s.epoch = u.epoch AND s.revoked_at IS NULL
                     AND s.expires_at > :now)""",
            sub=permit.sub,
            epoch=permit.epoch,
            auth_time=permit.auth_time,
            sign_in=permit.sign_in,
            sso_id=permit.sso_id,
            pool_id=grant.pool_id,
            digest=grant.digest,
            client_id=grant.client_id,
            now=now,
        )
        == 1
    )


def refuse(tx: Transaction, grant: DeviceGrant, now: int) -> bool:
    """The person said no; False: it does not wait any more."""
    return (
        tx.run(
            """UPDATE device_grants SET state = 2
               WHERE pool_id = :pool_id AND digest = :digest AND state = 0 AND expires_at > :now""",
            pool_id=grant.pool_id,
            digest=grant.digest,
            now=now,
        )
        == 1
    )


def use(tx: Transaction, grant: DeviceGrant, now: int) -> bool:
    """The device gets its tokens; False: it did before, or is too late."""
    return (
        tx.run(
            """UPDATE device_grants SET state = 3
               WHERE pool_id = :pool_id AND digest = :digest AND state = 1 AND expires_at > :now""",
            pool_id=grant.pool_id,
            digest=grant.digest,
            now=now,
        )
        == 1
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Forget grants that ended long ago; how many went."""
    return tx.run(
        """DELETE FROM device_grants WHERE (pool_id, digest) IN
             (SELECT pool_id, digest FROM device_grants WHERE expires_at <= :before
              ORDER BY expires_at LIMIT :limit)""",
        before=now - KEPT_MS,
        limit=limit,
    )
