"""What operators read of import jobs: which there are, how far one has come, what became of each line."""

from collections.abc import Iterator

import msgspec

from lido import errors
from lido.call import Call
from lido.rules.user_csv import SUCCEEDED, report_line
from lido.storage import import_jobs
from lido.storage.import_jobs import ImportJob

_JOBS_AT_ONCE = 1_000
_LINES_AT_ONCE = 1_000
_NEWEST = (2**62, "")


class Progress(msgspec.Struct, frozen=True):
    """How far a job has come: `percent` of its file, `rows` read; `finished` says that nothing will change any more."""

    id: str
    name: str
    state: str
    percent: int
    rows: int
    imported: int
    skipped: int
    failed: int
    message: str | None
    created_at: int
    finished_at: int | None

    @property
    def finished(self) -> bool:
        """Whether it is over, whatever became of it."""
        return self.finished_at is not None


def jobs(call: Call, pool_id: str) -> list[Progress]:
    """The pool's jobs, newest first."""
    with call.db.read() as tx:
        return [_progress(job) for job in import_jobs.page(tx, pool_id, before=_NEWEST, limit=_JOBS_AT_ONCE)]


def progress(call: Call, pool_id: str, job_id: str) -> Progress:
    """How far it has come. Raises ResourceNotFound."""
    return _progress(_require(call, pool_id, job_id))


def outcomes(call: Call, pool_id: str, job_id: str, *, succeeded_too: bool) -> Iterator[str]:
    """A sentence for each line that made no user, with `succeeded_too` for all. Raises ResourceNotFound."""
    last, after = _require(call, pool_id, job_id).line, 1
    while True:
        with call.db.read() as tx:
            found = import_jobs.lines(tx, pool_id, job_id, after=after, limit=_LINES_AT_ONCE)
        for line in found:
            if succeeded_too:
                yield from _succeeded(after + 1, line.line)
            yield report_line(line.outcome, line.line, line.reason)
            after = line.line
        if len(found) < _LINES_AT_ONCE:
            break
    if succeeded_too:
        yield from _succeeded(after + 1, last + 1)


def _succeeded(first: int, end: int) -> Iterator[str]:
    return (report_line("SUCCEEDED", line, SUCCEEDED) for line in range(first, end))


def _require(call: Call, pool_id: str, job_id: str) -> ImportJob:
    with call.db.read() as tx:
        job = import_jobs.find(tx, pool_id, job_id)
    if job is None:
        raise errors.ResourceNotFound(f"User import job {job_id} does not exist.")
    return job


def _progress(job: ImportJob) -> Progress:
    return Progress(
        id=job.id,
        name=job.name,
        state=job.state,
        percent=100 * job.position // job.size if job.size else 0,
        rows=max(job.line - 1, 0),
        imported=job.imported,
        skipped=job.skipped,
        failed=job.failed,
        message=job.message,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
