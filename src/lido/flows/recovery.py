"""Forgotten passwords: the code that lets a person set a new one, asked for by the person or by an operator."""

from collections.abc import Sequence

from msgspec import structs

from lido import errors
from lido.call import Call
from lido.flows import (
    access,
    codes,
    delivery,
    handles,
    migration,
    networks,
    passkeys,
    passwords,
    strangers,
    triggers,
    unknown_users,
    wording,
)
from lido.flows.delivery import Attribute, Delivery
from lido.flows.events import Fact, tell
from lido.flows.strangers import Stranger
from lido.records import Pool, Status, User
from lido.rules import password_policy, trigger_events
from lido.rules.custom_messages import Words
from lido.rules.usernames import LONGEST_NAME, looks_like_email, looks_like_phone, name_key
from lido.storage import codes as stored_codes
from lido.storage import lockouts, users
from lido.storage import passwords as stored_passwords
from lido.storage.database import Transaction

WRONG_STATE = "User password cannot be reset in the current state."
_NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
_RESETTABLE = (Status.CONFIRMED, Status.RESET_REQUIRED)
_RACES = 3


def forgot(call: Call, *, client_id: str, secret_hash: str | None, username: str) -> Delivery:
    """A person asks for a code (ForgotPassword); the old password works until the new one is set.

    Raises ResourceNotFound, NotAuthorized, UserNotFound, InvalidParameter, LimitExceeded, and the refusals of triggers.
    """
    stranger = strangers.meet(call, client_id, username, secret_hash)
    pool, user = stranger.pool, stranger.user
    if not delivery.recovery_attributes(pool):
        raise errors.NotAuthorized("Contact administrator to reset password.")
    if triggers.is_named(pool, "UserMigration"):
        networks.ask(call, stranger.network)
        user = user or migration.at_recovery(call, pool, stranger.client, username)
        stranger = structs.replace(stranger, user=user)
    attribute = _reset_to(pool, user)
    words = None
    if isinstance(attribute, errors.Fault):
        with strangers.guessing(call, stranger):
            stranger.refuse(attribute)
    elif user is not None:
        words = _words(call, pool, user, attribute, stranger.client.client_id, purpose=codes.RESET)
    pretended = _pretended(call, pool, username) if user is None or isinstance(attribute, errors.Fault) else []
    with call.db.write() as tx:
        codes.ask(call, tx, pool, stranger.subject(call), codes.RESET)
        if user is None or isinstance(attribute, errors.Fault):
            return delivery.simulated(call, pool, username, pretended)
        return _send(call, tx, pool, user, attribute, stranger.client.client_id, words)


def was_sent_a_code(call: Call, pool: Pool, name: str) -> bool:
    """Whether the user of that name can set a new password with a code that was sent and is still good."""
    with call.db.read() as tx:
        user = access.find_user(tx, pool, name)
        code = stored_codes.find(tx, pool.pool_id, user.sub, codes.RESET) if user else None
    return user is not None and code is not None and code.expires_at > call.now and codes.is_current(call, user, code)


def _pretended(call: Call, pool: Pool, name: str) -> Sequence[Attribute]:
    """Where a code would go for the user that nobody of that name pretends to be, in the choices of a sign-in too."""
    possible = delivery.recovery_attributes(pool)
    if looks_like_email(name) or looks_like_phone(name):
        return possible  # then it goes to that address
    likely = delivery.likely(pool, possible)
    key = name_key(name[:LONGEST_NAME], pool.folding)
    can_have_passkey = passkeys.has_relying_party(call, pool)
    user = unknown_users.user(call, pool, name, key, can_have_passkey=can_have_passkey).user
    attribute = delivery.to_recover(pool, user)
    return [attribute] if attribute is not None and attribute in likely else likely


def _reset_to(pool: Pool, user: User | None) -> Attribute | errors.Fault:
    """Where a reset code goes, or why nowhere: the caller decides whether that may be said."""
    if user is None:
        return errors.UserNotFound(strangers.UNKNOWN)
    if not user.enabled:
        return errors.NotAuthorized("User is disabled.")
    if user.status not in (*_RESETTABLE, Status.UNCONFIRMED):
        return errors.NotAuthorized(WRONG_STATE)
    attribute = delivery.to_recover(pool, user)
    if attribute is None:
        return errors.InvalidParameter(_NO_ADDRESS)
    return attribute if user.status in _RESETTABLE else errors.NotAuthorized(WRONG_STATE)


def _words(
    call: Call, pool: Pool, user: User, attribute: Attribute, client_id: str | None, *, purpose: str | None = None
) -> Words:
    return wording.ask(call, pool, user, delivery.MEDIA[attribute], "ForgotPassword", client_id, purpose=purpose)


def _send(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    attribute: Attribute,
    client_id: str | None,
    words: Words | None,
) -> Delivery:
    return delivery.send_code(
        call,
        tx,
        pool,
        user,
        source="ForgotPassword",
        purpose=codes.RESET,
        attribute=attribute,
        address=delivery.address_of(user, attribute) or "",
        client_id=client_id,
        words=words,
    )


def confirm(call: Call, *, client_id: str, secret_hash: str | None, username: str, code: str, password: str) -> None:
    """The person shows the code and sets a new password (ConfirmForgotPassword); one goes only with the other.

    Raises ResourceNotFound, NotAuthorized, UserNotFound, UserNotConfirmed, LimitExceeded, ExpiredCode, CodeMismatch,
    InvalidPassword, InvalidParameter, PasswordHistoryPolicyViolation, TooManyRequests, and the refusals of the trigger
    that is told afterwards.
    """
    password_policy.refuse_malformed(password)
    stranger = strangers.meet(call, client_id, username, secret_hash)
    with strangers.guessing(call, stranger):
        confirmed = _guessed(call, stranger, code, password)
    told, metadata = trigger_events.attributes(stranger.pool, confirmed), call.client_metadata
    event = trigger_events.post_confirmation("ConfirmForgotPassword", confirmed.username, client_id, told, metadata)
    triggers.tell(call, stranger.pool, event)


def _guessed(call: Call, stranger: Stranger, code: str, password: str) -> User:
    """The user who has the new password. Raises what `confirm` does."""
    user = stranger.user
    if user is None:
        stranger.refuse(errors.UserNotFound(strangers.UNKNOWN))
    codes.take(call, stranger.pool, stranger.subject(call), codes.RESET)
    if user is None:
        raise errors.CodeMismatch
    fault = _unfit(user)
    if fault is not None:
        stranger.refuse(fault)
        raise errors.CodeMismatch
    try:
        return _confirm(call, stranger, user, code, password)
    except errors.ExpiredCode:
        if stranger.hides_all:
            raise errors.CodeMismatch from None
        raise


def _unfit(user: User) -> errors.Fault | None:
    """Why no code can help this user."""
    if not user.enabled:
        return errors.NotAuthorized("User is disabled.")
    if user.status == Status.UNCONFIRMED:
        return errors.UserNotConfirmed()
    return None if user.status in _RESETTABLE else errors.NotAuthorized(WRONG_STATE)


def _confirm(call: Call, stranger: Stranger, user: User, code: str, password: str) -> User:
    pool = stranger.pool
    for _ in range(_RACES):
        with call.db.read() as tx:
            codes.check(call, tx, pool, user, codes.RESET, code)
            replaced = stored_passwords.find(tx, pool.pool_id, user.sub)
            earlier = passwords.earlier(tx, pool, user.sub)
        passwords.check_policy(pool, stranger.name, password)
        passwords.check_not_used(call, pool, user.sub, password, present=replaced, earlier=earlier)
        material = passwords.make_material(call, pool, user.sub, user.username, password)
        try:
            with call.db.write() as tx:
                present = _prove(call, tx, pool, user.sub, code)
                fact = Fact(client_id=stranger.client.client_id, reason="ConfirmForgotPassword")
                passwords.replace(
                    call, tx, pool, present, material, replaced=replaced, status=Status.CONFIRMED, fact=fact
                )
                lockouts.remove(tx, pool.pool_id, user.sub)
                return structs.replace(present, status=Status.CONFIRMED)
        except errors.Conflict:
            continue
    raise errors.TooManyRequests


def _prove(call: Call, tx: Transaction, pool: Pool, sub: str, code: str) -> User:
    """The user, locked, whose code is used up and whose address it proves.

    A code that went to an address that is no longer the user's, or is somebody else's alias by now, resets nothing.
    """
    user = users.find_locked(tx, pool.pool_id, sub)
    if user is None or _unfit(user) is not None:
        raise errors.ExpiredCode
    shown = codes.consume(call, tx, pool, user, codes.RESET, code)
    if not codes.is_current(call, user, shown):
        raise errors.ExpiredCode
    try:
        handles.store(call, tx, pool, user, codes.proven(call, user, shown))
    except errors.AliasExists:
        raise errors.ExpiredCode from None
    return user


def reset_by_operator(call: Call, *, pool_id: str, username: str) -> Delivery:
    """An operator ends a password (AdminResetUserPassword): the user gets a code and must set a new one with it.

    Raises ResourceNotFound, UserNotFound, NotAuthorized, InvalidParameter, and the refusals of triggers.
    """
    words = _words_of_operator(call, pool_id, username)
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, pool_id)
        user = users.find_locked(tx, pool.pool_id, access.require_user(tx, pool, username).sub)
        if user is None:
            raise errors.UserNotFound
        if not user.enabled:
            raise errors.NotAuthorized("User is disabled")
        attribute = _reset_to(pool, user)
        if isinstance(attribute, errors.Fault):
            raise attribute
        users.set_status(tx, pool.pool_id, user.sub, status=Status.RESET_REQUIRED, seen=None, now=call.now)
        passwords.end_sessions_if_wanted(call, tx, pool, user.sub)
        tell(call, tx, pool.pool_id, "password_reset_required", user.sub)
        # The code belongs to the generation that begins here.
        current = users.find(tx, pool.pool_id, user.sub) or user
        return _send(call, tx, pool, current, attribute, None, words.get(attribute))


def _words_of_operator(call: Call, pool_id: str, username: str) -> dict[Attribute, Words]:
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        user = access.require_user(tx, pool, username)
    attribute = _reset_to(pool, user)
    if isinstance(attribute, errors.Fault) or not user.enabled:
        return {}
    return {attribute: _words(call, pool, user, attribute, None)}
