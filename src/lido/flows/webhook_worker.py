"""Delivering events to webhooks: from the outbox to each listener, signed, tried again with patience, dead at last.

A webhook is served by one node at a time, which leases it. In a batch the events of one user go one after the other,
those of others beside them. An endpoint that does not answer is asked once in a batch, one that refuses at once twice;
what was to follow shares that failure, so the patience of the dead costs the living nothing.
"""

import zlib
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Literal

import msgspec
import structlog

from lido.call import Call
from lido.flows import webhooks as sending
from lido.flows.serving_worker import ServingWorker
from lido.ports import outgoing
from lido.rules import webhook_events
from lido.rules.sealing import Unsealable
from lido.storage import deliveries, outbox, webhooks
from lido.storage.deliveries import Delivery
from lido.storage.webhooks import Webhook

Outcome = Literal["delivered", "failed", "dead"]

MOST_ATTEMPTS = 10
_FIRST_PAUSE_MS = 5_000
_LONGEST_PAUSE_MS = 8 * 3_600_000
_LEASE_MS = 30_000
# Begun within so much, a batch ends within the lease even when its last receiver is as slow as it may be.
_BATCH_MS = 10_000
_ROWS_AT_ONCE = 500
_POOLS_AT_ONCE = 20
_DELIVERIES_AT_ONCE = 200
_WEBHOOKS_AT_ONCE = 32
_LANES = 8
_AT_ONCE = 64
_MISSES_OF_A_SILENT_ENDPOINT = 2
_SHARED = "not asked after another: "
_OVERWHELMED = frozenset({429, 502, 503, 504})
_GONE = 410
_log = structlog.get_logger("lido.webhooks")


class _Told(msgspec.Struct):
    user_sub: str = ""


class _Body(msgspec.Struct):
    data: _Told = msgspec.field(default_factory=_Told)


_decode = msgspec.json.Decoder(_Body).decode


class Failure(msgspec.Struct, frozen=True):
    """Why a try failed; `of_endpoint`: the next may fail too, `slow`: and take as long, `gone`: all will."""

    reason: str
    of_endpoint: bool = False
    slow: bool = False
    gone: bool = False


class WebhookWorker(ServingWorker):
    """Delivers what is due. `tally` is told how each try ended."""

    def __init__(
        self, new_call: Callable[[], Call], out: outgoing.Outgoing, *, tally: Callable[[Outcome], None] = lambda _: None
    ) -> None:
        super().__init__("webhooks", _WEBHOOKS_AT_ONCE)
        self._new_call = new_call
        self._out = out
        self._tally = tally
        # As those of the worker, these threads start with the first webhook that something is due for.
        self._lanes = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lido-webhook-lanes")
        self._silent: set[Hashable] = set()
        self._taken_last = ""

    def run_due(self) -> int:
        """Send events on their way and begin to serve webhooks; how much of both. Raises errors.Unavailable."""
        call = self._new_call()
        self.forget_served()
        with call.db.read() as tx:
            turn = outbox.whose_turn(tx, after=self._taken_last, limit=_POOLS_AT_ONCE)
        fanned_out = _fan_out(call, turn) if turn else 0
        self._taken_last = turn[-1] if turn else ""
        with call.db.read() as tx:
            # However many endpoints are silent, some that answer are among those found.
            due = webhooks.due(tx, call.now, 2 * _WEBHOOKS_AT_ONCE + len(self._silent))
        return fanned_out + sum(map(self._begin, due))

    def _begin(self, webhook: Webhook) -> bool:
        if self.is_stopping or webhook.id in self.in_hand or not self._has_room(webhook):
            return False
        self.begin(webhook.id, partial(self._serve_batch, webhook))
        return True

    def _has_room(self, webhook: Webhook) -> bool:
        """Half of the threads are kept for those that answered last time."""
        if webhook.id not in self._silent:
            return len(self.in_hand) < _WEBHOOKS_AT_ONCE
        return len(self._silent & self.in_hand.keys()) < _WEBHOOKS_AT_ONCE // 2

    def _serve_batch(self, webhook: Webhook) -> None:
        call = self._new_call()
        until = call.now + _LEASE_MS
        with call.db.write(durable=False) as tx:
            if not webhooks.take(tx, webhook, call.now, until=until):
                return
        with call.db.read() as tx:
            due = deliveries.due(tx, webhook.pool_id, webhook.id, call.now, _DELIVERIES_AT_ONCE)
        batch = _Batch(call, self._out, webhook, deadline=call.now + _BATCH_MS, stopping=lambda: self.is_stopping)
        batch.send(due, self._lanes, 1 if webhook.id in self._silent else _LANES)
        self._remember(webhook, batch)
        self._settle(call, batch, until)

    def _remember(self, webhook: Webhook, batch: "_Batch") -> None:
        if batch.trouble is not None:
            self._silent.add(webhook.id)
        elif batch.outcomes:
            self._silent.discard(webhook.id)

    def _settle(self, call: Call, batch: "_Batch", until: int) -> None:
        webhook, now = batch.webhook, call.clock.now()
        with call.db.write(durable=False) as tx:
            if batch.gone:
                webhooks.set_enabled(tx, webhook, enabled=False, trouble=f"HTTP {_GONE}")
            for delivery, failure in batch.outcomes:
                if failure is None:
                    deliveries.mark_delivered(tx, delivery, now)
                elif delivery.attempts + 1 >= MOST_ATTEMPTS:
                    deliveries.mark_dead(tx, delivery, now, failure.reason)
                else:
                    next_at = now + pause_ms(call, delivery.attempts)
                    deliveries.mark_failed(tx, delivery, next_at=next_at, error=failure.reason)
            webhooks.give_back(tx, webhook, now, until=until)
        for delivery, failure in batch.outcomes:
            last = delivery.attempts + 1 >= MOST_ATTEMPTS
            self._tally("delivered" if failure is None else "dead" if last else "failed")
        _tell_of_failures(batch)


class _Batch:
    """One turn at one webhook. `outcomes` are the tries with why they failed, None for those that did not."""

    def __init__(
        self,
        call: Call,
        out: outgoing.Outgoing,
        webhook: Webhook,
        *,
        deadline: int,
        stopping: Callable[[], bool],
    ) -> None:
        self.webhook = webhook
        self.outcomes: list[tuple[Delivery, Failure | None]] = []
        self.trouble: Failure | None = None
        self.gone = False
        self._call = call
        self._out = out
        self._deadline = deadline
        self._stopping = stopping
        self._misses = 0

    def send(self, due: list[Delivery], executor: ThreadPoolExecutor, lanes: int) -> None:
        """Post in so many lanes, each user's events in one of them, until the deadline."""
        queues = [deque[Delivery]() for _ in range(lanes)]
        for delivery in self._ordered(due, by_chance=lanes == 1):
            queues[_mark(delivery) % lanes].append(delivery)
        waiting = [queue for queue in queues if queue]
        beside = [executor.submit(self._send_lane, queue) for queue in waiting[1:]]
        if waiting:
            self._send_lane(waiting[0])
        wait(beside)
        if self.trouble is not None and not self.gone:
            reason = self.trouble.reason
            self.outcomes += [(each, _shared(each, reason)) for queue in waiting for each in queue]

    def _ordered(self, due: list[Delivery], *, by_chance: bool) -> list[Delivery]:
        """What failed itself comes last; else one user's events, which no receiver takes, would keep back all others'.

        `by_chance`: who comes first is drawn, user by user.
        """
        salt = int.from_bytes(self._call.entropy.bytes(4), "big")
        return sorted(due, key=lambda each: (_failed_itself(each), _mark(each) ^ salt if by_chance else 0))

    def _send_lane(self, queue: deque[Delivery]) -> None:
        while queue and self.trouble is None and not self._stopping() and self._call.clock.now() < self._deadline:
            delivery = queue.popleft()
            failure = self._try(delivery)
            self.outcomes.append((delivery, failure))
            self._judge(failure)

    def _judge(self, failure: Failure | None) -> None:
        """Whether the endpoint is away: one refusal alone may be about what was in the event."""
        self._misses = self._misses + 1 if failure is not None and failure.of_endpoint else 0
        if failure is not None and (failure.gone or failure.slow or self._misses >= _MISSES_OF_A_SILENT_ENDPOINT):
            self.trouble, self.gone = failure, failure.gone

    def _try(self, delivery: Delivery) -> Failure | None:
        try:
            body = delivery.body.encode()
            answer = sending.post(self._call, self._out, self.webhook, delivery.event_id, body)
        except outgoing.TooLarge as large:
            return Failure(sending.describe(large))
        except outgoing.TROUBLE as trouble:
            return Failure(sending.describe(trouble), of_endpoint=True, slow=isinstance(trouble, outgoing.TooSlow))
        except Unsealable:
            return Failure("its master key is missing", of_endpoint=True)
        except Exception as bug:  # noqa: BLE001 - whatever one delivery does, the others leave
            return Failure(sending.describe(bug))
        if 200 <= answer.status < 300:
            return None
        return Failure(f"HTTP {answer.status}", of_endpoint=answer.status in _OVERWHELMED, gone=answer.status == _GONE)


def _failed_itself(delivery: Delivery) -> bool:
    return delivery.last_error is not None and not delivery.last_error.startswith(_SHARED)


def _shared(delivery: Delivery, reason: str) -> Failure:
    """The failure of one that was not asked for; why it failed itself, if ever, is not forgotten over it."""
    return Failure(delivery.last_error or reason if _failed_itself(delivery) else _SHARED + reason)


def _mark(delivery: Delivery) -> int:
    """A number that all events of one user share."""
    return zlib.crc32(_decode(delivery.body).data.user_sub.encode())


def _fan_out(call: Call, pool_ids: list[str]) -> int:
    """Turn outbox rows of these pools into deliveries to the webhooks that listen, each once; how many rows."""
    with call.db.write(durable=False) as tx:
        taken = outbox.take(tx, pool_ids, _ROWS_AT_ONCE)
        listening = {pool_id: webhooks.of_pool(tx, pool_id) for pool_id in {event.pool_id for event in taken}}
        for event in taken:
            for webhook in listening[event.pool_id]:
                if webhook.enabled and webhook_events.takes(webhook.filter, event.kind):
                    deliveries.add(tx, sending.delivery(event, webhook, call.now))
    return len(taken)


def _tell_of_failures(batch: _Batch) -> None:
    failures = [(delivery, failure) for delivery, failure in batch.outcomes if failure is not None]
    if not failures:
        return
    _log.warning(
        "webhook not delivered",
        pool_id=batch.webhook.pool_id,
        webhook_id=batch.webhook.id,
        events=len(failures),
        dead=sum(delivery.attempts + 1 >= MOST_ATTEMPTS for delivery, _ in failures),
        reason=(batch.trouble or failures[-1][1]).reason,
        disabled=batch.gone,
    )


def pause_ms(call: Call, attempts: int) -> int:
    """5 s, thrice as long after each failure up to 8 h, and up to a quarter more so that not all come back at once."""
    pause = min(_FIRST_PAUSE_MS * int(3**attempts), _LONGEST_PAUSE_MS)
    return pause + pause * call.entropy.bytes(1)[0] // 1024
