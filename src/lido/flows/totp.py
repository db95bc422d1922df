"""Authenticator apps: set up by a token or within a sign-in, proven by their first code, taken away by an operator.

The secret of a new one waits in the database for whoever has a token, and sealed in the session for whoever is
signing in; the one before counts until the new one is proven.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from lido import errors
from lido.call import Call
from lido.flows import access, factors, logout_notices, mfa_setup, progress
from lido.flows.events import Fact, tell
from lido.flows.progress import INVALID
from lido.flows.scenes import Scene
from lido.records import Client, Factor, Pool, TotpKey, User
from lido.rules import mfa_preferences, options, totp
from lido.rules.mfa_preferences import Preferences
from lido.rules.steps import Proof
from lido.storage import totp_keys, users
from lido.storage.database import Transaction

PURPOSE: Final = "totp seed"
NOT_SET_UP: Final = "Software Token MFA does not exist for the user."
MOST: Final = 5
"""How many one user may have: each makes a guess likelier, thirty in an hour by three steps by so many."""
_LONGEST_NAME = 256
_Answer = TypeVar("_Answer")


def associate(call: Call, access_token: str) -> str:
    """The secret code of a new authenticator for whoever signed in. Raises NotAuthorized, SoftwareTokenMFANotFound."""
    signed_in = _in_words_of_associate(lambda: access.signed_in_user(call, access_token))
    _require_offered(signed_in.pool)
    access.require_recent(call, signed_in)
    seed = call.entropy.bytes(totp.SEED_BYTES)
    with call.db.write() as tx:
        totp_keys.put_waiting(tx, _key(call, factors.locked(tx, signed_in), seed))
    return totp.secret_code(seed)


def associate_in_session(call: Call, session: str) -> tuple[str, str]:
    """The secret code of a new authenticator for whoever must set one up, and the session that holds it.

    Raises NotAuthorized, SoftwareTokenMFANotFound.
    """
    scene, begun = _in_words_of_associate(lambda: mfa_setup.open_setup(call, session))
    _require_offered(scene.pool)
    seed = call.entropy.bytes(totp.SEED_BYTES)
    return totp.secret_code(seed), mfa_setup.continue_setup(call, scene, begun, secret=seed)


def _in_words_of_associate(find: Callable[[], _Answer]) -> _Answer:
    try:
        return find()
    except (
        errors.UserNotFound,
        errors.PasswordResetRequired,
        errors.UserNotConfirmed,
        errors.InvalidUserPoolConfiguration,
    ) as refusal:
        # The model of AssociateSoftwareToken does not know these refusals.
        raise errors.NotAuthorized(refusal.message) from None


def verify(call: Call, access_token: str, code: str, name: str | None) -> None:
    """The first code of the authenticator that waits: from now on its codes count, in place of another's.

    Whether they are asked for is the user's preference. Raises NotAuthorized, SoftwareTokenMFANotFound,
    EnableSoftwareTokenMFA for a wrong code, InvalidParameter, and the refusals of states.
    """
    signed_in = access.signed_in_user(call, access_token)
    _require_offered(signed_in.pool)
    access.require_recent(call, signed_in)
    name = _checked(name)
    with call.db.write() as tx:
        user = factors.locked(tx, signed_in)
        key = totp_keys.waiting(tx, user.pool_id, user.sub)
        if key is None:
            raise errors.SoftwareTokenMFANotFound(NOT_SET_UP)
        step = totp.matching_step(_seed(call, key), code, call.now)
        if step is None:
            raise errors.EnableSoftwareTokenMFA
        _make_room(tx, signed_in.pool, user, name)
        totp_keys.verify(tx, key, name=name, step=step)
        _tell_added(call, tx, user, signed_in.client)


def verify_in_session(call: Call, session: str, code: str, name: str | None) -> str:
    """The first code of the authenticator whose secret the session holds: it counts at once, and is asked for.

    The session that answers MFA_SETUP. Raises NotAuthorized, SoftwareTokenMFANotFound, CodeMismatch,
    InvalidParameter, and the refusals of states.
    """
    scene, begun = mfa_setup.open_setup(call, session)
    _require_offered(scene.pool)
    name = _checked(name)
    if not begun.secret:
        raise errors.SoftwareTokenMFANotFound(NOT_SET_UP)
    step = totp.matching_step(begun.secret, code, call.now)
    if step is None:
        raise errors.CodeMismatch("Invalid code received for user")
    with call.db.write() as tx:
        progress.spend(tx, scene.pool.pool_id, begun)
        user = _unchanged(tx, scene)
        _make_room(tx, scene.pool, user, name)
        totp_keys.add(tx, _key(call, user, begun.secret, name=name, step=step))
        factors.store(call, tx, user, Preferences(user.factors | Factor.TOTP, user.preferred_factor))
        _tell_added(call, tx, user, scene.client)
    return mfa_setup.continue_setup(call, scene, begun, enrolled=Proof("totp", call.now))


def remove(call: Call, pool_id: str, username: str) -> None:
    """An operator takes a user's authenticators away; whatever was handed out ends with them.

    Raises ResourceNotFound, UserNotFound, UserNotConfirmed.
    """
    with call.db.write() as tx:
        pool, user = factors.locked_for(call, tx, pool_id, username)
        factors.require_confirmed(user)
        if totp_keys.remove_all(tx, pool.pool_id, user.sub) == 0:
            return
        factors.store(call, tx, user, mfa_preferences.without(user, Factor.TOTP))
        users.raise_epoch(tx, pool.pool_id, user.sub, call.now)
        logout_notices.add(call, tx, pool.pool_id, user.sub)
        tell(call, tx, pool.pool_id, "authenticators_removed", user.sub, Fact(operation="AdminDeleteSoftwareToken"))


def matching(call: Call, tx: Transaction, user: User, code: str) -> list[tuple[TotpKey, int]]:
    """The user's authenticators that show this code about now, each with the time step of it.

    Raises SoftwareTokenMFANotFound when there is no authenticator.
    """
    present = totp_keys.verified(tx, user.pool_id, user.sub)
    if not present:
        raise errors.SoftwareTokenMFANotFound(NOT_SET_UP)
    steps = [(key, totp.matching_step(_seed(call, key), code, call.now)) for key in present]
    return [(key, step) for key, step in steps if step is not None]


def _require_offered(pool: Pool) -> None:
    if not pool.settings.software_token_mfa:
        raise errors.SoftwareTokenMFANotFound


def _checked(name: str | None) -> str | None:
    if name is not None and len(name) > _LONGEST_NAME:
        raise errors.InvalidParameter("FriendlyDeviceName is too long.")
    return name or None


def _key(call: Call, user: User, seed: bytes, *, name: str | None = None, step: int | None = None) -> TotpKey:
    """An authenticator; `step` is that of its first code, None while it waits for one."""
    key_id = call.entropy.uuid()
    return TotpKey(
        pool_id=user.pool_id,
        sub=user.sub,
        id=key_id,
        name=name,
        seed=call.keys.seal(PURPOSE, seed, user.pool_id, user.sub, key_id),
        verified=step is not None,
        last_step=step or 0,
        created_at=call.now,
    )


def _seed(call: Call, key: TotpKey) -> bytes:
    return call.keys.open(PURPOSE, key.seed, key.pool_id, key.sub, key.id)


def _unchanged(tx: Transaction, scene: Scene) -> User:
    """The user, locked. Raises NotAuthorized when another factor or an operator was quicker."""
    seen = scene.user
    user = users.find_locked(tx, seen.pool_id, seen.sub) if seen else None
    if seen is None or user is None or not user.enabled or (user.epoch, user.factors) != (seen.epoch, seen.factors):
        raise errors.NotAuthorized(INVALID)
    return user


def _make_room(tx: Transaction, pool: Pool, user: User, name: str | None) -> None:
    """Remove what a new one replaces: all others, or the one of its name where the pool allows several.

    Raises InvalidParameter for one too many.
    """
    several = options.is_on(pool, "several_authenticators")
    present = totp_keys.verified(tx, user.pool_id, user.sub)
    replaced = [key for key in present if not several or key.name == name]
    if len(present) - len(replaced) >= MOST:
        raise errors.InvalidParameter(f"A user may have at most {MOST} authenticators.")
    for key in replaced:
        totp_keys.remove(tx, key)


def _tell_added(call: Call, tx: Transaction, user: User, client: Client) -> None:
    fact = Fact(operation="VerifySoftwareToken", client_id=client.client_id)
    tell(call, tx, user.pool_id, "authenticator_added", user.sub, fact)
