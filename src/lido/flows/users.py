"""Users as operators make, invite, search and delete them."""

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, delivery, handles, logout_notices, passwords, sign_up, triggers, wording
from lido.flows.events import Fact, tell
from lido.records import Factor, Pool, Status, User
from lido.rules import attributes, password_policy, schema, trigger_events
from lido.rules.custom_messages import Words
from lido.rules.filters import Filter
from lido.rules.passwords import TEMPORARY_SEED_BYTES, generate_temporary
from lido.rules.profile import attributes_of, search_keys
from lido.rules.usernames import cut_key, prefix_end
from lido.storage import passwords as stored_passwords
from lido.storage import user_pages, users
from lido.storage.database import Transaction
from lido.storage.user_pages import Cursor, Found

_DAY_MS = 86_400_000
_RACES = 3


class Invitation(Struct, frozen=True):
    """How a user made by an operator comes to a first password. None: one is made up. No `media`: nothing is sent."""

    temporary_password: str | None
    media: frozenset[str]


def create(
    call: Call,
    pool_id: str,
    username: str,
    values: Mapping[str, str | None],
    invitation: Invitation,
    *,
    force_alias: bool,
    validation_data: Mapping[str, str] | None = None,
) -> User:
    """A new user who must change the temporary password at the first sign-in (AdminCreateUser).

    In a pool of passwordless sign-in and without a password given, one who has none and is confirmed at once.
    Raises ResourceNotFound, InvalidParameter, InvalidPassword, UsernameExists (for an alias, too), and the refusals of
    triggers.
    """
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        password = _first_password(call, pool, username, invitation)
        user = _composed(call, pool, username, values, has_password=password is not None)
        _in_operators_words(pool, lambda: handles.refuse_taken(tx, pool, user))
    _tell_sign_up(call, pool, user, values, validation_data)
    words = _words(call, pool, user, invitation) if password else {}
    material = passwords.make_material(call, pool, user.sub, user.username, password) if password else None
    with call.db.write() as tx:
        _in_operators_words(pool, lambda: handles.claim_all(call, tx, pool, user, force_alias=force_alias))
        users.add(tx, user, search_keys(user, pool.folding))
        tell(call, tx, pool.pool_id, "user_created", user.sub, Fact(operation="AdminCreateUser"))
        if password and material:
            until = temporary_until(call, pool)
            passwords.store(call, tx, pool, user.sub, material, replaced=None, temporary=True, expires_at=until)
            _invite(call, tx, pool, user, password, invitation, until, words)
    return user


def _tell_sign_up(
    call: Call,
    pool: Pool,
    user: User,
    values: Mapping[str, str | None],
    validation_data: Mapping[str, str] | None,
) -> None:
    """Ask PreSignUp, which may refuse; what it answers is for people who sign up themselves."""
    given = {name: value for name, value in values.items() if value is not None}
    event = trigger_events.pre_sign_up(
        "AdminCreateUser",
        user.username,
        None,
        given,
        validation_data=validation_data,
        client_metadata=call.client_metadata,
    )
    triggers.tell(call, pool, event)


def _words(call: Call, pool: Pool, user: User, invitation: Invitation) -> dict[str, Words]:
    return {
        medium: wording.ask(call, pool, user, medium, "AdminCreateUser", None)
        for attribute, medium in delivery.MEDIA.items()
        if medium in invitation.media and delivery.address_of(user, attribute) is not None
    }


def invite_again(call: Call, pool_id: str, username: str, invitation: Invitation) -> User:
    """A new temporary password, a new clock and a new message for a user who never used the last one.

    Raises ResourceNotFound, UserNotFound, UnsupportedUserState, InvalidParameter, InvalidPassword, the refusals of
    triggers, and TooManyRequests when others keep setting the same password.
    """
    for _ in range(_RACES):
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, pool_id)
            user = access.require_user(tx, pool, username)
            replaced = stored_passwords.find(tx, pool.pool_id, user.sub)
        _require_invited(user.status, username)
        password = invitation.temporary_password or _temporary(call, pool)
        passwords.check_policy(pool, user.username, password, prefix=password_policy.DID_NOT_CONFORM)
        words = _words(call, pool, user, invitation)
        material = passwords.make_material(call, pool, user.sub, user.username, password)
        with call.db.write() as tx:
            until = temporary_until(call, pool)
            if passwords.store(call, tx, pool, user.sub, material, replaced=replaced, temporary=True, expires_at=until):
                waiting = Status.FORCE_CHANGE_PASSWORD
                if not users.set_status(tx, pool.pool_id, user.sub, status=waiting, seen=waiting, now=call.now):
                    raise errors.UnsupportedUserState(_NOT_INVITED.format(username))
                tell(call, tx, pool.pool_id, "invited", user.sub, Fact(operation="AdminCreateUser"))
                _invite(call, tx, pool, user, password, invitation, until, words)
                return replace(user, modified_at=call.now)
    raise errors.TooManyRequests


_NOT_INVITED = "Resend not possible. {} status is not FORCE_CHANGE_PASSWORD"


def _require_invited(status: int, username: str) -> None:
    if status != Status.FORCE_CHANGE_PASSWORD:
        raise errors.UnsupportedUserState(_NOT_INVITED.format(username))


def delete(call: Call, tx: Transaction, pool: Pool, sub: str) -> None:
    """Remove the user with everything; what was handed out to it dies with it. Raises UserNotFound."""
    user = users.find_locked(tx, pool.pool_id, sub)
    if user is None:
        raise errors.UserNotFound
    logout_notices.add(call, tx, pool.pool_id, sub)
    users.remove(tx, pool.pool_id, sub, [handle.name_key for handle in handles.handles_of(pool, user)])
    tell(call, tx, pool.pool_id, "deleted", sub)


def temporary_until(call: Call, pool: Pool) -> int:
    """When a temporary password set now stops working (`TemporaryPasswordValidityDays`)."""
    shape = pool.settings.shape
    policy = shape.policies.password_policy if shape.policies else None
    config = shape.admin_create_user_config
    days = (policy and policy.temporary_password_validity_days) or (config and config.unused_account_validity_days)
    return call.now + (days or 7) * _DAY_MS


def _composed(call: Call, pool: Pool, username: str, values: Mapping[str, str | None], *, has_password: bool) -> User:
    """The user that an operator describes, checked against the pool's rules."""
    given, _ = attributes.split_deletions(attributes.without_null(values))
    attributes.check_operator_may_write(given)
    known = schema.by_name(pool.settings.shape.schema_attributes)
    attributes.check_values(known, given)
    status = Status.FORCE_CHANGE_PASSWORD if has_password else Status.CONFIRMED
    user = sign_up.new_user(call, pool, username, given, status=status)
    for address, value in (("email", user.email), ("phone_number", user.phone_number)):
        if given.get(address, value) != value:
            raise errors.InvalidParameter(
                f"User {address} should be empty or same as username, since username attribute is {address}"
            )
    if has_password:
        return replace(user, factors=Factor.PASSWORD)
    # Who chooses a password at the first sign-in is asked for missing attributes there; this user never is.
    attributes.check_sign_up(known, {**attributes_of(user)})
    return user


def _first_password(call: Call, pool: Pool, username: str, invitation: Invitation) -> str | None:
    """The temporary password: the operator's, else one of ours, else none where people sign in without."""
    given = invitation.temporary_password
    if given:
        passwords.check_policy(pool, username, given, prefix=password_policy.DID_NOT_CONFORM)
        return given
    return None if sign_up.lets_in_without_password(pool) else _temporary(call, pool)


def _temporary(call: Call, pool: Pool) -> str:
    return generate_temporary(passwords.policy_of(pool), call.entropy.bytes(TEMPORARY_SEED_BYTES))


def _invite(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    password: str,
    invitation: Invitation,
    until: int,
    words: Mapping[str, Words],
) -> None:
    """Write the invitation to each address that was asked for and that the user has."""
    for attribute, medium in delivery.MEDIA.items():
        if medium in invitation.media and delivery.address_of(user, attribute) is not None:
            delivery.send_invitation(
                call,
                tx,
                pool,
                user,
                attribute=attribute,
                password=password,
                expires_at=until,
                words=words.get(medium),
            )


def _in_operators_words(pool: Pool, claim: Callable[[], None]) -> None:
    """Claim handles, and refuse as AdminCreateUser does."""
    try:
        claim()
    except errors.UsernameExists:
        if pool.settings.shape.username_attributes:
            raise
        raise errors.UsernameExists("User account already exists") from None
    except errors.AliasExists as fault:
        # The model of AdminCreateUser has no AliasExists.
        raise errors.UsernameExists(fault.message) from None


_SEARCHED: dict[str, user_pages.Column] = {
    "username": "username_key",
    "email": "email_key",
    "phone_number": "phone_number",
    "name": "name_key",
    "given_name": "given_name_key",
    "family_name": "family_name_key",
    "preferred_username": "preferred_username_key",
}


def search(tx: Transaction, pool: Pool, wanted: Filter | None, *, after: Cursor, limit: int) -> list[Found]:
    """At most `limit` users that a filter of ListUsers asks for, after that cursor; all users without one.

    Names are found without regard to case where the pool has none; a `username` found so may differ from what was
    asked for in case (see `is_meant`).
    """
    if wanted is None:
        return user_pages.everyone(tx, pool.pool_id, after=after, limit=limit)
    match wanted.attribute:
        case "status":
            enabled = [flag for flag, word in ((True, "Enabled"), (False, "Disabled")) if _fits(wanted, word)]
            states = [(status, flag) for status in Status for flag in enabled]
            return user_pages.in_state(tx, pool.pool_id, states, after=after, limit=limit)
        case "cognito:user_status":
            named = wanted._replace(value=wanted.value.upper())
            states = [(status, flag) for status in Status if _fits(named, status.name) for flag in (True, False)]
            return user_pages.in_state(tx, pool.pool_id, states, after=after, limit=limit)
        case "sub":
            return _by_sub(tx, pool, wanted, after=after, limit=limit)
        case "username" if pool.settings.shape.username_attributes:
            return _by_sub(tx, pool, wanted, after=after, limit=limit)
    column, key = _SEARCHED[wanted.attribute], cut_key(wanted.value, pool.folding)
    if wanted.operator == "=":
        return user_pages.equal(tx, pool.pool_id, column, key, after=after, limit=limit)
    return user_pages.starting(tx, pool.pool_id, column, key, prefix_end(key), after=after, limit=limit)


def is_meant(user: User, wanted: Filter | None) -> bool:
    """Whether a user found by `search` is one of those meant: `username` is compared with regard to case."""
    return wanted is None or wanted.attribute != "username" or _fits(wanted, user.username)


def _fits(wanted: Filter, value: str) -> bool:
    return value == wanted.value if wanted.operator == "=" else value.startswith(wanted.value)


def _by_sub(tx: Transaction, pool: Pool, wanted: Filter, *, after: Cursor, limit: int) -> list[Found]:
    exact = users.find(tx, pool.pool_id, wanted.value)
    if wanted.operator == "=" or exact is not None:
        return [Found(exact, "")] if exact is not None and after == user_pages.START else []
    end = prefix_end(wanted.value)
    return user_pages.by_sub(tx, pool.pool_id, wanted.value, end, after=after, limit=limit)
