"""Log delivery: records for the pools that want them, written with the fact they tell, sent by flows/log_worker.py."""

from typing import Any

import msgspec

from lido.call import Call
from lido.records import Event, Message, Pool
from lido.rules import log_delivery
from lido.rules.log_delivery import AUTH_EVENTS, NOTIFICATIONS, Destination
from lido.storage import log_records, pools, users
from lido.storage.database import Transaction
from lido.storage.log_records import LogRecord


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What waits in the queue. The record itself is made when it leaves, by the names that are true then."""

    at: int
    kind: str = ""
    sub: str = ""
    request_id: str = ""
    fact: dict[str, Any] = {}
    details: str = ""


def heard(call: Call, tx: Transaction, event: Event) -> None:
    """Queue a user's event, in the transaction that tells it, if it is one that the pool's log wants."""
    if log_delivery.auth_event(event.kind, event.body) is None or not _wanted(call, tx, event.pool_id, AUTH_EVENTS):
        return
    told = Told(at=call.now, kind=event.kind, sub=event.sub, request_id=call.request_id, fact=event.body)
    _queue(call, tx, event.pool_id, AUTH_EVENTS, event.id, told)


def not_sent(call: Call, tx: Transaction, message: Message, reason: str) -> None:
    """Queue that a message could not be sent, in the transaction that settles it; `reason` names no address."""
    if _wanted(call, tx, message.pool_id, NOTIFICATIONS):
        details = f"{message.medium} message {message.id} could not be sent (attempt {message.attempts}): {reason}"
        told = Told(at=call.clock.now(), details=details)
        record_id = call.entropy.time_ordered_id(told.at)
        _queue(call, tx, message.pool_id, NOTIFICATIONS, record_id, told)


def destination(pool: Pool, source: str) -> Destination | None:
    """Where the pool sends records of that source; None for nowhere."""
    wanted = (each for each in pool.settings.log_configurations if each.event_source == source)
    return next(map(log_delivery.destination, wanted), None)


def record(tx: Transaction, queued: LogRecord) -> dict[str, Any]:
    """The record as it leaves, in AWS's form."""
    told = msgspec.json.decode(queued.body, type=Told)
    if queued.source == NOTIFICATIONS:
        return log_delivery.notification_record(queued.pool_id, told.at, told.details)
    user = users.find(tx, queued.pool_id, told.sub) if told.sub else None
    return log_delivery.auth_record(
        queued.pool_id,
        queued.id,
        told.at,
        kind=told.kind,
        fact=told.fact,
        sub=told.sub,
        username=user.username if user else "",
        request_id=told.request_id,
    )


def _queue(call: Call, tx: Transaction, pool_id: str, source: str, record_id: str, told: Told) -> None:
    body = msgspec.json.encode(told).decode()
    log_records.add(tx, LogRecord(pool_id, source, record_id, body, 0), call.now)


def _wanted(call: Call, tx: Transaction, pool_id: str, source: str) -> bool:
    """As the pool's settings were at most a second ago: sign-ins pay for no statement of their own."""
    second, remembered = call.now // 1000, ("log sources", pool_id)
    kept: frozenset[str] | None = tx.documents.get(remembered, second)
    if kept is None:
        pool = pools.find(tx, pool_id)
        kept = frozenset(each.event_source for each in pool.settings.log_configurations) if pool else frozenset()
        tx.documents.keep(remembered, second, kept)
    return source in kept
