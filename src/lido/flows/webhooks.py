"""Webhooks, as operators handle them: added, listed, switched, rotated, tried, removed; and what is sent again."""

from collections.abc import Iterator
from math import nan
from typing import Any, get_args

from msgspec import Struct

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact
from lido.ports import outgoing
from lido.records import Event
from lido.rules import webhook_events, webhook_signature
from lido.rules.time_ordered_ids import first_id_at
from lido.storage import deliveries, pools, webhooks
from lido.storage import events as told
from lido.storage.database import Transaction
from lido.storage.deliveries import Delivery as Delivery
from lido.storage.webhooks import Webhook

PURPOSE = "webhook"
MOST_OF_A_POOL = 20
LONGEST_URL = 2048
OVERLAP_SECONDS = 86_400
"""How long the former secret signs too after a rotation."""
STATES = ("waiting", "delivered", "dead")
_BYTES_OF_AN_ID = 10
_ROWS_AT_ONCE = 500

KINDS: tuple[str, ...] = get_args(events.Kind)
TYPES = {webhook_events.type_of(kind): kind for kind in KINDS}


class Added(Struct, frozen=True):
    """A new webhook, and the secret that its receiver verifies with, told only now."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"<Added {self.id}>"


def add(call: Call, pool_id: str, url: str, types: list[str]) -> Added:
    """Tell `url` of the pool's events from now on: those of `types`, or of all.

    Raises ValueError with a sentence, ResourceNotFound.
    """
    _check(url)
    filter_ = webhook_events.filter_text([_kind(type_) for type_ in types])
    key = call.entropy.bytes(webhook_signature.KEY_BYTES)
    id_ = f"wh_{call.entropy.bytes(_BYTES_OF_AN_ID).hex()}"
    with call.db.write() as tx:
        access.require_pool(call, tx, pool_id)
        pools.touch(tx, pool_id)  # two who add at once count one after the other
        if len(webhooks.of_pool(tx, pool_id)) >= MOST_OF_A_POOL:
            raise ValueError(f"A pool has at most {MOST_OF_A_POOL} webhooks.")
        _tell(call, tx, pool_id, "lido webhooks add", id_)
        sealed = call.keys.seal(PURPOSE, key, pool_id, id_)
        webhooks.add(tx, Webhook(pool_id, id_, url, sealed, None, 0, filter_, True, None, 0, call.now))
    return Added(id_, webhook_signature.key_text(key))


def every(call: Call, pool_id: str | None = None) -> list[Webhook]:
    """All webhooks, or those of a pool."""
    with call.db.read() as tx:
        return webhooks.every(tx) if pool_id is None else webhooks.of_pool(tx, pool_id)


def described(webhook: Webhook) -> dict[str, Any]:
    """What operators may see of a webhook, the types by which it listens (none: all) in words of the outside."""
    types = [webhook_events.type_of(kind) for kind in webhook_events.kinds_in(webhook.filter)]
    shown = ("id", "pool_id", "url", "enabled", "trouble", "created_at")
    return {**{name: getattr(webhook, name) for name in shown}, "types": types}


def require(call: Call, webhook_id: str) -> Webhook:
    """The webhook of that id. Raises ResourceNotFound."""
    with call.db.read() as tx:
        return _require(tx, webhook_id)


def set_enabled(call: Call, webhook_id: str, *, enabled: bool) -> None:
    """Switch a webhook on or off. What is due waits while it is off, new events are not for it.

    Raises ResourceNotFound.
    """
    with call.db.write() as tx:
        webhook = _require(tx, webhook_id)
        webhooks.set_enabled(tx, webhook, enabled=enabled)
        _tell(call, tx, webhook.pool_id, f"lido webhooks {'enable' if enabled else 'disable'}", webhook_id)


def rotate(call: Call, webhook_id: str, *, overlap_seconds: int = OVERLAP_SECONDS) -> str:
    """Make a new secret, which is given here and never again; the former signs too for a while.

    Raises ResourceNotFound, ConcurrentModification.
    """
    key = call.entropy.bytes(webhook_signature.KEY_BYTES)
    with call.db.write() as tx:
        webhook = _require(tx, webhook_id)
        sealed = call.keys.seal(PURPOSE, key, webhook.pool_id, webhook.id)
        if not webhooks.set_secret(tx, webhook, sealed, former_until=call.now + overlap_seconds * 1000):
            raise errors.ConcurrentModification
        _tell(call, tx, webhook.pool_id, "lido webhooks rotate", webhook_id)
    return webhook_signature.key_text(key)


def remove(call: Call, webhook_id: str) -> None:
    """Forget a webhook, and what was on its way to it. Raises ResourceNotFound."""
    with call.db.write() as tx:
        webhook = _require(tx, webhook_id)
        webhooks.remove(tx, webhook.pool_id, webhook.id)
        _tell(call, tx, webhook.pool_id, "lido webhooks remove", webhook_id)
    removed = _ROWS_AT_ONCE
    while removed:
        with call.db.write() as tx:
            removed = deliveries.remove_of_webhook(tx, webhook.pool_id, webhook.id, _ROWS_AT_ONCE)


def deliveries_of(call: Call, webhook_id: str, *, state: str | None, limit: int) -> list[Delivery]:
    """What was, is and could not be delivered to a webhook, the newest event first. Raises ResourceNotFound."""
    with call.db.read() as tx:
        webhook = _require(tx, webhook_id)
        number = None if state is None else STATES.index(state)
        return deliveries.page(tx, webhook.pool_id, webhook.id, state=number, limit=limit)


def count(call: Call, state: str) -> float:
    """How many deliveries of all pools are in that state; not a number while the database is away."""
    try:
        with call.db.read() as tx:
            return deliveries.count(tx, STATES.index(state))
    except errors.Unavailable:
        return nan


def replay_event(call: Call, webhook_id: str, event_id: str) -> None:
    """Send one event again, or for the first time, whatever the filter says. Raises ResourceNotFound."""
    with call.db.write() as tx:
        webhook = _require(tx, webhook_id)
        event = told.find(tx, webhook.pool_id, event_id)
        if event is None:
            raise errors.ResourceNotFound(f"There is no event {event_id}.")
        deliveries.begin_again(tx, delivery(event, webhook, call.now))


def replay_dead(call: Call, webhook_id: str) -> Iterator[int]:
    """Send again what is dead, oldest first; how many so far, after each batch. Raises ResourceNotFound."""
    webhook, revived = require(call, webhook_id), 0
    while True:
        with call.db.write() as tx:
            batch = deliveries.revive(tx, webhook.pool_id, webhook.id, call.now, _ROWS_AT_ONCE)
        if not batch:
            return
        revived += batch
        yield revived


def replay_between(call: Call, webhook_id: str, since: int, until: int) -> Iterator[int]:
    """Send again the events from `since` until just before `until` (ms) that the filter lets through.

    How many so far, after each batch. Raises ResourceNotFound.
    """
    webhook, sent, after, before = require(call, webhook_id), 0, first_id_at(since), first_id_at(until)
    while True:
        with call.db.write() as tx:
            found = told.page_of_pool(tx, webhook.pool_id, after=after, before=before, limit=_ROWS_AT_ONCE)
            for event in found:
                if webhook_events.takes(webhook.filter, event.kind):
                    deliveries.begin_again(tx, delivery(event, webhook, call.now))
                    sent += 1
        if not found:
            return
        after = found[-1].id
        yield sent


class Answer(Struct, frozen=True):
    """What a receiver said: the status and the beginning of the body; or `trouble`, why nothing was said."""

    status: int | None
    text: str
    trouble: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether a delivery would count as done."""
        return self.status is not None and 200 <= self.status < 300


def test(call: Call, out: outgoing.Outgoing, webhook_id: str) -> Answer:
    """Post a message of type `webhook.test` now, once. Raises ResourceNotFound, Unsealable."""
    webhook = require(call, webhook_id)
    id_ = call.entropy.time_ordered_id(call.now)
    data = {"pool_id": webhook.pool_id, "webhook_id": webhook.id}
    body = webhook_events.message(id_, webhook_events.TEST, data)
    try:
        answer = post(call, out, webhook, id_, body)
    except outgoing.TROUBLE as trouble:
        return Answer(None, "", describe(trouble))
    return Answer(answer.status, answer.body[:1000].decode("utf-8", "replace"))


POST_SECONDS = 15.0
_LONGEST_ANSWER = 64 * 1024


def post(call: Call, out: outgoing.Outgoing, webhook: Webhook, id_: str, body: bytes) -> outgoing.Answer:
    """Post a signed message, once. Raises what Outgoing.post raises, and Unsealable."""
    key = call.keys.open(PURPOSE, webhook.secret, webhook.pool_id, webhook.id)
    former, now = None, call.clock.now()
    if webhook.former_secret is not None and now < webhook.former_until:
        former = call.keys.open(PURPOSE, webhook.former_secret, webhook.pool_id, webhook.id)
    signed = webhook_signature.headers(key, id_, now // 1000, body, former=former)
    headers = {"content-type": "application/json", "user-agent": "Lido", **signed}
    return out.post(webhook.url, body, headers, seconds=POST_SECONDS, limit_bytes=_LONGEST_ANSWER)


def describe(trouble: Exception) -> str:
    """Why nothing was said, in a few words of ours."""
    if isinstance(trouble, outgoing.Refused):
        return f"refused: {trouble}"
    if isinstance(trouble, outgoing.Unreachable):
        return f"unreachable: {trouble}"
    if isinstance(trouble, outgoing.TooSlow):
        return "no answer in time"
    if isinstance(trouble, outgoing.TooLarge):
        return "the answer is too large"
    return f"bug: {type(trouble).__name__}"


def delivery(event: Event, webhook: Webhook, now: int) -> Delivery:
    """An event that is due for a webhook now."""
    type_, body = webhook_events.type_of(event.kind), webhook_events.body(event).decode()
    return Delivery(event.pool_id, event.id, webhook.id, type_, body, deliveries.WAITING, 0, now, None, None)


def _require(tx: Transaction, webhook_id: str) -> Webhook:
    webhook = webhooks.find(tx, webhook_id)
    if webhook is None:
        raise errors.ResourceNotFound(f"There is no webhook {webhook_id}.")
    return webhook


def _check(url: str) -> None:
    try:
        outgoing.check(url)
    except outgoing.Refused as refused:
        raise ValueError(f"This address cannot be a webhook's: {refused}.") from None
    if len(url) > LONGEST_URL:
        raise ValueError(f"The address of a webhook has at most {LONGEST_URL} characters.")


def _kind(type_: str) -> str:
    kind = TYPES.get(type_, type_)
    if kind not in KINDS:
        raise ValueError(f"There is no event {type_}; there are {', '.join(sorted(TYPES))}.")
    return kind


def _tell(call: Call, tx: Transaction, pool_id: str, operation: str, webhook_id: str) -> None:
    events.tell(call, tx, pool_id, "pool_changed", fact=Fact(operation=operation, names=[webhook_id]))
