"""Changing what Cognito freezes at a pool's creation: alias, username and required attributes, the case rule, and
retiring custom attributes; after a report of the accounts that would break.

The pool's document, every handle and every search column change in one transaction, so no request sees a pool whose
names follow two rules. Requests that had read the old rule and write after it are put right by `settle`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, events, handles, pool_options
from lido.flows.events import Fact
from lido.records import Folding, Handle, HandleKind, Pool, SearchKeys, User
from lido.rules import identifiers, pool_requirements, pool_settings, profile
from lido.rules.schema import CUSTOM, DEVELOPER, STANDARD_NAMES
from lido.rules.usernames import check_username
from lido.shapes import idp
from lido.storage import clients, pools, user_names, user_pages, users
from lido.storage.database import Transaction

NAMES = ("alias_attributes", "username_attributes", "required_attributes", "case_sensitive", "retired_attributes")
MOST_AT_ONCE = 100_000
"""How many users a pool may have whose names change while servers run: their writers wait for one transaction."""

_ALIASES = ("email", "phone_number", "preferred_username")
_USERNAMES = ("email", "phone_number")
_NEVER_REQUIRED = {"sub", "identities", "email_verified", "phone_number_verified"}
_BATCH = 1000
# Longer than any request lives; who was changed before needs no second look.
_RECENT_MS = 120_000

Progress = Callable[[int], None]


class TooManyUsers(Exception):
    """The pool has more than MOST_AT_ONCE users, and servers may be running."""


class Plan(msgspec.Struct, frozen=True):
    """A pool as it is and as it shall be. `retired` attributes leave the schema."""

    before: Pool
    after: Pool
    retired: frozenset[str]
    names: tuple[str, ...]

    @property
    def newly_required(self) -> list[str]:
        """What every account must have from now on."""
        return sorted(_required(self.after) - _required(self.before))


class Broken(NamedTuple):
    """An account that the plan would break, and why."""

    username: str
    sub: str
    why: str


class _Move(NamedTuple):
    user: User
    released: list[Handle]
    claimed: list[Handle]
    keys: SearchKeys
    rewritten: bool


def planned(call: Call, pool_id: str, changes: Mapping[str, str]) -> Plan:
    """What these changes (of NAMES and of options) would make of the pool; nothing is changed yet.

    Raises ValueError with a sentence, ResourceNotFound, InvalidParameter where settings would contradict each other.
    """
    with call.db.read() as tx:
        before = access.require_pool(call, tx, pool_id)
    plain = {name: value for name, value in changes.items() if name not in NAMES}
    settings = replace(
        before.settings,
        shape=_shape(before.settings.shape, changes),
        options=pool_options.changed(before.settings.options, plain),
    )
    pool_requirements.check(settings, before.region)
    after = replace(before, settings=settings, folding=pool_settings.folding(settings))
    retired = frozenset(_listed("retired_attributes", changes.get("retired_attributes", "")))
    return Plan(before, after, retired, tuple(sorted(changes)))


def _shape(shape: idp.UserPoolType, changes: Mapping[str, str]) -> idp.UserPoolType:
    for name, value in changes.items():
        match name:
            case "alias_attributes":
                shape = replace(shape, alias_attributes=_chosen(name, value, _ALIASES))
            case "username_attributes":
                shape = replace(shape, username_attributes=_chosen(name, value, _USERNAMES))
            case "case_sensitive":
                if value not in ("true", "false"):
                    raise ValueError("case_sensitive takes true or false.")
                configuration = idp.UsernameConfigurationType(case_sensitive=value == "true")
                shape = replace(shape, username_configuration=configuration)
            case "required_attributes":
                shape = _with_required(shape, value)
            case "retired_attributes":
                shape = _without(shape, _listed(name, value))
            case _:
                pass
    return shape


def _listed(name: str, value: str) -> list[str]:
    words = [word for word in value.replace(" ", "").split(",") if word]
    if len(set(words)) != len(words):
        raise ValueError(f"{name} names an attribute twice.")
    return words


def _chosen(name: str, value: str, allowed: tuple[str, ...]) -> list[str] | None:
    words = _listed(name, value)
    for word in words:
        if word not in allowed:
            raise ValueError(f"{name} takes {', '.join(allowed)}, not {word}.")
    return words or None


def _with_required(shape: idp.UserPoolType, value: str) -> idp.UserPoolType:
    words = _listed("required_attributes", value)
    for word in words:
        bare = word.lstrip("+-")
        if bare not in STANDARD_NAMES or bare in _NEVER_REQUIRED:
            raise ValueError(f"required_attributes takes standard attributes, not {bare}.")
    relative = [word for word in words if word[0] in "+-"]
    if relative and len(relative) != len(words):
        raise ValueError("required_attributes takes either a whole list, or changes that begin with + or -.")
    schema = shape.schema_attributes or []
    wanted = {attribute.name for attribute in schema if attribute.required} if relative else {"sub", *words}
    wanted |= {word[1:] for word in relative if word[0] == "+"}
    wanted -= {word[1:] for word in relative if word[0] == "-"}
    return replace(
        shape, schema_attributes=[replace(attribute, required=attribute.name in wanted) for attribute in schema]
    )


def _without(shape: idp.UserPoolType, retired: list[str]) -> idp.UserPoolType:
    schema = shape.schema_attributes or []
    known = {attribute.name for attribute in schema}
    for name in retired:
        if not name.startswith((CUSTOM, DEVELOPER)):
            raise ValueError(f"Only custom attributes can be retired, not {name}.")
        if name not in known:
            raise ValueError(f"The pool has no attribute {name}.")
    return replace(shape, schema_attributes=[attribute for attribute in schema if attribute.name not in retired])


def _required(pool: Pool) -> set[str]:
    return {str(attribute.name) for attribute in pool.settings.shape.schema_attributes or () if attribute.required}


def examine(call: Call, plan: Plan, progress: Progress, *, drop_values: bool = False) -> Iterator[Broken]:
    """Every account that the plan would break, found in batches; `progress` hears how many were looked at.

    With `drop_values` an account that holds a value of a retired attribute loses it, and is not broken.
    """
    owners: dict[str, str] = {}
    looked_at = 0
    after = ""
    while True:
        with call.db.read() as tx:
            batch = user_pages.everyone(tx, plan.before.pool_id, after=("", after), limit=_BATCH)
            found = [
                Broken(user.username, user.sub, why)
                for user, _ in batch
                for why in _faults(tx, plan, user, owners, drop_values=drop_values)
            ]
        yield from found
        if not batch:
            return
        looked_at += len(batch)
        progress(looked_at)
        after = batch[-1].user.sub


def _faults(tx: Transaction, plan: Plan, user: User, owners: dict[str, str], *, drop_values: bool) -> Iterator[str]:
    attributes = profile.attributes_of(user)
    for name in plan.newly_required:
        if not attributes.get(name):
            yield f"has no {name}"
    if not drop_values:
        for name in sorted(plan.retired & attributes.keys()):
            yield f"has a value of {name}"
    try:
        kept = handles.handles_of(plan.after, user)
        _check_forms(plan.after, user, kept)
    except errors.InvalidParameter as fault:
        yield fault.message
        return
    for handle in kept:
        other = owners.setdefault(handle.name_key, user.username)
        if other != user.username:
            yield f"shares the name {handle.name_key} with {other}"
        elif identifiers.is_uuid(handle.name_key) and _is_a_strangers_sub(tx, user, handle):
            yield f"is named like another account's sub, {handle.name_key}"
    if not kept and handles.handles_of(plan.before, user):
        yield "has no name left to sign in with"


def _check_forms(pool: Pool, user: User, kept: list[Handle]) -> None:
    """No username or preferred username may pass for somebody's address."""
    aliases = pool.settings.shape.alias_attributes or ()
    for handle in kept:
        if handle.kind == HandleKind.USERNAME:
            check_username(user.username, alias_attributes=aliases, username_attributes=())
        elif handle.kind == HandleKind.PREFERRED_USERNAME:
            check_username(user.attributes["preferred_username"], alias_attributes=aliases, username_attributes=())


def _is_a_strangers_sub(tx: Transaction, user: User, handle: Handle) -> bool:
    return handle.name_key != user.sub and users.find(tx, user.pool_id, handle.name_key) is not None


def apply(call: Call, plan: Plan, *, offline: bool = False) -> int:
    """Make it so, in one transaction; returns how many accounts were rewritten.

    With `offline` no server runs, and the pool may have any number of users. Raises ConcurrentModification when the
    pool or a user changed meanwhile, AliasExists when an account broke since it was examined, TooManyUsers.
    """
    pool_id = plan.before.pool_id
    with call.db.write() as tx:
        settings = plan.after.settings
        if not pools.set_settings(tx, plan.before, name=plan.before.name, settings=settings, now=call.now):
            raise errors.ConcurrentModification
        pools.set_folding(tx, pool_id, plan.after.folding)
        _shorten_client_lists(call, tx, plan)
        moves = _moves(tx, plan, None if offline else MOST_AT_ONCE)
        for move in moves:
            _release(tx, move)
        for move in moves:
            if not (_claim(tx, move) and _rewrite(tx, move)):
                raise errors.ConcurrentModification
        fact = Fact(operation=pool_options.OPERATION, names=list(plan.names))
        events.tell(call, tx, pool_id, "pool_changed", fact=fact)
    return len(moves)


def settle(call: Call, plan: Plan, changed_at: int) -> list[Broken]:
    """Put right who was changed by requests that had read the old rules; returns whom it could not.

    Call it when such requests have ended; `changed_at` (ms) is when `apply` began.
    """
    stray: list[Broken] = []
    after = ""
    while True:
        with call.db.read() as tx:
            batch = user_pages.everyone(tx, plan.before.pool_id, after=("", after), limit=_BATCH)
        if not batch:
            return stray
        recent = [user.sub for user, _ in batch if user.modified_at >= changed_at - _RECENT_MS]
        stray += [broken for sub in recent if (broken := _settled(call, plan, sub))]
        after = batch[-1].user.sub


def _settled(call: Call, plan: Plan, sub: str) -> Broken | None:
    with call.db.write() as tx:
        user = users.find_locked(tx, plan.before.pool_id, sub)
        move = _move(plan, user) if user else None
        if user is None or move is None:
            return None
        _release(tx, move)
        _rewrite(tx, move)
        return None if _claim(tx, move) else Broken(user.username, sub, "shares a name with another account")


def _moves(tx: Transaction, plan: Plan, most: int | None) -> list[_Move]:
    moves: list[_Move] = []
    seen, after = 0, ""
    while batch := user_pages.everyone(tx, plan.before.pool_id, after=("", after), limit=_BATCH):
        seen += len(batch)
        if most is not None and seen > most:
            raise TooManyUsers
        moves += [move for user, _ in batch if (move := _move(plan, user))]
        after = batch[-1].user.sub
    return moves


def _move(plan: Plan, user: User) -> _Move | None:
    """What changes for one user; None for nothing."""
    old = {handle.name_key: handle for handle in handles.handles_of(plan.before, user)}
    new = {handle.name_key: handle for handle in handles.handles_of(plan.after, user)}
    attributes = {name: value for name, value in user.attributes.items() if name not in plan.retired}
    keys = profile.search_keys(user, plan.after.folding)
    rewritten = keys != profile.search_keys(user, plan.before.folding) or attributes != user.attributes
    released = [handle for key, handle in old.items() if new.get(key) != handle]
    claimed = [handle for key, handle in new.items() if old.get(key) != handle]
    if not (released or claimed or rewritten):
        return None
    return _Move(replace(user, attributes=attributes), released, claimed, keys, rewritten)


def _release(tx: Transaction, move: _Move) -> None:
    for handle in move.released:
        user_names.release(tx, handle.pool_id, handle.name_key, HandleKind(handle.kind), handle.sub)


def _claim(tx: Transaction, move: _Move) -> bool:
    for handle in move.claimed:
        if not user_names.claim(tx, handle):
            owner = user_names.find(tx, handle.pool_id, handle.name_key)
            if owner is None or owner.sub != handle.sub:
                return False
    return True


def _rewrite(tx: Transaction, move: _Move) -> bool:
    return not move.rewritten or users.set_keys(tx, move.user, move.keys)


def _shorten_client_lists(call: Call, tx: Transaction, plan: Plan) -> None:
    """No app client may read or write an attribute that is gone."""
    after = ""
    while plan.retired and (page := clients.page(tx, plan.before.pool_id, after=after, limit=_BATCH)):
        for client in page:
            shape = client.settings.shape
            shorter = replace(
                shape,
                read_attributes=_remaining(shape.read_attributes, plan.retired),
                write_attributes=_remaining(shape.write_attributes, plan.retired),
            )
            settings = replace(client.settings, shape=shorter)
            if shorter != shape and not clients.set_settings(
                tx, client, name=client.name, settings=settings, now=call.now
            ):
                raise errors.ConcurrentModification
        after = page[-1].client_id


def _remaining(listed: list[str] | None, retired: frozenset[str]) -> list[str] | None:
    return None if listed is None else [name for name in listed if name not in retired]


def in_force(pool: Pool) -> list[tuple[str, str, str]]:
    """The pool's frozen settings: name, value as `planned` takes it, and `set`."""
    shape = pool.settings.shape
    return [
        ("alias_attributes", ",".join(shape.alias_attributes or ()), "set"),
        ("username_attributes", ",".join(shape.username_attributes or ()), "set"),
        ("required_attributes", ",".join(sorted(_required(pool) - {"sub"})), "set"),
        ("case_sensitive", "false" if pool.folding == Folding.INSENSITIVE else "true", "set"),
    ]
