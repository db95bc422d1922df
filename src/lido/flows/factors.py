"""The second factors of a user: switched on and off, preferred, and ready to be described."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, logout_notices
from lido.flows.access import SignedInUser
from lido.flows.events import Fact, tell
from lido.records import Factor, Pool, Status, User
from lido.rules import mfa_preferences, second_factors
from lido.rules.mfa_preferences import Authenticator, Preferences, Wish
from lido.shapes import idp
from lido.storage import totp_keys, users
from lido.storage.database import Transaction

_SMS = idp.MFAOptionType(delivery_medium="SMS", attribute_name="phone_number")


class Described(Struct, frozen=True):
    """A user's factors as answers show them; None where there are none. `options` is the legacy `MFAOptions`."""

    switched_on: list[str] | None
    preferred: str | None
    options: list[idp.MFAOptionType] | None


def described(user: User) -> Described:
    """What answers say about the user's factors."""
    return Described(
        mfa_preferences.switched_on(user) or None,
        second_factors.preferred(user),
        [_SMS] if user.factors & Factor.SMS else None,
    )


def prefer_own(call: Call, signed_in: SignedInUser, wishes: Mapping[Factor, Wish], operation: str) -> None:
    """A person's own wishes. Raises InvalidParameter, NotAuthorized."""
    access.require_recent(call, signed_in)
    with call.db.write() as tx:
        user = locked(tx, signed_in)
        _prefer(call, tx, signed_in.pool, user, wishes, Fact(operation=operation, client_id=signed_in.client.client_id))


def prefer_for(call: Call, pool_id: str, username: str, wishes: Mapping[Factor, Wish], operation: str) -> None:
    """An operator's wishes for a user; a factor taken away ends all sessions.

    Raises ResourceNotFound, UserNotFound, InvalidParameter.
    """
    with call.db.write() as tx:
        pool, user = locked_for(call, tx, pool_id, username)
        after = _prefer(call, tx, pool, user, wishes, Fact(operation=operation))
        if user.factors & ~after.factors:
            users.raise_epoch(tx, pool.pool_id, user.sub, call.now)
            logout_notices.add(call, tx, pool.pool_id, user.sub)


def locked(tx: Transaction, signed_in: SignedInUser) -> User:
    """The user as they are now, whom nobody else changes until the transaction ends.

    Raises NotAuthorized when the token that was shown has died meanwhile.
    """
    user = users.find_locked(tx, signed_in.pool.pool_id, signed_in.user.sub)
    if user is None or not user.enabled or user.epoch != signed_in.user.epoch:
        raise errors.NotAuthorized("Access Token has been revoked")
    return user


def locked_for(call: Call, tx: Transaction, pool_id: str, username: str) -> tuple[Pool, User]:
    """A user for an operator, whom nobody else changes until the transaction ends.

    Raises ResourceNotFound, UserNotFound.
    """
    pool = access.require_pool(call, tx, pool_id)
    user = users.find_locked(tx, pool.pool_id, access.require_user(tx, pool, username).sub)
    if user is None:
        raise errors.UserNotFound
    return pool, user


def require_confirmed(user: User) -> None:
    """Raises UserNotConfirmed for whoever has not proven an address yet."""
    if user.status == Status.UNCONFIRMED:
        raise errors.UserNotConfirmed


def store(call: Call, tx: Transaction, user: User, after: Preferences) -> None:
    """Write the factors of a user who was locked in this transaction."""
    if (user.factors, user.preferred_factor) != (after.factors, after.preferred):
        changed = replace(user, factors=after.factors, preferred_factor=after.preferred)
        users.set_second_factors(tx, changed, call.now)


def _prefer(
    call: Call, tx: Transaction, pool: Pool, user: User, wishes: Mapping[Factor, Wish], fact: Fact
) -> Preferences:
    after = mfa_preferences.decide(pool.settings, user, _authenticator(tx, user), wishes)
    store(call, tx, user, after)
    names = [name for factor, name in second_factors.CHALLENGES.items() if after.factors & factor]
    tell(call, tx, pool.pool_id, "mfa_preference_changed", user.sub, replace(fact, names=names))
    return after


def _authenticator(tx: Transaction, user: User) -> Authenticator:
    if totp_keys.verified(tx, user.pool_id, user.sub):
        return "verified"
    return "waiting" if totp_keys.waiting(tx, user.pool_id, user.sub) else "none"
