"""NEW_PASSWORD_REQUIRED: a temporary password is exchanged for one of the person's own, with what the profile lacks."""

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import handles, passwords
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.flows.events import Fact, tell
from lido.flows.progress import INVALID
from lido.flows.scenes import Scene
from lido.records import Password, Status, User
from lido.rules import attributes, schema
from lido.rules.profile import attributes_of, search_keys, with_attributes
from lido.storage import users
from lido.storage.database import Transaction

NAME: Final = "NEW_PASSWORD_REQUIRED"
GUARD: Guard = "none"
CARRIER: Carrier = "session"

_PREFIX = "userAttributes."
_FLAGS = {"email": "email_verified", "phone_number": "phone_number_verified"}


def offer(turn: Turn, /) -> Offer:
    """What is missing and what is there, as JSON in strings."""
    scene, user = turn.scene, _user(turn.scene)
    present = attributes_of(user)
    shown = attributes.readable(present, scene.client.settings.shape.read_attributes)
    shown.pop("sub", None)
    missing = [_PREFIX + name for name in _required(scene) if not present.get(name)]
    return Offer(
        {
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": json.dumps(missing, separators=(",", ":")),
            "userAttributes": json.dumps(shown, separators=(",", ":")),
        }
    )


def answer(turn: Turn, /) -> Judgement:
    """Takes `NEW_PASSWORD` and `userAttributes.…`.

    Raises InvalidPassword, PasswordHistoryPolicyViolation, InvalidParameter, NotAuthorized: the step stays good.
    """
    call, scene = turn.call, turn.scene
    user, row = _user(scene), scene.password
    password = turn.required("NEW_PASSWORD")
    changes = _changes(scene, user, turn.given)
    passwords.check_policy(scene.pool, user.username, password)
    with call.db.read() as tx:
        earlier = passwords.earlier(tx, scene.pool, user.sub)
    passwords.check_not_used(call, scene.pool, user.sub, password, present=row, earlier=earlier)

    def judge() -> Right | Wrong:
        material = passwords.make_material(call, scene.pool, user.sub, user.username, password)
        changed = msgspec.structs.replace(with_attributes(user, changes), status=int(Status.CONFIRMED))
        after = msgspec.structs.replace(scene, user=changed, password=_replaced(call, user, row, material))

        def become(tx: Transaction) -> None:
            if changes:
                handles.sync(call, tx, scene.pool, user, changed, force_alias=False)
                if not users.set_profile(tx, changed, search_keys(changed, scene.pool.folding), call.now):
                    raise errors.TooManyRequests
            settled = users.set_status(
                tx, user.pool_id, user.sub, status=Status.CONFIRMED, seen=user.status, now=call.now
            )
            if not settled or not passwords.store(call, tx, scene.pool, user.sub, material, replaced=row):
                raise errors.NotAuthorized(INVALID)
            tell(call, tx, user.pool_id, "password_changed", user.sub, Fact(client_id=scene.client.client_id))

        return Right(after, effects=(become,))

    return judge


def _user(scene: Scene) -> User:
    if scene.user is None:  # the table asks for this only after a first factor, which strangers never prove
        raise errors.NotAuthorized(INVALID)
    return scene.user


def _replaced(call: Call, user: User, row: Password | None, material: bytes) -> Password:
    """The password as it is stored: the next step begins under its version."""
    version = row.version + 1 if row else 1
    return Password(user.pool_id, user.sub, material, False, None, version, call.now)


def _required(scene: Scene) -> list[str]:
    known = schema.by_name(scene.pool.settings.shape.schema_attributes)
    return [name for name, attribute in known.items() if attribute.get("Required") and name != "sub"]


def _require_factors_kept(scene: Scene, present: Mapping[str, str], asked: Mapping[str, str]) -> None:
    """Where second factors are asked for, a first one alone must not lead them elsewhere. Raises NotAuthorized."""
    if scene.pool.settings.shape.mfa_configuration in (None, "OFF"):
        return
    for name in _FLAGS:
        if name in asked and present.get(name):
            raise errors.NotAuthorized(attributes.ALREADY_PROVIDED.format(name))


def _changes(scene: Scene, user: User, given: Mapping[str, str]) -> dict[str, str]:
    """The attributes that came along, allowed and complete; a new address is unproven."""
    asked = {name.removeprefix(_PREFIX): value for name, value in given.items() if name.startswith(_PREFIX)}
    needed = _required(scene)
    present = attributes_of(user)
    attributes.check_required_answers(needed, present, asked)
    _require_factors_kept(scene, present, asked)
    optional = [name for name in asked if name not in needed]
    attributes.check_user_may_write(optional, scene.client.settings.shape.write_attributes)
    known = schema.by_name(scene.pool.settings.shape.schema_attributes)
    values, deletions = attributes.split_deletions(asked)
    attributes.check_update(known, present, values)
    attributes.check_deletable(known, deletions)
    return asked | {flag: "false" for name, flag in _FLAGS.items() if name in asked}
