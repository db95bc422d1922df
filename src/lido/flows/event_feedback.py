"""Feedback on a user's events, and the token by which users give it without signing in.

A token is `event id, values it may say`, sealed for the pool and the user; it stays good, since saying the same twice
changes nothing.
"""

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import events
from lido.flows.events import Fact
from lido.records import Event, Pool, User
from lido.rules import log_delivery
from lido.rules.sealing import Unsealable
from lido.storage import event_feedback
from lido.storage import events as facts
from lido.storage.database import Transaction
from lido.storage.event_feedback import Feedback

ADMIN, USER = "Admin", "User"
INVALID = "Invalid feedback token"
VALUES = ("Valid", "Invalid")
_PURPOSE = "feedback"
_LONGEST = 1024


class _Allowed(msgspec.Struct, frozen=True, array_like=True):
    event_id: str
    values: tuple[str, ...]


def token(call: Call, pool_id: str, sub: str, event_id: str, values: tuple[str, ...] = VALUES) -> str:
    """What lets whoever holds it say one of `values` of that user's event."""
    content = msgspec.msgpack.encode(_Allowed(event_id, values))
    return call.keys.seal_text(_PURPOSE, content, pool_id, sub)


def check_token(call: Call, pool_id: str, user: User | None, event_id: str, value: str, claimed: str) -> None:
    """Refuse unless the token is for that event, user and value. Raises NotAuthorized, for nobody too."""
    try:
        if user is None or len(claimed) > _LONGEST:
            raise Unsealable
        allowed = msgspec.msgpack.decode(call.keys.open_text(_PURPOSE, claimed, pool_id, user.sub), type=_Allowed)
    except (Unsealable, msgspec.MsgspecError):
        raise errors.NotAuthorized(INVALID) from None
    if allowed.event_id != event_id or value not in allowed.values:
        raise errors.NotAuthorized(INVALID)


def give(call: Call, tx: Transaction, pool: Pool, user: User, event_id: str, value: str, *, provider: str) -> None:
    """Note what was said of the user's event; the same again changes nothing. Raises ResourceNotFound."""
    event = facts.find(tx, pool.pool_id, event_id)
    if event is None or not _is_shown(event, user):
        raise errors.ResourceNotFound(f"Auth event {event_id} does not exist.")
    if event_feedback.put(tx, Feedback(pool.pool_id, event_id, value, provider, call.now)):
        fact = Fact(reason=value, names=[event_id])
        events.tell(call, tx, pool.pool_id, "event_feedback_given", user.sub, fact)


def _is_shown(event: Event, user: User) -> bool:
    return event.sub == user.sub and log_delivery.auth_event(event.kind, event.body) is not None
