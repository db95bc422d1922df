"""Session tracking: users see where they are signed in and end single sessions; the least active make room for more.

A session is shown under its public id, which only sign-ins into a pool that tracks get: other pools pay nothing.
"""

from typing import Final

from lido import errors
from lido.call import Call
from lido.flows.events import Fact, tell
from lido.records import Client, Pool, Session, User
from lido.rules import identifiers
from lido.storage import sessions, users
from lido.storage.database import Transaction

MOST_PER_USER: Final = 20
"""`MaxPerUser` of a pool that never set it."""
SSO_MINUTES: Final = 60
"""`MaxValidityMinutes` of a client that never set it."""
MOST_AGENT: Final = 256
"""Characters of a user agent that are kept."""

_ACTIVITY_MS = 60_000
_UNKNOWN = "Session does not exist."


def are_tracked(pool: Pool) -> bool:
    """Whether the pool shows its users' sessions."""
    return pool.settings.user_session_tracking == "ENABLED"


def most_per_user(pool: Pool) -> int:
    """How many sessions a user may have at once."""
    config = pool.settings.token_session
    return config.max_per_user if config else MOST_PER_USER


def sso_minutes(client: Client) -> int:
    """How long after signing in this client takes that sign-in of another client for its own."""
    config = client.settings.sso_session
    return config.max_validity_minutes if config else SSO_MINUTES


def new_public_id(call: Call, pool: Pool) -> str | None:
    """The id that a new session is shown under; None where it is not."""
    if not are_tracked(pool):
        return None
    return identifiers.token_session_id(call.entropy.bytes(identifiers.RANDOM_BYTES))


def new_public_sso_id(call: Call, pool: Pool) -> str | None:
    """The id that a new sign-in of a browser is shown under; None where it is not."""
    if not are_tracked(pool):
        return None
    return identifiers.sso_session_id(call.entropy.bytes(identifiers.RANDOM_BYTES))


def hold_user(tx: Transaction, opening: Session) -> None:
    """Where a cap counts, take the user first: whoever takes another row before could wait for one who waits for it."""
    if opening.public_id is not None:
        users.hold(tx, opening.pool_id, opening.sub)


def make_room(call: Call, tx: Transaction, pool: Pool, opened: Session) -> None:
    """End the least recently active sessions beyond the user's cap, in the transaction that opened `opened`."""
    if opened.public_id is None:
        return
    for session_id, client_id in sessions.evict(tx, opened, most=most_per_user(pool), now=opened.created_at):
        fact = Fact(client_id=client_id, session_id=session_id, reason="too many sessions")
        tell(call, tx, pool.pool_id, "session_revoked", opened.sub, fact)


def is_due(pool: Pool, session: Session, now: int) -> bool:
    """Whether a refresh is to be noted: in a pool that tracks, once a minute."""
    return session.public_id is not None and now - session.active_at >= _ACTIVITY_MS and are_tracked(pool)


def note_use(call: Call, tx: Transaction, session: Session, now: int) -> None:
    """The session was continued, from there and with that program."""
    sessions.use(tx, session, address=call.address, agent=call.agent[:MOST_AGENT], now=now)


def revoke(call: Call, pool: Pool, user: User, public_id: str, *, current: str | None = None) -> None:
    """End one session of the user, with its tokens. `current` is the id of the one that asks, which stays.

    Raises ResourceNotFound for what is no active session of this user, InvalidParameter for the current one.
    """
    if not are_tracked(pool):
        raise errors.ResourceNotFound(_UNKNOWN)
    with call.db.write() as tx:
        found = sessions.find_active(tx, user, public_id, call.now)
        if found is None:
            raise errors.ResourceNotFound(_UNKNOWN)
        if found.id == current:
            raise errors.InvalidParameter("The current session cannot be revoked; sign out instead.")
        if not sessions.revoke(tx, pool.pool_id, user.sub, found.id, call.now):
            raise errors.ResourceNotFound(_UNKNOWN)
        fact = Fact(client_id=found.client_id, session_id=found.id)
        tell(call, tx, pool.pool_id, "session_revoked", user.sub, fact)
