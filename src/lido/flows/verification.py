"""Attributes that change, and addresses that are proven: by the person, or by an operator's word.

A changed address counts as unproven. Where the pool asks for it (`AttributesRequireVerificationBeforeUpdate`) the new
one waits unseen until its code comes back, and the old one stays in force.
"""

from collections.abc import Collection, Iterable, Mapping

from lido import errors
from lido.call import Call
from lido.flows import access, codes, delivery, handles, wording
from lido.flows.access import SignedInUser
from lido.flows.delivery import MEDIA, Attribute, Delivery
from lido.flows.events import Fact, tell
from lido.records import Client, Pool, User
from lido.rules import attributes as rules
from lido.rules import schema
from lido.rules.custom_messages import Words
from lido.rules.profile import attributes_of, search_keys, with_attributes
from lido.storage import codes as stored_codes
from lido.storage import pending_attributes, users
from lido.storage.database import Transaction

_PURPOSES: dict[Attribute, str] = {"email": codes.VERIFY_EMAIL, "phone_number": codes.VERIFY_PHONE_NUMBER}


def update_own(call: Call, signed_in: SignedInUser, values: Mapping[str, str | None]) -> list[Delivery]:
    """A person writes attributes through an app client, an empty value deletes; where codes went.

    Raises NotAuthorized, InvalidParameter, AliasExists, UserNotFound, the refusals of triggers, and TooManyRequests
    when too many codes were asked for, because UpdateUserAttributes has no LimitExceeded.
    """
    pool, client = signed_in.pool, signed_in.client
    given = rules.without_null(values)
    rules.check_user_may_write(given, client.settings.shape.write_attributes)
    _require_recent_for_addresses(call, signed_in, given)
    words = _words(call, pool, signed_in.user, given, client)
    with call.db.write() as tx:
        user = _require_locked(tx, pool, signed_in.user.sub)
        try:
            return _update(call, tx, pool, user, given, client, words)
        except errors.LimitExceeded as fault:
            raise errors.TooManyRequests(fault.message) from None


def update_for(call: Call, pool_id: str, username: str, values: Mapping[str, str | None]) -> None:
    """An operator writes attributes of a user, the verified flags too.

    Raises ResourceNotFound, UserNotFound, InvalidParameter, AliasExists, and the refusals of triggers.
    """
    given = rules.without_null(values)
    rules.check_operator_may_write(given)
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        seen = access.require_user(tx, pool, username)
    words = _words(call, pool, seen, given, None)
    with call.db.write() as tx:
        user = _require_locked(tx, pool, access.require_user(tx, pool, username).sub)
        _update(call, tx, pool, user, given, None, words)


def delete_own(call: Call, signed_in: SignedInUser, names: Collection[str]) -> None:
    """A person deletes attributes through an app client. Raises InvalidParameter, NotAuthorized, UserNotFound."""
    pool = signed_in.pool
    _check_deletable(pool, names)
    rules.check_user_may_write(names, signed_in.client.settings.shape.write_attributes)
    _require_recent_for_addresses(call, signed_in, names)
    with call.db.write() as tx:
        user = _require_locked(tx, pool, signed_in.user.sub)
        _update(call, tx, pool, user, dict.fromkeys(names, ""), signed_in.client, {})


def delete_for(call: Call, pool_id: str, username: str, names: Collection[str]) -> None:
    """An operator deletes attributes of a user. Raises ResourceNotFound, UserNotFound, InvalidParameter."""
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, pool_id)
        user = _require_locked(tx, pool, access.require_user(tx, pool, username).sub)
        _update(call, tx, pool, user, dict.fromkeys(names, ""), None, {})


def ask(call: Call, signed_in: SignedInUser, name: str) -> Delivery:
    """Send a code to the address that waits for its proof, else to the present one (GetUserAttributeVerificationCode).

    Raises InvalidParameter, LimitExceeded, UserNotFound, and the refusals of triggers.
    """
    attribute, pool = _require_address(name), signed_in.pool
    client_id = signed_in.client.client_id
    medium, purpose = MEDIA[attribute], _PURPOSES[attribute]
    words = wording.ask(call, pool, signed_in.user, medium, "VerifyUserAttribute", client_id, purpose=purpose)
    with call.db.write() as tx:
        user = _require_locked(tx, pool, signed_in.user.sub)
        address = _to_prove(tx, user, attribute)
        if address is None:
            raise errors.InvalidParameter(f"User does not have a {attribute} to verify.")
        return _send(call, tx, pool, user, attribute, address, signed_in.client, "VerifyUserAttribute", words)


def prove(call: Call, signed_in: SignedInUser, name: str, code: str) -> None:
    """The code came back: the address is proven, and in force if it was waiting (VerifyUserAttribute).

    Raises InvalidParameter, LimitExceeded, ExpiredCode, CodeMismatch, AliasExists, UserNotFound. A refusal for the sake
    of an alias leaves the code as it was.
    """
    attribute, pool = _require_address(name), signed_in.pool
    purpose = _PURPOSES[attribute]
    codes.take(call, pool, signed_in.user.sub, purpose)
    with call.db.write() as tx:
        user = _require_locked(tx, pool, signed_in.user.sub)
        shown = codes.consume(call, tx, pool, user, purpose, code)
        unproven = with_attributes(
            user, {attribute: _to_prove(tx, user, attribute) or "", _flag_of(attribute): "false"}
        )
        after = codes.proven(call, unproven, shown)
        # A code that went to an earlier address says nothing about this one.
        if not delivery.is_verified(after, attribute):
            raise errors.ExpiredCode
        _store(call, tx, pool, user, after)
        pending_attributes.remove(tx, pool.pool_id, user.sub, attribute)
        tell(call, tx, pool.pool_id, "attribute_verified", user.sub, Fact(names=[attribute]))


def _words(
    call: Call, pool: Pool, user: User, values: Mapping[str, str], client: Client | None
) -> dict[Attribute, Words]:
    """What the pool's trigger says of the codes that will follow from `values`."""
    client_id = client.client_id if client else None
    changed = [name for name in MEDIA if name in values and values[name] != delivery.address_of(user, name)]
    after = with_attributes(user, {**dict.fromkeys(map(_flag_of, changed), "false"), **values})
    return {
        attribute: wording.ask(call, pool, after, medium, "UpdateUserAttribute", client_id)
        for attribute, medium in MEDIA.items()
        if attribute in _sent_by_itself(pool) and _needs_proof(user, values, attribute)
    }


def _needs_proof(user: User, values: Mapping[str, str], attribute: Attribute) -> bool:
    """Whether `values` have another address for the user, and nobody vouches for it."""
    is_proven = rules.is_true(values.get(_flag_of(attribute), "false"))
    return not is_proven and values.get(attribute, "") not in ("", delivery.address_of(user, attribute))


def _update(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    values: Mapping[str, str],
    client: Client | None,
    words: Mapping[Attribute, Words],
) -> list[Delivery]:
    """Write `values` and send the codes that follow from them. `client` is None for an operator."""
    given, deleted = rules.split_deletions(values)
    rules.check_update(schema.by_name(pool.settings.shape.schema_attributes), attributes_of(user), given)
    _check_deletable(pool, deleted)
    changes, to_send = dict(values), dict[Attribute, str]()
    for attribute in MEDIA:
        if attribute not in values:
            continue
        address, proven = values[attribute], rules.is_true(values.get(_flag_of(attribute), "false"))
        changed = address != delivery.address_of(user, attribute)
        if changed or proven:
            _forget_proofs(tx, user, attribute)
        if not _needs_proof(user, values, attribute):
            continue
        if attribute in _sent_by_itself(pool):
            to_send[attribute] = address
        if attribute in _waiting_for_proof(pool):
            # The flag goes with the new address; the old one keeps its own.
            changes.pop(attribute)
            changes.pop(_flag_of(attribute), None)
            pending_attributes.put(tx, pool.pool_id, user.sub, attribute, address, call.now)
        else:
            changes[_flag_of(attribute)] = "false"
    after = with_attributes(user, changes)
    _require_a_name(pool, user, after)
    _store(call, tx, pool, user, after)
    tell(call, tx, pool.pool_id, "attributes_changed", user.sub, Fact(names=sorted(values)))
    return [
        _send(call, tx, pool, after, attribute, address, client, "UpdateUserAttribute", words.get(attribute))
        for attribute, address in to_send.items()
    ]


def _store(call: Call, tx: Transaction, pool: Pool, before: User, after: User) -> None:
    """Write the profile of a locked user, and its handles. Raises AliasExists."""
    handles.sync(call, tx, pool, before, after, force_alias=False)
    if not users.set_profile(tx, after, search_keys(after, pool.folding), call.now):
        raise errors.UserNotFound


def _send(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    attribute: Attribute,
    address: str,
    client: Client | None,
    source: delivery.Source,
    words: Words | None,
) -> Delivery:
    """Send a code; only those that people ask for are counted. Raises LimitExceeded, UnexpectedLambda."""
    purpose = _PURPOSES[attribute]
    if client is not None:
        codes.ask(call, tx, pool, user.sub, purpose)
    return delivery.send_code(
        call,
        tx,
        pool,
        user,
        source=source,
        purpose=purpose,
        attribute=attribute,
        address=address,
        client_id=client.client_id if client else None,
        words=words,
    )


def _require_locked(tx: Transaction, pool: Pool, sub: str) -> User:
    user = users.find_locked(tx, pool.pool_id, sub)
    if user is None:
        raise errors.UserNotFound
    return user


def _require_recent_for_addresses(call: Call, signed_in: SignedInUser, names: Iterable[str]) -> None:
    """Codes to sign in with, and for new passwords, go to addresses. Raises NotAuthorized."""
    if any(name in MEDIA for name in names):
        access.require_recent(call, signed_in)


def _require_address(name: str) -> Attribute:
    if name not in MEDIA:
        raise errors.InvalidParameter("Invalid attribute name. Only phone_number and email can be verified.")
    return name


def _require_a_name(pool: Pool, before: User, after: User) -> None:
    """Where usernames are addresses, the last of them can be changed but not deleted."""
    at_once = pool.settings.shape.username_attributes or ()
    had = [name for name in at_once if name in attributes_of(before)]
    if had and not any(name in attributes_of(after) for name in at_once):
        raise errors.InvalidParameter(f"Invalid user attributes: {had[0]}: Required attribute cannot be deleted.")


def _check_deletable(pool: Pool, names: Iterable[str]) -> None:
    rules.check_deletable(schema.by_name(pool.settings.shape.schema_attributes), names)


def _to_prove(tx: Transaction, user: User, attribute: Attribute) -> str | None:
    return pending_attributes.find(tx, user.pool_id, user.sub, attribute) or delivery.address_of(user, attribute)


def _forget_proofs(tx: Transaction, user: User, attribute: Attribute) -> None:
    """Codes on their way and a value that waits belong to an intention given up."""
    pending_attributes.remove(tx, user.pool_id, user.sub, attribute)
    stored_codes.remove(tx, user.pool_id, user.sub, _PURPOSES[attribute])


def _flag_of(attribute: Attribute) -> str:
    return f"{attribute}_verified"


def _sent_by_itself(pool: Pool) -> Collection[str]:
    return pool.settings.shape.auto_verified_attributes or ()


def _waiting_for_proof(pool: Pool) -> Collection[str]:
    settings = pool.settings.shape.user_attribute_update_settings
    return (settings.attributes_require_verification_before_update or ()) if settings else ()
