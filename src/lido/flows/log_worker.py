"""Delivering log records: claimed, handed to a sink outside any transaction, deleted once taken, else tried again.

At least once: a process that dies in between leaves records that another sends again, with the same ids.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog

from lido.call import Call
from lido.flows import log_delivery
from lido.ports.log_sinks import LogLine, LogSink, NotDelivered
from lido.rules.log_delivery import NOTIFICATIONS, Service
from lido.rules.time_ordered_ids import made_at
from lido.storage import log_records, pools
from lido.storage.log_records import LogRecord

_LEASE_MS = 60_000
_AT_ONCE = 500
_FIRST_PAUSE_MS = 5_000
_LONGEST_PAUSE_MS = 900_000
_log = structlog.get_logger("lido.logs")


class LogWorker:
    """Delivers what is due. `sinks` are those of AWS's services that have an endpoint; `instead` takes the rest."""

    def __init__(
        self, new_call: Callable[[], Call], sinks: Mapping[Service, LogSink], instead: LogSink | None = None
    ) -> None:
        self._new_call = new_call
        self._sinks = sinks
        self._instead = instead
        self._awake = threading.Event()
        self._resting: dict[tuple[str, str], tuple[int, int]] = {}
        self._lost: set[tuple[str, str]] = set()
        self._stopping = False

    def stop(self) -> None:
        """Deliver nothing more after the batch in hand."""
        self._stopping = True
        self._awake.set()

    def finish(self) -> None:
        """Nothing is in hand between two looks: close the sinks."""
        self.close()

    def close(self) -> None:
        """Close the sinks."""
        for sink in [*self._sinks.values(), *([self._instead] if self._instead else [])]:
            sink.close()

    def wait(self, seconds: float) -> None:
        """Rest, at most that long."""
        self._awake.wait(seconds)

    def run_due(self) -> int:
        """One batch of each queue that is due; how many records were claimed. Raises errors.Unavailable."""
        call = self._new_call()
        with call.db.read() as tx:
            queues = log_records.queues(tx)
        done = 0
        for queue in queues:
            if not self._stopping and self._resting.get(queue, (0, 0))[0] <= call.now:
                done += self._deliver(call, queue)
        return done

    def _deliver(self, call: Call, queue: tuple[str, str]) -> int:
        with call.db.write() as tx:
            claimed = log_records.claim(tx, *queue, call.clock.now(), lease_ms=_LEASE_MS, limit=_AT_ONCE)
            pool = pools.find(tx, queue[0])
        destination = log_delivery.destination(pool, queue[1]) if pool and claimed else None
        sink = None if destination is None else self._sinks.get(destination.service, self._instead)
        if destination is None or sink is None:
            self._drop(call, queue, claimed)
            return len(claimed)
        left, trouble = claimed, "not all were taken"
        try:
            lines = self._lines(call, claimed)
            refused = {line.id for line in sink.deliver(queue[0], destination, lines)}
            left = [each for each in claimed if each.id in refused]
        except NotDelivered as not_delivered:
            trouble = str(not_delivered)
        except Exception as bug:  # noqa: BLE001 - whatever one pool's records do, the others leave
            trouble = f"bug: {type(bug).__name__}"
        self._settle(call, queue, claimed, left, trouble)
        return len(claimed)

    def _settle(
        self, call: Call, queue: tuple[str, str], claimed: list[LogRecord], left: list[LogRecord], trouble: str
    ) -> None:
        now = call.clock.now()
        failed = len(left) == len(claimed)
        failures = self._resting.get(queue, (0, 0))[1] + 1 if failed else 0
        next_at = now + _pause_ms(call, failures) if failed else now
        with call.db.write() as tx:
            log_records.remove(tx, [each for each in claimed if each not in left])
            log_records.postpone(tx, left, next_at)
        if failed:
            self._resting[queue] = (next_at, failures)
            _log.warning("log records not delivered", pool_id=queue[0], source=queue[1], reason=trouble, tries=failures)
        else:
            self._resting.pop(queue, None)

    def _drop(self, call: Call, queue: tuple[str, str], claimed: list[LogRecord]) -> None:
        """Nobody listens any more, or nothing here leads to the service: keeping them would fill the database."""
        with call.db.write() as tx:
            log_records.remove(tx, claimed)
        if claimed and queue not in self._lost:
            self._lost.add(queue)
            _log.warning("log records dropped: no endpoint, file or URL is set", pool_id=queue[0], source=queue[1])

    def _lines(self, call: Call, claimed: list[LogRecord]) -> list[LogLine]:
        with call.db.read() as tx:
            return [LogLine(each.id, made_at(each.id), _text(each, log_delivery.record(tx, each))) for each in claimed]


def _text(queued: LogRecord, record: dict[str, Any]) -> str:
    if queued.source == NOTIFICATIONS:
        # AWS's form has no id for these; receivers that drop repetitions need one.
        record = {**record, "message": {**record["message"], "id": queued.id}}
    return msgspec.json.encode(record).decode()


def _pause_ms(call: Call, failures: int) -> int:
    """5 s, doubled by each failure up to a quarter of an hour, and up to a quarter more."""
    pause = min(_FIRST_PAUSE_MS << min(failures - 1, 20), _LONGEST_PAUSE_MS)
    return pause + pause * call.entropy.bytes(1)[0] // 1024
