"""Import jobs as operators make, start and stop them, and the users that the lines of their files become."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, handles, passwords, sign_up
from lido.flows.events import Fact, Kind, tell
from lido.records import Factor, Pool, Status, User
from lido.rules import attributes, identifiers, password_hashes, profile, user_csv
from lido.rules.schema import Attribute
from lido.rules.user_csv import Row
from lido.storage import import_jobs, users
from lido.storage import passwords as stored_passwords
from lido.storage.database import Transaction
from lido.storage.import_jobs import CREATED, ImportJob, JobSettings, Line, State

MOST_JOBS = 1_000
EXPIRES_AFTER_MS = 86_400_000
_ID_BYTES = 32
_STATE = "User import job {} is {}."


def create(call: Call, pool_id: str, name: str, settings: JobSettings) -> ImportJob:
    """A job that waits for its file and to be started. Raises ResourceNotFound, LimitExceeded."""
    job = ImportJob(
        pool_id=pool_id,
        id=identifiers.import_job_id(call.entropy.bytes(_ID_BYTES)),
        name=name,
        state=CREATED,
        settings=settings,
        upload=None,
        size=0,
        position=0,
        line=0,
        imported=0,
        skipped=0,
        failed=0,
        message=None,
        holder="",
        leased_until=0,
        created_at=call.now,
        started_at=None,
        finished_at=None,
    )
    with call.db.write() as tx:
        access.lock_pool(call, tx, pool_id)
        if import_jobs.count(tx, pool_id) >= MOST_JOBS:
            raise errors.LimitExceeded(f"A user pool cannot have more than {MOST_JOBS} user import jobs.")
        if not import_jobs.add(tx, job):
            raise errors.Conflict
        _tell(call, tx, job, "CreateUserImportJob")
    return job


def start(call: Call, pool_id: str, job_id: str) -> ImportJob:
    """Have the uploaded file imported. Raises ResourceNotFound, PreconditionNotMet."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, pool_id)
        job = require(tx, pool, job_id)
        if job.state != CREATED:
            raise errors.PreconditionNotMet(_STATE.format(job.id, job.state))
        if job.upload is None:
            raise errors.PreconditionNotMet("The CSV file of the user import job has not been uploaded.")
        if not pool.settings.shape.auto_verified_attributes:
            raise errors.PreconditionNotMet("The user pool must have at least one auto verified attribute.")
        if import_jobs.is_running(tx, pool_id):
            raise errors.PreconditionNotMet("Another user import job of the user pool is running.")
        import_jobs.start(tx, job, call.now)
        _tell(call, tx, job, "StartUserImportJob")
        return require(tx, pool, job_id)


def stop(call: Call, pool_id: str, job_id: str) -> ImportJob:
    """Import no further line; what was imported stays. Raises ResourceNotFound, PreconditionNotMet."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, pool_id)
        job = require(tx, pool, job_id)
        if not import_jobs.stop(tx, job):
            raise errors.PreconditionNotMet(_STATE.format(job.id, job.state))
        _tell(call, tx, job, "StopUserImportJob")
        return require(tx, pool, job_id)


def require(tx: Transaction, pool: Pool, job_id: str) -> ImportJob:
    """The job of that pool. Raises ResourceNotFound."""
    job = import_jobs.find(tx, pool.pool_id, job_id)
    if job is None:
        raise errors.ResourceNotFound(f"User import job {job_id} does not exist.")
    return job


def refuse_while_running(tx: Transaction, pool: Pool) -> None:
    """Raise UserImportInProgress; the caller has locked the pool, so no job starts meanwhile."""
    if import_jobs.is_running(tx, pool.pool_id):
        raise errors.UserImportInProgress


def finish(call: Call, tx: Transaction, job: ImportJob, state: State, message: str) -> bool:
    """End a job and forget its file; False: it is no longer in the state that was read."""
    done = import_jobs.finish(tx, job, state, message, call.clock.now())
    if done:
        tell(call, tx, job.pool_id, "import_finished", fact=Fact(names=[job.id], reason=state))
    return done


def expire(call: Call, tx: Transaction, limit: int) -> int:
    """End jobs that nobody started within a day; how many."""
    found = import_jobs.never_started(tx, call.now - EXPIRES_AFTER_MS, limit)
    for job in found:
        finish(call, tx, job, import_jobs.EXPIRED, "The user import job was not started in time.")
    return len(found)


class Imported(NamedTuple):
    """A user to store, and what is stored of the password where the file has a hash."""

    user: User
    material: bytes | None


def composed(call: Call, pool: Pool, known: Mapping[str, Attribute], row: Row, hashing: str | None) -> Imported:
    """The user that a row describes, checked against the pool's rules. Raises InvalidParameter.

    Whoever has no password must choose one by a code (RESET_REQUIRED), or needs none where the pool lets people in by a
    code (CONFIRMED, as if an operator had made the user there); a hash is a password (CONFIRMED).
    """
    shape = pool.settings.shape
    user_csv.check_mfa(row, shape.mfa_configuration or "OFF")
    hashed = row.password_hash if hashing else None
    if hashing and hashed:
        password_hashes.check(hashing, hashed)
    attributes.check_values(known, row.attributes)
    lets_in = hashed or sign_up.lets_in_without_password(pool)
    status = Status.CONFIRMED if lets_in else Status.RESET_REQUIRED
    user = sign_up.new_user(call, pool, row.username, row.attributes, status=status)
    proven = {"email": user.email_verified, "phone_number": user.phone_verified}
    verified = [name for name, flag in proven.items() if flag]
    user_csv.check_verified(verified, shape.auto_verified_attributes or ())
    attributes.check_sign_up(known, profile.attributes_of(user))
    handles.handles_of(pool, user)
    factors = _second_factor(pool, user, row)
    if not hashed:
        return Imported(replace(user, factors=factors), None)
    material = passwords.imported_material(call, pool, user.sub, hashed)
    return Imported(replace(user, factors=factors | Factor.PASSWORD), material)


def _second_factor(pool: Pool, user: User, row: Row) -> Factor:
    """Text messages, where the row wants a second factor. Raises InvalidParameter where it would get none."""
    if not row.mfa_enabled:
        return Factor.NONE
    if pool.settings.sms_mfa is not None and user.phone_number is not None:
        return Factor.SMS
    if pool.settings.shape.mfa_configuration == "ON":
        return Factor.NONE  # who has none is asked for one at the first sign-in
    raise errors.InvalidParameter(f"{user_csv.MFA_ENABLED} needs a phone_number, and a user pool with SMS MFA.")


def store(call: Call, tx: Transaction, pool: Pool, imported: Imported, line: int) -> Line | None:
    """Add a user, as one of many in this transaction; None, or why it was not."""
    user = imported.user
    try:
        handles.claim_all_or_none(call, tx, pool, user)
    except errors.UsernameExists:
        return Line(line, "SKIPPED", "The user already exists.")
    except (errors.AliasExists, errors.InvalidParameter) as fault:
        return Line(line, "FAILED", fault.message)
    users.add(tx, user, profile.search_keys(user, pool.folding))
    if imported.material is not None:
        stored_passwords.put(tx, passwords.first(pool, user.sub, imported.material, call.now))
    tell(call, tx, pool.pool_id, "imported", user.sub, Fact(operation="StartUserImportJob"))
    return None


_KINDS: dict[str, Kind] = {
    "CreateUserImportJob": "import_created",
    "StartUserImportJob": "import_started",
    "StopUserImportJob": "import_stopped",
}


def _tell(call: Call, tx: Transaction, job: ImportJob, operation: str) -> None:
    tell(call, tx, job.pool_id, _KINDS[operation], fact=Fact(operation=operation, names=[job.id]))
