"""Working through the files of import jobs: a batch of lines in one transaction, a rest, the next.

How far a job has come is written by the transaction that stores the users, so a batch is done once or not at all,
whoever is killed in between; another process goes on when the lease is over.
"""

import threading
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple

import structlog

from lido import errors
from lido.call import Call
from lido.flows import user_import
from lido.flows.import_uploads import UploadedFile
from lido.flows.user_import import Imported
from lido.records import Pool
from lido.rules import schema, user_csv
from lido.rules.schema import Attribute
from lido.rules.user_csv import Unreadable
from lido.storage import import_jobs, pools
from lido.storage.import_jobs import ImportJob, Line, State

_LEASE_MS = 10_000
_LINES_AT_ONCE = 20
_JOBS_AT_ONCE = 20
_REST = 1
"""Rests as long as it worked: sign-ins of all pools find the writer and the interpreter free in between."""
_SUCCEEDED = "The user import job has completed successfully."
_TOO_MANY = "Too many users have failed or been skipped during the import."
_STOPPED = "The Import Job was stopped by the developer."
_log = structlog.get_logger("lido.imports")


class _Opened(NamedTuple):
    """A file in hand: its columns, and where its rows begin."""

    file: UploadedFile
    columns: tuple[str, ...]
    rows_at: int


class _Batch(NamedTuple):
    """Lines that were read: users to store by line number, lines that are none, and where the next line begins."""

    users: list[tuple[int, Imported]]
    refused: list[Line]
    line: int
    position: int


class ImportWorker:
    """Works through what was started. `holder` names this process among all that share the database."""

    def __init__(self, new_call: Callable[[], Call], *, holder: str) -> None:
        self._new_call = new_call
        self._holder = holder
        self._awake = threading.Event()
        self._stopping = False
        self._opened: dict[tuple[str, str], _Opened] = {}
        self._resting_until: dict[tuple[str, str], int] = {}

    def stop(self) -> None:
        """Begin no further batch."""
        self._stopping = True
        self._awake.set()

    def finish(self) -> None:
        """A batch ends with its transaction: nothing is in hand between two looks."""

    def wait(self, seconds: float) -> None:
        """Rest, at most that long."""
        self._awake.wait(seconds)

    def run_due(self) -> int:
        """A batch of each job that runs; how many batches. Raises errors.Unavailable, errors.Conflict."""
        call = self._new_call()
        with call.db.read() as tx:
            running = import_jobs.running(tx, _JOBS_AT_ONCE)
        self._opened = {key: self._opened[key] for job in running if (key := (job.pool_id, job.id)) in self._opened}
        done = 0
        for job in running:
            if not self._stopping:
                began = perf_counter()
                done += self._safely_work_on(self._new_call(), job)
                self._awake.wait(_REST * (perf_counter() - began))
        return done

    def _safely_work_on(self, call: Call, job: ImportJob) -> bool:
        """Whatever goes wrong with one job, the others go on, and it is tried again a lease later."""
        key = (job.pool_id, job.id)
        if self._resting_until.get(key, 0) > call.now:
            return False
        try:
            return self._work_on(call, job)
        except (errors.Unavailable, errors.Conflict) as trouble:
            _log.warning("import postponed", pool_id=job.pool_id, job_id=job.id, trouble=str(trouble))
        except Exception:  # noqa: BLE001 - a bug that one file finds must not hold up the others
            _log.exception("import failed", pool_id=job.pool_id, job_id=job.id)
            self._resting_until[key] = call.now + _LEASE_MS
        return False

    def _work_on(self, call: Call, seen: ImportJob) -> bool:
        job = self._held(call, seen)
        if job is None:
            return False
        if job.state == import_jobs.STOPPING:
            return self._finish(call, job, import_jobs.STOPPED, _STOPPED)
        with call.db.read() as tx:
            pool = pools.find(tx, job.pool_id)
        if pool is None:
            return self._finish(call, job, import_jobs.FAILED, "The user pool was deleted.")
        try:
            return self._go_on(call, pool, job)
        except Unreadable as trouble:
            return self._finish(call, job, import_jobs.FAILED, str(trouble))

    def _held(self, call: Call, seen: ImportJob) -> ImportJob | None:
        """The job, for us alone; None while it is another's."""
        if seen.holder == self._holder and seen.leased_until > call.now + _LEASE_MS // 2:
            return seen
        if seen.holder != self._holder and seen.leased_until > call.now:
            return None
        with call.db.write(durable=False) as tx:
            return import_jobs.claim(tx, seen, self._holder, now=call.now, leased_until=call.now + _LEASE_MS)

    def _go_on(self, call: Call, pool: Pool, job: ImportJob) -> bool:
        known = schema.by_name(pool.settings.shape.schema_attributes)
        opened = self._open(call, known, job)
        if job.state == import_jobs.IN_PROGRESS and job.position >= job.size:
            return self._finish(call, job, *_result(job))
        if job.line > user_csv.MOST_ROWS:
            sentence = f"The CSV file has more than {user_csv.MOST_ROWS} rows."
            return self._finish(call, job, import_jobs.FAILED, sentence)
        batch = _read(call, pool, known, job, opened)
        return _store(call, pool, job, batch)

    def _open(self, call: Call, known: Mapping[str, Attribute], job: ImportJob) -> _Opened:
        """The file, and its header as the job began with it: pools do not change their attributes meanwhile."""
        key = (job.pool_id, job.id)
        if key not in self._opened:
            file = UploadedFile(job)
            first = file.line(call, 0)
            wanted = user_csv.header(known)
            columns = user_csv.read_header(first.content, wanted, with_hashes=job.settings.hashing is not None)
            self._opened[key] = _Opened(file, columns, first.end)
        return self._opened[key]

    def _finish(self, call: Call, job: ImportJob, state: State, message: str) -> bool:
        with call.db.write() as tx:
            done = user_import.finish(call, tx, job, state, message)
        self._opened.pop((job.pool_id, job.id), None)
        if done:
            figures = {"imported": job.imported, "skipped": job.skipped, "failed": job.failed}
            _log.info("import ended", pool_id=job.pool_id, job_id=job.id, state=state, **figures)
        return done


def _result(job: ImportJob) -> tuple[State, str]:
    """Lines that fail do not fail the job, unless none succeeded."""
    if not job.imported and (job.skipped or job.failed):
        return import_jobs.FAILED, _TOO_MANY
    return import_jobs.SUCCEEDED, _SUCCEEDED


def _read(call: Call, pool: Pool, known: Mapping[str, Attribute], job: ImportJob, opened: _Opened) -> _Batch:
    position, number = (job.position, job.line) if job.position else (opened.rows_at, 1)
    found: list[tuple[int, Imported]] = []
    refused: list[Line] = []
    last = min(number + _LINES_AT_ONCE, user_csv.MOST_ROWS + 1)
    while number < last and position < job.size:
        number += 1
        line = opened.file.line(call, position)
        position = line.end
        if line.content is not None and not line.content.strip():
            refused.append(Line(number, "SKIPPED", "The line is empty."))
            continue
        try:
            row = user_csv.read_row(opened.columns, line.content)
            found.append((number, user_import.composed(call, pool, known, row, job.settings.hashing)))
        except errors.InvalidParameter as fault:
            refused.append(Line(number, "FAILED", " ".join(fault.message.split())))
    return _Batch(found, refused, number, position)


def _store(call: Call, pool: Pool, job: ImportJob, batch: _Batch) -> bool:
    until = call.clock.now() + _LEASE_MS
    with call.db.write(durable=False) as tx:
        if not import_jobs.advance(tx, job, position=batch.position, line=batch.line, leased_until=until):
            return False
        troubles = [user_import.store(call, tx, pool, imported, number) for number, imported in batch.users]
        lines = [*batch.refused, *(trouble for trouble in troubles if trouble is not None)]
        imported = troubles.count(None)
        import_jobs.add_outcomes(tx, job, imported=imported, lines=lines)
    return True
