"""The names by which a user is found: claimed when they begin to count, moved when an alias is forced, released.

The rows of `user_names` are at all times exactly `handles_of` every user.
"""

from lido import errors
from lido.call import Call
from lido.flows.events import Fact, tell
from lido.records import Handle, HandleKind, Pool, User
from lido.rules import identifiers, profile
from lido.rules.usernames import check_username, fold, name_key
from lido.storage import user_names, users
from lido.storage.database import Transaction

_ATTRIBUTES = {
    HandleKind.EMAIL: "email",
    HandleKind.PHONE_NUMBER: "phone_number",
    HandleKind.PREFERRED_USERNAME: "preferred_username",
}
GIVEN_EXISTS = "An account with the given {} already exists."
"""Cognito's sentence about an address that somebody else has."""
EXISTS_AT_CONFIRMATION = "An account with the {} already exists."
"""The same, as ConfirmSignUp says it."""


def handles_of(pool: Pool, user: User) -> list[Handle]:
    """Every handle that the user must own.

    These are the username unless it is the sub; e-mail and phone number, from the first moment where they are
    usernames, only while verified where they are aliases; a preferred username that is an alias.
    Raises InvalidParameter for a username or preferred username that no key can be made of.
    """
    shape = pool.settings.shape
    at_once, aliases = shape.username_attributes or (), shape.alias_attributes or ()
    found: list[tuple[str, HandleKind]] = []
    if user.username != user.sub:
        found.append((name_key(user.username, pool.folding), HandleKind.USERNAME))
    if user.email and ("email" in at_once or ("email" in aliases and user.email_verified)):
        found.append((fold(user.email, pool.folding), HandleKind.EMAIL))
    if user.phone_number and ("phone_number" in at_once or ("phone_number" in aliases and user.phone_verified)):
        found.append((user.phone_number, HandleKind.PHONE_NUMBER))
    preferred = user.attributes.get("preferred_username")
    if preferred and "preferred_username" in aliases:
        found.append((name_key(preferred, pool.folding), HandleKind.PREFERRED_USERNAME))
    # A key that a user has twice (username and preferred username alike) counts as the first of them.
    kinds = dict(reversed(found))
    return [Handle(pool.pool_id, key, kind, user.sub) for key, kind in found if kinds[key] == kind]


def claim_all(call: Call, tx: Transaction, pool: Pool, user: User, *, force_alias: bool) -> None:
    """Claim every handle of a new user; nobody else may have one, but `force_alias` takes verified aliases away.

    Raises UsernameExists for username and username attributes, AliasExists for aliases.
    """
    for handle in handles_of(pool, user):
        _check_form(pool, user, handle)
        _claim(call, tx, pool, user, handle, force_alias=force_alias, created=True, sentence=GIVEN_EXISTS)


def claim_all_or_none(call: Call, tx: Transaction, pool: Pool, user: User) -> None:
    """`claim_all` for one of many users in a transaction: a refusal may be caught, and leaves nothing claimed."""
    claimed: list[Handle] = []
    try:
        for handle in handles_of(pool, user):
            _check_form(pool, user, handle)
            _claim(call, tx, pool, user, handle, force_alias=False, created=True, sentence=GIVEN_EXISTS)
            claimed.append(handle)
    except errors.Fault:
        for handle in claimed:
            user_names.release(tx, pool.pool_id, handle.name_key, HandleKind(handle.kind), user.sub)
        raise


def sync(
    call: Call,
    tx: Transaction,
    pool: Pool,
    before: User,
    after: User,
    *,
    force_alias: bool,
    sentence: str = GIVEN_EXISTS,
) -> None:
    """Bring the handles from what `before` must own to what `after` must: in the transaction that stores `after`.

    Raises AliasExists with `sentence` when somebody else has a new one, InvalidParameter when one has the form of
    another kind.
    """
    old = {handle.name_key: handle for handle in handles_of(pool, before)}
    new = {handle.name_key: handle for handle in handles_of(pool, after)}
    for key, handle in old.items():
        if new.get(key) != handle:
            user_names.release(tx, pool.pool_id, key, HandleKind(handle.kind), handle.sub)
    for key, handle in new.items():
        if old.get(key) != handle:
            _check_form(pool, after, handle)
            _claim(call, tx, pool, after, handle, force_alias=force_alias, created=False, sentence=sentence)


def store(
    call: Call,
    tx: Transaction,
    pool: Pool,
    before: User,
    after: User,
    *,
    force_alias: bool = False,
    sentence: str = GIVEN_EXISTS,
) -> bool:
    """`sync`, and the changed attributes of `after` written; False: the user was changed since `before` was read."""
    sync(call, tx, pool, before, after, force_alias=force_alias, sentence=sentence)
    return users.set_profile(tx, after, profile.search_keys(after, pool.folding), call.now)


def _check_form(pool: Pool, user: User, handle: Handle) -> None:
    """A preferred username must not pass for somebody's address, as a username must not."""
    if handle.kind == HandleKind.PREFERRED_USERNAME:
        aliases = pool.settings.shape.alias_attributes or ()
        check_username(user.attributes["preferred_username"], alias_attributes=aliases, username_attributes=())


def _claim(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    handle: Handle,
    *,
    force_alias: bool,
    created: bool,
    sentence: str,
) -> None:
    if _is_a_strangers_sub(tx, user, handle):
        raise _taken(pool, handle, created=created, sentence=sentence)
    if user_names.claim(tx, handle):
        return
    # What `claim` saw may be gone by now; then nobody can say whose it was, and refusing is right.
    owner = user_names.find(tx, pool.pool_id, handle.name_key)
    if owner is not None and owner.sub == user.sub:
        return
    if not force_alias or not _is_movable(pool, handle) or not _move(call, tx, pool, handle):
        raise _taken(pool, handle, created=created, sentence=sentence)


def _is_a_strangers_sub(tx: Transaction, user: User, handle: Handle) -> bool:
    """A sub finds its user before any name does, so nobody may be called like somebody's sub."""
    key = handle.name_key
    return identifiers.is_uuid(key) and key != user.sub and users.find(tx, user.pool_id, key) is not None


def _is_movable(pool: Pool, handle: Handle) -> bool:
    return handle.kind in (HandleKind.EMAIL, HandleKind.PHONE_NUMBER) and not pool.settings.shape.username_attributes


def _move(call: Call, tx: Transaction, pool: Pool, handle: Handle) -> bool:
    former = user_names.move(tx, handle)
    if former is None:
        return False
    if handle.kind == HandleKind.EMAIL:
        user_names.unverify_email(tx, pool.pool_id, former, handle.name_key)
    else:
        user_names.unverify_phone(tx, pool.pool_id, former, handle.name_key)
    tell(call, tx, pool.pool_id, "alias_moved", former, Fact(names=[_ATTRIBUTES[HandleKind(handle.kind)]]))
    return True


def _taken(pool: Pool, handle: Handle, *, created: bool, sentence: str) -> errors.Fault:
    if handle.kind == HandleKind.USERNAME:
        return errors.UsernameExists()
    text = sentence.format(_ATTRIBUTES[HandleKind(handle.kind)])
    if created and pool.settings.shape.username_attributes:
        return errors.UsernameExists(text)
    return errors.AliasExists(text)


def refuse_taken(tx: Transaction, pool: Pool, user: User) -> None:
    """Refuse early, before costly work, what `claim_all` would refuse anyhow. Raises UsernameExists."""
    for handle in handles_of(pool, user):
        if handle.kind == HandleKind.USERNAME or pool.settings.shape.username_attributes:
            taken = user_names.find(tx, pool.pool_id, handle.name_key) is not None
            if taken or _is_a_strangers_sub(tx, user, handle):
                raise _taken(pool, handle, created=True, sentence=GIVEN_EXISTS)
