"""Session tracking: users see where they are signed in and end single sessions; the least active make room for more.

A session is shown under its public id, which only sign-ins into a pool that tracks get: other pools pay nothing.
"""

from typing import Final

from lido import errors
from lido.call import Call
from lido.flows import logout_notices
from lido.flows.events import Fact, tell
from lido.records import Client, Pool, Session, User
from lido.rules import identifiers, options
from lido.storage import sessions, sso_sessions, users
from lido.storage.database import Transaction

MOST_PER_USER: Final = 20
"""`MaxPerUser` of a pool that never set it."""
SSO_MINUTES: Final = 60
"""`MaxValidityMinutes` of a client that never set it."""
MOST_AGENT: Final = 256
"""Characters of a user agent that are kept."""

ACTIVITY_MS: Final = 60_000
"""How often use is noted."""
_UNKNOWN = "Session does not exist."
_CURRENT = "The current session cannot be revoked; sign out instead."


def are_tracked(pool: Pool) -> bool:
    """Whether the pool shows its users' sessions."""
    return pool.settings.user_session_tracking == "ENABLED"


def most_per_user(pool: Pool) -> int:
    """How many sessions a user may have at once."""
    config = pool.settings.token_session
    return config.max_per_user if config else MOST_PER_USER


def sso_minutes(pool: Pool, client: Client) -> int:
    """How long after signing in this client takes that sign-in of another client for its own."""
    config = client.settings.sso_session
    return config.max_validity_minutes if config else options.minutes(pool, "sso_absolute") or SSO_MINUTES


def rested_since(call: Call, pool: Pool) -> int:
    """The time before which a browser's session that is still good was not active last."""
    idle = options.minutes(pool, "sso_idle")
    return -1 if idle is None else call.now - idle * 60_000


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


def idle_ms(pool: Pool, client: Client) -> int | None:
    """How long a refresh token of the client may rest; None: as long as it lives."""
    idle = options.minutes(pool, "refresh_idle", client)
    return None if idle is None else idle * 60_000


def is_due(pool: Pool, client: Client, session: Session, now: int) -> bool:
    """Whether a refresh is to be noted: once a minute where the pool tracks; else as often as rest has to be known."""
    rested, idle = now - session.active_at, idle_ms(pool, client)
    if session.public_id is not None and are_tracked(pool):
        return rested >= ACTIVITY_MS
    return idle is not None and rested >= max(ACTIVITY_MS, idle // 50)


def note_use(call: Call, tx: Transaction, session: Session, now: int) -> None:
    """The session was continued, from there and with that program."""
    sessions.use(tx, session, address=call.address, agent=call.agent[:MOST_AGENT], now=now)


def revoke(
    call: Call, pool: Pool, user: User, public_id: str, *, current: str | None = None, linked: bool = False
) -> None:
    """End one session of the user: a token session with its tokens, or the sign-in of a browser.

    `linked`: with a token session also the browser's that it came through, and the other way round. `current` is the
    id of the token session that asks, which stays. Raises ResourceNotFound for what is no active session of this
    user, InvalidParameter for the current one.
    """
    if not are_tracked(pool):
        raise errors.ResourceNotFound(_UNKNOWN)
    with call.db.write() as tx:
        if public_id.startswith("sso"):
            _revoke_browser(call, tx, user, public_id, current=current, linked=linked)
        else:
            _revoke_tokens(call, tx, user, public_id, current=current, linked=linked)


def _revoke_tokens(
    call: Call, tx: Transaction, user: User, public_id: str, *, current: str | None, linked: bool
) -> None:
    found = sessions.find_active(tx, user, public_id, call.now)
    if found is None:
        raise errors.ResourceNotFound(_UNKNOWN)
    if found.id == current:
        raise errors.InvalidParameter(_CURRENT)
    # The browser's before the tokens', as everywhere: two that end the same ones must not wait for each other.
    ended_browser = linked and end_browser(call, tx, found)
    if not sessions.revoke(tx, user.pool_id, user.sub, found.id, call.now):
        raise errors.ResourceNotFound(_UNKNOWN)
    _tell(call, tx, user, found.id, found.client_id)
    if not ended_browser and found.sso_id:
        logout_notices.add(call, tx, user.pool_id, user.sub, sso_id=found.sso_id, client_id=found.client_id)


def end_browser(call: Call, tx: Transaction, session: Session) -> bool:
    """End the sign-in of the browser that a token session came through; False: it was over, or there was none."""
    if session.sso_id is None:
        return False
    if not sso_sessions.revoke(tx, session.pool_id, session.sub, session.sso_id, call.now):
        return False
    _tell(call, tx, session, session.sso_id)
    logout_notices.add(call, tx, session.pool_id, session.sub, sso_id=session.sso_id)
    return True


def _revoke_browser(
    call: Call, tx: Transaction, user: User, public_id: str, *, current: str | None, linked: bool
) -> None:
    found = sso_sessions.find_active(tx, user, public_id, call.now)
    if found is None or not sso_sessions.revoke(tx, user.pool_id, user.sub, found.id, call.now):
        raise errors.ResourceNotFound(_UNKNOWN)
    logout_notices.add(call, tx, user.pool_id, user.sub, sso_id=found.id)
    _tell(call, tx, user, found.id)
    if not linked:
        return
    for session_id, client_id in sessions.revoke_of_browser(tx, user.pool_id, user.sub, found.id, call.now):
        if session_id == current:
            raise errors.InvalidParameter(_CURRENT)
        _tell(call, tx, user, session_id, client_id)


def _tell(call: Call, tx: Transaction, whose: User | Session, session_id: str, client_id: str | None = None) -> None:
    fact = Fact(client_id=client_id, session_id=session_id)
    tell(call, tx, whose.pool_id, "session_revoked", whose.sub, fact)
