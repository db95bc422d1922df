"""Import jobs: what they are and how far they have come, the files that were uploaded, and the lines that failed."""

from collections.abc import Sequence
from typing import Final

import msgspec

from lido.records import Record
from lido.shapes import idp
from lido.storage.database import Row, Transaction

State = idp.UserImportJobStatusType
CREATED: Final = "Created"
IN_PROGRESS: Final = "InProgress"
STOPPING: Final = "Stopping"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
STOPPED: Final = "Stopped"
EXPIRED: Final = "Expired"


class JobSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document of a job: what Cognito describes beside its name."""

    role_arn: str
    hashing: idp.PasswordHashingAlgorithmType | None = None


class ImportJob(Record, frozen=True):
    """A job. `upload` names the file that came whole, of `size` bytes; of it everything before `position` is done.

    `line` is the number of the last line that was read; `holder` works on it until `leased_until`.
    """

    pool_id: str
    id: str
    name: str
    state: State
    settings: JobSettings
    upload: str | None
    size: int
    position: int
    line: int
    imported: int
    skipped: int
    failed: int
    message: str | None
    holder: str
    leased_until: int
    created_at: int
    started_at: int | None
    finished_at: int | None


class Line(Record, frozen=True):
    """A line that made no user: SKIPPED or FAILED, and why."""

    line: int
    outcome: str
    reason: str


_COLUMNS = (
    "pool_id, id, name, state, settings, upload, size, position, line, imported, skipped, failed, message, holder, "
    "leased_until, created_at, started_at, finished_at"
)
_decode = msgspec.json.Decoder(JobSettings).decode


def _job(row: Row) -> ImportJob:
    return ImportJob(*(*row[:4], _decode(row[4]), *row[5:]))


def add(tx: Transaction, job: ImportJob) -> bool:
    """Store a new job; False: the id is taken. The caller has locked the pool (`pools.touch`)."""
    values = msgspec.structs.asdict(job) | {"settings": msgspec.json.encode(job.settings).decode()}
    return (
        tx.run(
            f"""INSERT INTO import_jobs ({_COLUMNS})
                VALUES (:pool_id, :id, :name, :state, :settings, :upload, :size, :position, :line, :imported, :skipped,
                  :failed, :message, :holder, :leased_until, :created_at, :started_at, :finished_at)
                ON CONFLICT (pool_id, id) DO NOTHING""",
            **values,
        )
        == 1
    )


def find(tx: Transaction, pool_id: str, job_id: str) -> ImportJob | None:
    """The job of that pool and id."""
    row = tx.row(
        f"SELECT {_COLUMNS} FROM import_jobs WHERE pool_id = :pool_id AND id = :id", pool_id=pool_id, id=job_id
    )
    return None if row is None else _job(row)


def count(tx: Transaction, pool_id: str) -> int:
    """How many jobs the pool has, finished ones too."""
    row = tx.row("SELECT count(*) FROM import_jobs WHERE pool_id = :pool_id", pool_id=pool_id)
    return 0 if row is None else int(row[0])


def page(tx: Transaction, pool_id: str, *, before: tuple[int, str], limit: int) -> list[ImportJob]:
    """Jobs of the pool, newest first, that are older than `created_at` and id."""
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM import_jobs
            WHERE pool_id = :pool_id AND (created_at, id) < (:created_at, :id)
            ORDER BY pool_id DESC, created_at DESC, id DESC LIMIT :limit""",
        pool_id=pool_id,
        created_at=before[0],
        id=before[1],
        limit=limit,
    )
    return [_job(row) for row in rows]


def is_running(tx: Transaction, pool_id: str) -> bool:
    """Whether users are being imported into the pool, or are about to be."""
    row = tx.row(
        """SELECT 1 FROM import_jobs
           WHERE pool_id = :pool_id AND finished_at IS NULL AND state IN ('Pending', 'InProgress', 'Stopping')
           LIMIT 1""",
        pool_id=pool_id,
    )
    return row is not None


def running(tx: Transaction, limit: int) -> list[ImportJob]:
    """Jobs of all pools that somebody must work on, oldest first."""
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM import_jobs
            WHERE finished_at IS NULL AND state IN ('Pending', 'InProgress', 'Stopping')
            ORDER BY created_at LIMIT :limit""",
        limit=limit,
    )
    return [_job(row) for row in rows]


def start(tx: Transaction, job: ImportJob, now: int) -> bool:
    """Let somebody work on it; False: it was started before. The caller has locked the pool (`pools.touch`)."""
    return (
        tx.run(
            """UPDATE import_jobs SET state = 'Pending', started_at = :now, uploading = NULL
               WHERE pool_id = :pool_id AND id = :id AND state = 'Created'""",
            pool_id=job.pool_id,
            id=job.id,
            now=now,
        )
        == 1
    )


def stop(tx: Transaction, job: ImportJob) -> bool:
    """Ask whoever works on it to stop; False: nobody does."""
    return (
        tx.run(
            """UPDATE import_jobs SET state = 'Stopping'
               WHERE pool_id = :pool_id AND id = :id AND state IN ('Pending', 'InProgress')""",
            pool_id=job.pool_id,
            id=job.id,
        )
        == 1
    )


def claim(tx: Transaction, job: ImportJob, holder: str, *, now: int, leased_until: int) -> ImportJob | None:
    """The job as it is now, for its holder alone until then; None: another holds it, or it is over."""
    row = tx.row(
        f"""UPDATE import_jobs SET holder = :holder, leased_until = :leased_until
            WHERE pool_id = :pool_id AND id = :id AND finished_at IS NULL
              AND (holder = :holder OR leased_until <= :now)
            RETURNING {_COLUMNS}""",
        pool_id=job.pool_id,
        id=job.id,
        holder=holder,
        now=now,
        leased_until=leased_until,
    )
    return None if row is None else _job(row)


def advance(tx: Transaction, job: ImportJob, *, position: int, line: int, leased_until: int) -> bool:
    """Go on from `job.position`, which must still be the job's: what this transaction does is done once.

    It is the first statement of a batch. False: another came before, or the job was stopped.
    """
    return (
        tx.run(
            """UPDATE import_jobs SET state = 'InProgress', position = :position, line = :line,
                 leased_until = :leased_until
               WHERE pool_id = :pool_id AND id = :id AND position = :seen AND holder = :holder AND state = :state""",
            position=position,
            line=line,
            leased_until=leased_until,
            pool_id=job.pool_id,
            id=job.id,
            seen=job.position,
            holder=job.holder,
            state=job.state,
        )
        == 1
    )


def add_outcomes(tx: Transaction, job: ImportJob, *, imported: int, lines: Sequence[Line]) -> None:
    """Count what became of a batch's lines, in the transaction that advanced the job."""
    for each in lines:
        tx.run(
            """INSERT INTO import_lines (pool_id, job_id, line, outcome, reason)
               VALUES (:pool_id, :job_id, :line, :outcome, :reason)""",
            pool_id=job.pool_id,
            job_id=job.id,
            line=each.line,
            outcome=each.outcome,
            reason=each.reason,
        )
    skipped = sum(each.outcome == "SKIPPED" for each in lines)
    tx.run(
        """UPDATE import_jobs SET imported = imported + :imported, skipped = skipped + :skipped,
             failed = failed + :failed WHERE pool_id = :pool_id AND id = :id""",
        imported=imported,
        skipped=skipped,
        failed=len(lines) - skipped,
        pool_id=job.pool_id,
        id=job.id,
    )


def finish(tx: Transaction, job: ImportJob, state: State, message: str, now: int) -> bool:
    """End the job, if it is still in the state that was read, and forget its file; False: it is not."""
    ended = tx.run(
        """UPDATE import_jobs SET state = :state, message = :message, finished_at = :now, uploading = NULL
           WHERE pool_id = :pool_id AND id = :id AND state = :seen""",
        state=state,
        message=message,
        now=now,
        pool_id=job.pool_id,
        id=job.id,
        seen=job.state,
    )
    if ended:
        tx.run("DELETE FROM import_chunks WHERE pool_id = :pool_id AND job_id = :id", pool_id=job.pool_id, id=job.id)
    return ended == 1


def never_started(tx: Transaction, created_before: int, limit: int) -> list[ImportJob]:
    """Jobs made before then that nobody started, oldest first."""
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM import_jobs
            WHERE finished_at IS NULL AND created_at < :created_before AND state = 'Created'
            ORDER BY created_at LIMIT :limit""",
        created_before=created_before,
        limit=limit,
    )
    return [_job(row) for row in rows]


def begin_upload(tx: Transaction, pool_id: str, job_id: str, upload: str) -> bool:
    """A file is on its way, and none that began before; False: the job takes none any more."""
    began = tx.run(
        """UPDATE import_jobs SET uploading = :upload
           WHERE pool_id = :pool_id AND id = :id AND state = 'Created'""",
        upload=upload,
        pool_id=pool_id,
        id=job_id,
    )
    if began:
        _keep_only(tx, pool_id, job_id)
    return began == 1


def add_chunk(tx: Transaction, pool_id: str, job_id: str, upload: str, part: int, content: bytes) -> bool:
    """A part of a file, sealed; False: the file is no longer the one that is on its way."""
    return (
        tx.run(
            """INSERT INTO import_chunks (pool_id, job_id, upload, part, content)
               SELECT j.pool_id, j.id, j.uploading, :part, :content FROM import_jobs j
               WHERE j.pool_id = :pool_id AND j.id = :id AND j.uploading = :upload AND j.state = 'Created'""",
            pool_id=pool_id,
            id=job_id,
            upload=upload,
            part=part_name(part),
            content=content,
        )
        == 1
    )


def end_upload(tx: Transaction, pool_id: str, job_id: str, upload: str, size: int) -> bool:
    """The file came whole and takes the place of the one before; False: the job takes it no more."""
    ended = tx.run(
        """UPDATE import_jobs SET upload = uploading, uploading = NULL, size = :size
           WHERE pool_id = :pool_id AND id = :id AND uploading = :upload AND state = 'Created'""",
        size=size,
        pool_id=pool_id,
        id=job_id,
        upload=upload,
    )
    if ended:
        _keep_only(tx, pool_id, job_id)
    return ended == 1


def abandon_upload(tx: Transaction, pool_id: str, job_id: str, upload: str) -> None:
    """The file will not come whole: forget what came of it."""
    tx.run(
        """UPDATE import_jobs SET uploading = NULL WHERE pool_id = :pool_id AND id = :id AND uploading = :upload""",
        pool_id=pool_id,
        id=job_id,
        upload=upload,
    )
    _keep_only(tx, pool_id, job_id)


def _keep_only(tx: Transaction, pool_id: str, job_id: str) -> None:
    """Forget all files but the one that came whole and the one on its way."""
    tx.run(
        """DELETE FROM import_chunks WHERE pool_id = :pool_id AND job_id = :id AND NOT EXISTS
             (SELECT 1 FROM import_jobs j WHERE j.pool_id = :pool_id AND j.id = :id
              AND (j.upload = import_chunks.upload OR j.uploading = import_chunks.upload))""",
        pool_id=pool_id,
        id=job_id,
    )


def part_name(part: int) -> str:
    """How a part is called: its number in six digits, so that names sort as numbers."""
    return f"{part:06d}"


def chunk(tx: Transaction, job: ImportJob, part: int) -> bytes | None:
    """A part of the job's file, sealed."""
    row = tx.row(
        """SELECT content FROM import_chunks
           WHERE pool_id = :pool_id AND job_id = :id AND upload = :upload AND part = :part""",
        pool_id=job.pool_id,
        id=job.id,
        upload=job.upload,
        part=part_name(part),
    )
    return None if row is None else bytes(row[0])


def lines(tx: Transaction, pool_id: str, job_id: str, *, after: int, limit: int) -> list[Line]:
    """Lines that made no user, in the order of the file, after that number."""
    return tx.all(
        Line,
        """SELECT line, outcome, reason FROM import_lines
           WHERE pool_id = :pool_id AND job_id = :job_id AND line > :after ORDER BY line LIMIT :limit""",
        pool_id=pool_id,
        job_id=job_id,
        after=after,
        limit=limit,
    )
