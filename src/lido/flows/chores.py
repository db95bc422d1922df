"""What runs by itself: a table of name, period and function, each run in one place of the whole installation.

A chore works in bounded batches, each one write transaction that begins with its lease; all may be repeated without
harm, so a lost lease does none.
"""

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any, Protocol

import msgspec
import structlog

from lido import errors
from lido.call import Call
from lido.flows import audit_chain, key_rotation, unwanted_clients, user_import
from lido.flows.message_worker import MessageWorker
from lido.rules import options
from lido.rules.time_ordered_ids import first_id_at
from lido.storage import audit as audit_entries
from lido.storage import (
    authorization_codes,
    budgets,
    challenges,
    codes,
    deliveries,
    device_grants,
    events,
    leases,
    limits,
    lockouts,
    log_records,
    messages,
    pools,
    pushed_requests,
    sessions,
    signing_keys,
    spent,
    sso_sessions,
    statistics,
    sweeping,
)
from lido.storage.database import Transaction

BEGINNING = ""
_AGAIN = "again"
_LEASE_MS = 60_000
_LOOK_SECONDS = 1.0
_REST = 49
"""Chores rest so many times as long as they worked: they take a fiftieth of a core, and of the writer."""
_ROWS_AT_ONCE = 1_000
_COUNTED_AT_ONCE = 10_000
_POOLS_AT_ONCE = 50
_CLIENTS_AT_ONCE = 20
"""Each takes ten statements, and holds its pool meanwhile."""
_DAY_MS = 86_400_000
_LOG_RECORD_DAYS = 14
"""CloudWatch Logs takes nothing older."""
_log = structlog.get_logger("lido.chores")

Batch = Callable[[Call, Transaction, str], str | None]
"""One bounded piece of work from a position (`BEGINNING`): the position of the next, None when all is done."""


class Chore(msgspec.Struct, frozen=True):
    """Something to be done every so often; `waiting` tells by a cheap look whether there is anything to do at all."""

    name: str
    period_seconds: int
    batch: Batch
    waiting: Callable[[Transaction], bool] | None = None


class Chores:
    """Does what is due, in turns: one batch of each chore at a time."""

    def __init__(self, new_call: Callable[[], Call], table: tuple[Chore, ...], *, holder: str) -> None:
        """`holder` names this process among all that share the database, and never comes twice."""
        self._new_call = new_call
        self._table = table
        self._holder = holder
        self._under_way: dict[str, tuple[int, str]] = {}
        self._resting_until: dict[str, int] = {}

    def run_due(self) -> int:
        """Work until nothing is due; how many batches that took."""
        batches = 0
        while done := self.run_some():
            batches += done
        return batches

    def run_some(self) -> int:
        """One batch of each chore that is due; how many batches were done. Raises errors.Unavailable."""
        call = self._new_call()
        with call.db.read() as tx:
            resting = leases.resting(tx, call.now) - set(self._under_way)
            due = [
                chore
                for chore in self._table
                if chore.name not in resting
                and self._resting_until.get(chore.name, 0) <= call.now
                and (chore.waiting is None or chore.waiting(tx))
            ]
        return sum(self._run_batch(call, chore) for chore in due)

    def _run_batch(self, call: Call, chore: Chore) -> bool:
        try:
            return self._next_batch(call, chore)
        except (errors.Unavailable, errors.Conflict) as trouble:
            _log.warning("chore postponed", chore=chore.name, trouble=str(trouble))
        except Exception:  # noqa: BLE001 - one broken chore must not stop the others
            _log.exception("chore failed", chore=chore.name)
        self._under_way.pop(chore.name, None)
        self._resting_until[chore.name] = call.now + max(chore.period_seconds * 1000, _LEASE_MS)
        return False

    def _next_batch(self, call: Call, chore: Chore) -> bool:
        fence, position = self._under_way.pop(chore.name, (0, BEGINNING))
        with call.db.write() as tx:
            held = leases.take(tx, chore.name, self._holder, now=call.now, expires_at=call.now + _LEASE_MS)
            if held is None:
                return False
            after = chore.batch(call, tx, position if held == fence else BEGINNING)
            if after is None:
                leases.give_back(tx, chore.name, held, due_at=call.now + chore.period_seconds * 1000)
        if after is not None:
            self._under_way[chore.name] = (held, after)
        return True


class Worker(Protocol):
    """Does what is due, over and over, on a thread of its own."""

    def run_due(self) -> int:
        """Work once; how much was done, 0 to be asked again after a rest."""
        ...

    def wait(self, seconds: float) -> None:
        """Rest, at most that long."""
        ...

    def stop(self) -> None:
        """Begin nothing more."""
        ...

    def finish(self) -> None:
        """After the last look: wait for what is in hand."""
        ...


class Background:
    """The threads of a process that nobody asked for anything: one for each worker, one for the chores."""

    def __init__(self, chores: Chores, messages: MessageWorker, **others: Worker) -> None:
        self._chores = chores
        self._messages = messages
        self._workers: dict[str, Worker] = {"messages": messages, **others}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; once."""
        for name, worker in self._workers.items():
            self._begin(name, self._run, worker)
        self._begin("chores", self._do_chores)

    def _begin(self, name: str, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, name=f"lido-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def wake(self) -> None:
        """A message was written: send it now."""
        self._messages.wake()

    def stop(self, timeout_seconds: float) -> bool:
        """End after what is in hand; False when that took longer than given, and the threads are left behind."""
        self._stopping.set()
        for worker in self._workers.values():
            worker.stop()
        for thread in self._threads:
            thread.join(timeout_seconds / len(self._threads))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, worker: Worker) -> None:
        while not self._stopping.is_set():
            if not self._safely(worker.run_due):
                worker.wait(_LOOK_SECONDS)
        self._safely(worker.finish)

    def _do_chores(self) -> None:
        while not self._stopping.is_set():
            began = perf_counter()
            done = self._safely(self._chores.run_some)
            # Looking for orphans among a million users takes thousands of batches: requests come first.
            self._stopping.wait(_REST * (perf_counter() - began) if done else _LOOK_SECONDS)

    @staticmethod
    def _safely(work: Callable[[], int | None]) -> int:
        """Whatever happens is logged, and tried again after a while."""
        try:
            return work() or 0
        except (errors.Unavailable, errors.Conflict) as trouble:
            _log.warning("background work postponed", trouble=str(trouble))
        except Exception:  # noqa: BLE001 - a thread that ended would be missed by nobody
            _log.exception("background work failed")
        return 0


def table(
    *, event_retention_days: int, message_retention_days: int, delivery_retention_days: int = 14
) -> tuple[Chore, ...]:
    """Everything that runs by itself. The days hold for pools that say nothing else."""

    def forget_events(call: Call, tx: Transaction, position: str) -> str | None:
        return _forget_events(call, tx, position, event_retention_days)

    def forget_messages(call: Call, tx: Transaction, _: str) -> str | None:
        cutoff = first_id_at(call.now - message_retention_days * _DAY_MS)
        return _again_if_full(messages.remove_before(tx, cutoff, _ROWS_AT_ONCE))

    def forget_deliveries(call: Call, tx: Transaction, _: str) -> str | None:
        cutoff = call.now - delivery_retention_days * _DAY_MS
        removed = deliveries.remove_settled(tx, cutoff, _ROWS_AT_ONCE)
        return _again_if_full(removed + deliveries.remove_abandoned(tx, cutoff, _ROWS_AT_ONCE - removed))

    return (
        Chore("seal audit", 1, _seal_audit, waiting=audit_entries.has_unsealed),
        Chore("sweep", 60, _sweep),
        Chore("sweep counters", 900, _sweep_counters),
        Chore("rotate signing keys", 60, _rotate_signing_keys),
        Chore("empty deleted pools", 300, _empty_deleted_pools),
        Chore("count users", 900, _count_users),
        Chore("expire import jobs", 900, _expire_import_jobs),
        Chore("expire registered clients", 900, _expire_registered_clients),
        Chore("forget events", 3_600, forget_events),
        Chore("forget messages", 3_600, forget_messages),
        Chore("forget deliveries", 3_600, forget_deliveries),
        Chore("forget log records", 3_600, _forget_log_records),
        Chore("remove orphans", 86_400, _remove_orphans),
    )


def _again_if_full(removed: int) -> str | None:
    return _AGAIN if removed >= _ROWS_AT_ONCE else None


def _seal_audit(call: Call, tx: Transaction, _: str) -> str | None:
    return _AGAIN if audit_chain.seal_next(call, tx) else None


def _sweep(call: Call, tx: Transaction, _: str) -> str | None:
    left = _ROWS_AT_ONCE
    for remove in (
        spent.remove_expired,
        codes.remove_expired,
        challenges.remove_expired,
        messages.drop_expired,
        sessions.remove_expired,
        sso_sessions.remove_expired,
        authorization_codes.remove_expired,
        pushed_requests.remove_expired,
        device_grants.remove_expired,
    ):
        left -= remove(tx, call.now, left)
        if left <= 0:
            return _AGAIN
    return None


def _expire_import_jobs(call: Call, tx: Transaction, _: str) -> str | None:
    return _AGAIN if user_import.expire(call, tx, 1) else None


def _expire_registered_clients(call: Call, tx: Transaction, _: str) -> str | None:
    return _AGAIN if unwanted_clients.expire(call, tx, _CLIENTS_AT_ONCE) else None


def _sweep_counters(call: Call, tx: Transaction, _: str) -> str | None:
    left = _ROWS_AT_ONCE
    for remove in (lockouts.remove_forgotten, budgets.remove_expired, limits.remove_forgotten):
        left -= remove(tx, call.now, left)
        if left <= 0:
            return _AGAIN
    return None


def _rotate_signing_keys(call: Call, tx: Transaction, _: str) -> str | None:
    due = signing_keys.pools_due(tx, call.now, _POOLS_AT_ONCE)
    for pool_id in due:
        key_rotation.advance(call, tx, pool_id)
    return _AGAIN if len(due) == _POOLS_AT_ONCE else None


def _forget_log_records(call: Call, tx: Transaction, _: str) -> str | None:
    cutoff = first_id_at(call.now - _LOG_RECORD_DAYS * _DAY_MS)
    return _again_if_full(log_records.remove_before(tx, cutoff, _ROWS_AT_ONCE))


def _empty_deleted_pools(call: Call, tx: Transaction, _: str) -> str | None:
    # Webhooks hear of the end too; the tries of a delivery take half a day.
    for pool_id in pools.deleted(tx, call.now - _DAY_MS, 1):
        sweeping.empty_pool(tx, pool_id, _ROWS_AT_ONCE)
        return _AGAIN
    return None


def _forget_events(call: Call, tx: Transaction, position: str, default_days: int) -> str | None:
    """`position` is the last pool that was done."""
    found = pools.ids(tx, after=position, limit=_POOLS_AT_ONCE)
    left = _ROWS_AT_ONCE
    for pool_id in found:
        pool = pools.find(tx, pool_id)
        days = int((pool and options.text(pool, "event_retention_days")) or default_days)
        left -= events.remove_before(tx, pool_id, first_id_at(call.now - days * _DAY_MS), left)
        if left <= 0:
            return position
        position = pool_id
    return position if found else None


def _count_users(call: Call, tx: Transaction, position: str) -> str | None:
    """`position` is JSON: the pool in hand, the last sub counted, how many so far."""
    pool_id, sub, total = _counting(tx, position)
    left = _COUNTED_AT_ONCE
    while pool_id and left > 0:
        counted, sub = statistics.count_users(tx, pool_id, after=sub, limit=left)
        total += counted
        left -= counted
        if left > 0:
            statistics.put(tx, pool_id, statistics.USERS, total, call.now)
            pool_id, sub, total = _next_pool(tx, pool_id), "", 0
            left -= _COUNTED_AT_ONCE // _POOLS_AT_ONCE
    return msgspec.json.encode([pool_id, sub, total]).decode() if pool_id else None


def _counting(tx: Transaction, position: str) -> tuple[str, str, int]:
    if not position:
        return _next_pool(tx, ""), "", 0
    pool_id, sub, total = msgspec.json.decode(position)
    return pool_id, sub, total


def _next_pool(tx: Transaction, after: str) -> str:
    return next(iter(pools.ids(tx, after=after, limit=1)), "")


def _remove_orphans(_: Call, tx: Transaction, position: str) -> str | None:
    """`position` is the number of the table in hand and the last key looked at: MessagePack, because keys may be bytes,
    which JSON would give back as text, beyond which all bytes lie.
    """
    given: tuple[int, list[Any]] = msgspec.msgpack.decode(bytes.fromhex(position)) if position else (0, [])
    number, after = given
    last = sweeping.remove_orphans(tx, sweeping.PERSONAL[number], tuple(after), _ROWS_AT_ONCE)
    if last is not None:
        return msgspec.msgpack.encode([number, list(last)]).hex()
    return msgspec.msgpack.encode([number + 1, []]).hex() if number + 1 < len(sweeping.PERSONAL) else None
