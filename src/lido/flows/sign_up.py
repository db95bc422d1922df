"""Signing up: a new user, the code that confirms, another code, and an operator's word instead of a code."""

from collections.abc import Mapping

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import (
    access,
    codes,
    delivery,
    handles,
    networks,
    passwords,
    sign_up_session,
    strangers,
    triggers,
    wording,
)
from lido.flows.delivery import Delivery
from lido.flows.events import Fact, tell
from lido.flows.strangers import Stranger
from lido.records import Client, Code, Factor, HandleKind, Pool, Status, User
from lido.rules import attributes as attribute_rules
from lido.rules import password_policy, profile, schema, trigger_events
from lido.rules.custom_messages import Words
from lido.rules.trigger_events import SignUpAnswer
from lido.rules.usernames import check_username
from lido.storage import codes as stored_codes
from lido.storage import users
from lido.storage.database import Transaction

_PASSWORDLESS = frozenset({"EMAIL_OTP", "SMS_OTP"})
_NOT_TO_BE_CONFIRMED = "User cannot be confirmed. Current status is {}"
_NOTHING_TO_RESEND = "User is already confirmed."
CONFIRMED_ALREADY = frozenset({_NOT_TO_BE_CONFIRMED.format(Status.CONFIRMED.name), _NOTHING_TO_RESEND})
"""What somebody is told who needs no code any more, and may simply sign in."""
_NOTHING_TO_VERIFY = "Cannot resend codes. Auto verification not turned on."


class SignedUp(msgspec.Struct, frozen=True):
    """The new user, and where the code went; None where the pool verifies nothing that the user has.

    `session` leads to the first sign-in, where the client allows the flow for it.
    """

    user: User
    delivery: Delivery | None
    session: str | None = None


def register(
    call: Call,
    *,
    client_id: str,
    secret_hash: str | None,
    username: str,
    password: str | None,
    attributes: Mapping[str, str | None],
    validation_data: Mapping[str, str] | None = None,
) -> SignedUp:
    """A person signs up (SignUp); the user waits to be confirmed, unless the pool's trigger does that.

    Raises ResourceNotFound, NotAuthorized, InvalidPassword, InvalidParameter, UsernameExists, TooManyRequests where
    people of the network asked the pool's function too often, and the refusals of triggers; one that fails after the
    confirmation undoes nothing.
    """
    with call.db.read() as tx:
        pool, client = access.pool_and_client(tx, client_id)
        access.check_secret_hash(call, tx, client, username, secret_hash)
    _refuse_closed(pool)
    user = _described(call, pool, client, username, attributes)
    if password or not lets_in_without_password(pool):
        passwords.check_policy(pool, username, password or "", prefix=password_policy.DID_NOT_CONFORM)
        user = msgspec.structs.replace(user, factors=Factor.PASSWORD)
    with call.db.read() as tx:
        handles.refuse_taken(tx, pool, user)
        network = networks.of(call, tx, pool, client, 0)
    if triggers.is_named(pool, "PreSignUp"):
        networks.ask(call, network)
    answer = _asked(call, pool, client, user, attributes, validation_data)
    user = _as_answered(user, answer)
    words = _words(call, pool, user, "SignUp", client) if user.status == Status.UNCONFIRMED else None
    material = passwords.make_material(call, pool, user.sub, user.username, password) if password else None
    with call.db.write() as tx:
        sent = _add(call, tx, pool, client, user, material, words)
    if user.status == Status.CONFIRMED:
        _tell_confirmed(call, pool, user, client.client_id)
        return SignedUp(user, None)
    return SignedUp(user, sent, sign_up_session.after_sign_up(call, client, user, username))


def _asked(
    call: Call,
    pool: Pool,
    client: Client,
    user: User,
    attributes: Mapping[str, str | None],
    validation_data: Mapping[str, str] | None,
) -> SignUpAnswer:
    if not triggers.is_named(pool, "PreSignUp"):
        return SignUpAnswer()
    event = trigger_events.pre_sign_up(
        "SignUp",
        user.username,
        client.client_id,
        {name: value for name, value in attributes.items() if value is not None},
        validation_data=validation_data,
        client_metadata=call.client_metadata,
    )
    return triggers.ask(call, pool, event, trigger_events.sign_up_answer)


def _as_answered(user: User, answer: SignUpAnswer) -> User:
    """The user as the trigger wants it. Raises InvalidLambdaResponse where it verifies what the user lacks."""
    for attribute, wanted in (("email", answer.verify_email), ("phone_number", answer.verify_phone)):
        if wanted and getattr(user, attribute) is None:
            raise errors.InvalidLambdaResponse(f"PreSignUp cannot verify {attribute}: the user has none.")
    flags = {"email_verified": answer.verify_email, "phone_number_verified": answer.verify_phone}
    proven = profile.with_attributes(user, {name: "true" for name, wanted in flags.items() if wanted})
    return msgspec.structs.replace(proven, status=Status.CONFIRMED) if answer.confirm else proven


def _words(call: Call, pool: Pool, user: User, source: delivery.Source, client: Client) -> Words | None:
    attribute = delivery.to_confirm(pool, user)
    if attribute is None:
        return None
    purpose = codes.CONFIRM if source == "ResendCode" else None
    return wording.ask(call, pool, user, delivery.MEDIA[attribute], source, client.client_id, purpose=purpose)


def _tell_confirmed(call: Call, pool: Pool, user: User, client_id: str | None) -> None:
    """Tell the trigger, after the fact. Raises its refusals, which undo nothing."""
    told = trigger_events.attributes(pool, user)
    event = trigger_events.post_confirmation("ConfirmSignUp", user.username, client_id, told, call.client_metadata)
    triggers.tell(call, pool, event)


def new_user(call: Call, pool: Pool, username: str, attributes: Mapping[str, str], *, status: Status) -> User:
    """A user of that name who is not yet stored: where usernames are addresses the name is one, and the sub its own.

    Raises InvalidParameter for a name that the pool does not allow.
    """
    shape = pool.settings.shape
    kind = check_username(
        username, alias_attributes=shape.alias_attributes or (), username_attributes=shape.username_attributes or ()
    )
    sub = call.entropy.uuid()
    own = {HandleKind.EMAIL: {"email": username}, HandleKind.PHONE_NUMBER: {"phone_number": username}}.get(kind, {})
    for name, value in own.items():
        if attributes.get(name, value) != value:
            raise errors.InvalidParameter(
                f"User {name} should be empty or same as username, since username attribute is {name}"
            )
    blank = User(
        pool_id=pool.pool_id,
        sub=sub,
        username=sub if own else username,
        status=status,
        enabled=True,
        epoch=0,
        signed_out_at=0,
        version=1,
        factors=Factor.NONE,
        preferred_factor=None,
        email=None,
        email_verified=False,
        phone_number=None,
        phone_verified=False,
        attributes={},
        created_at=call.now,
        modified_at=call.now,
    )
    return profile.with_attributes(blank, {**attributes, **own})


def lets_in_without_password(pool: Pool) -> bool:
    """Whether users may sign in by a code alone, and so need no password."""
    policies = pool.settings.shape.policies
    sign_in = policies.sign_in_policy if policies else None
    return not _PASSWORDLESS.isdisjoint((sign_in.allowed_first_auth_factors or ()) if sign_in else ())


def _refuse_closed(pool: Pool) -> None:
    config = pool.settings.shape.admin_create_user_config
    if config is not None and config.allow_admin_create_user_only:
        raise errors.NotAuthorized("SignUp is not permitted for this user pool")


def _described(call: Call, pool: Pool, client: Client, username: str, attributes: Mapping[str, str | None]) -> User:
    attribute_rules.check_user_may_write(attributes, client.settings.shape.write_attributes, signing_up=True)
    known = schema.by_name(pool.settings.shape.schema_attributes)
    attribute_rules.check_values(known, attributes)
    given = {name: value for name, value in attributes.items() if value}
    if "preferred_username" in given and "preferred_username" in (pool.settings.shape.alias_attributes or ()):
        raise errors.InvalidParameter("preferred_username cannot be set before the user is confirmed.")
    user = new_user(call, pool, username, given, status=Status.UNCONFIRMED)
    attribute_rules.check_sign_up(known, {**profile.attributes_of(user)})
    return user


def _add(
    call: Call,
    tx: Transaction,
    pool: Pool,
    client: Client,
    user: User,
    material: bytes | None,
    words: Words | None,
) -> Delivery | None:
    # An address can be proven by now only because a trigger says so: then the alias moves, as on Cognito.
    handles.claim_all(call, tx, pool, user, force_alias=user.email_verified or user.phone_verified)
    users.add(tx, user, profile.search_keys(user, pool.folding))
    if material is not None:
        passwords.store(call, tx, pool, user.sub, material, replaced=None)
    tell(call, tx, pool.pool_id, "signed_up", user.sub, Fact(client_id=client.client_id))
    if user.status == Status.CONFIRMED:
        tell(call, tx, pool.pool_id, "confirmed", user.sub, Fact(client_id=client.client_id, reason="PreSignUp"))
        return None
    attribute = delivery.to_confirm(pool, user)
    return _send(call, tx, pool, client, user, attribute, "SignUp", words) if attribute else None


def _send(
    call: Call,
    tx: Transaction,
    pool: Pool,
    client: Client,
    user: User,
    attribute: delivery.Attribute,
    source: delivery.Source,
    words: Words | None,
) -> Delivery:
    return delivery.send_code(
        call,
        tx,
        pool,
        user,
        source=source,
        purpose=codes.CONFIRM,
        attribute=attribute,
        address=delivery.address_of(user, attribute) or "",
        client_id=client.client_id,
        words=words,
    )


def confirm(
    call: Call,
    *,
    client_id: str,
    secret_hash: str | None,
    username: str,
    code: str,
    force_alias: bool,
    session: str | None = None,
) -> str | None:
    """The new user shows the code (ConfirmSignUp): confirmed, and the address that received it is proven.

    Returns the session that signs in, where the client allows the flow for it; `session`, if given, must be that of
    the sign-up. Raises ResourceNotFound, NotAuthorized, UserNotFound, LimitExceeded, ExpiredCode, CodeMismatch,
    AliasExists, and the refusals of the trigger that is told afterwards.
    """
    stranger = strangers.meet(call, client_id, username, secret_hash)
    with strangers.guessing(call, stranger):
        confirmed, shown = _guessed(call, stranger, code, session, force_alias=force_alias)
    _tell_confirmed(call, stranger.pool, confirmed, client_id)
    medium = delivery.MEDIA["email" if shown.attribute == "email" else "phone_number"]
    return sign_up_session.after_confirmation(call, client_id, confirmed.sub, username, medium)


def _guessed(call: Call, stranger: Stranger, code: str, session: str | None, *, force_alias: bool) -> tuple[User, Code]:
    """The confirmed user, and the code that was right. Raises what `confirm` does."""
    user = stranger.user
    if user is None and not stranger.hides:
        raise errors.UserNotFound(strangers.UNKNOWN)
    if user is not None and not stranger.hides_all:
        _refuse_confirmed(user)
    codes.take(call, stranger.pool, stranger.subject(call), codes.CONFIRM)
    if user is None or user.status != Status.UNCONFIRMED:
        raise errors.CodeMismatch
    if session is not None:
        sign_up_session.require_of(call, stranger.client.client_id, user.sub, session)
    try:
        with call.db.write() as tx:
            return _confirm(call, tx, stranger, user.sub, code, force_alias=force_alias)
    except errors.ExpiredCode:
        if stranger.hides_all:
            raise errors.CodeMismatch from None
        raise


def _confirm(
    call: Call, tx: Transaction, stranger: Stranger, sub: str, code: str, *, force_alias: bool
) -> tuple[User, Code]:
    pool = stranger.pool
    user = users.find_locked(tx, pool.pool_id, sub)
    if user is None:
        raise errors.CodeMismatch
    # Of two confirmations with one code the second finds none, whatever the user's state is by now.
    shown = codes.consume(call, tx, pool, user, codes.CONFIRM, code)
    _refuse_confirmed(user)
    proven = codes.proven(call, user, shown)
    handles.store(call, tx, pool, user, proven, force_alias=force_alias, sentence=handles.EXISTS_AT_CONFIRMATION)
    users.set_status(tx, pool.pool_id, sub, status=Status.CONFIRMED, seen=Status.UNCONFIRMED, now=call.now)
    tell(call, tx, pool.pool_id, "confirmed", sub, Fact(client_id=stranger.client.client_id))
    return msgspec.structs.replace(proven, status=Status.CONFIRMED), shown


def _refuse_confirmed(user: User) -> None:
    if user.status != Status.UNCONFIRMED:
        raise errors.NotAuthorized(_NOT_TO_BE_CONFIRMED.format(Status(user.status).name))


def resend(call: Call, *, client_id: str, secret_hash: str | None, username: str) -> Delivery:
    """The new user asks for another code (ResendConfirmationCode); the one before is worth nothing any more.

    Raises ResourceNotFound, NotAuthorized, UserNotFound, InvalidParameter, LimitExceeded, and the refusals of triggers.
    """
    stranger = strangers.meet(call, client_id, username, secret_hash)
    pool, user = stranger.pool, stranger.user
    possible = delivery.confirming_attributes(pool)
    if not possible:
        raise errors.InvalidParameter(_NOTHING_TO_VERIFY)
    attribute = _resent_to(stranger)
    words = None
    if isinstance(attribute, errors.Fault):
        with strangers.guessing(call, stranger):
            stranger.refuse(attribute)
    elif user is not None:
        words = _words(call, pool, user, "ResendCode", stranger.client)
    with call.db.write() as tx:
        codes.ask(call, tx, pool, stranger.subject(call), codes.CONFIRM)
        if user is None or isinstance(attribute, errors.Fault):
            return delivery.simulated(call, pool, username, possible)
        return _send(call, tx, pool, stranger.client, user, attribute, "ResendCode", words)


def _resent_to(stranger: Stranger) -> delivery.Attribute | errors.Fault:
    """Where another code goes, or why nowhere: the caller decides whether that may be said."""
    user = stranger.user
    if user is None:
        return errors.UserNotFound(strangers.UNKNOWN)
    if user.status != Status.UNCONFIRMED:
        confirmed = errors.InvalidParameter(_NOTHING_TO_RESEND)
        if not stranger.hides_all:
            raise confirmed
        return confirmed
    if not user.enabled:
        return errors.NotAuthorized("User is disabled.")
    return delivery.to_confirm(stranger.pool, user) or errors.InvalidParameter(_NOTHING_TO_VERIFY)


def confirm_by_operator(call: Call, *, pool_id: str, username: str) -> None:
    """An operator's word instead of the code (AdminConfirmSignUp); it proves no address.

    Raises ResourceNotFound, UserNotFound, NotAuthorized, and the refusals of the trigger that is told afterwards.
    """
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, pool_id)
        user = access.require_user(tx, pool, username)
        _refuse_confirmed(user)
        if not users.set_status(
            tx, pool.pool_id, user.sub, status=Status.CONFIRMED, seen=Status.UNCONFIRMED, now=call.now
        ):
            _refuse_confirmed(access.require_user(tx, pool, username))
        stored_codes.remove(tx, pool.pool_id, user.sub, codes.CONFIRM)
        tell(call, tx, pool.pool_id, "confirmed", user.sub)
    _tell_confirmed(call, pool, msgspec.structs.replace(user, status=Status.CONFIRMED), None)
