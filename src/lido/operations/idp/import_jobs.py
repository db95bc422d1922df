"""Import jobs: users from a CSV file, made into users while nobody waits."""

from lido.call import Call
from lido.flows import access, import_uploads, user_import
from lido.operations import may, operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages
from lido.rules import schema, user_csv
from lido.shapes import idp
from lido.storage import import_jobs
from lido.storage.import_jobs import ImportJob, JobSettings

_NEWEST = (2**62, "")
_MOST_LISTED = 50
"""The service model's bound on the list of an answer; a request may ask for 60."""


@operation
def create_user_import_job(call: Call, request: idp.CreateUserImportJobRequest) -> idp.CreateUserImportJobResponse:
    """Raises ResourceNotFound, LimitExceeded."""
    settings = JobSettings(request.cloud_watch_logs_role_arn, request.password_hashing_algorithm)
    job = user_import.create(call, request.user_pool_id, request.job_name, settings)
    return idp.CreateUserImportJobResponse(user_import_job=_described(call, job))


@operation
def describe_user_import_job(
    call: Call, request: idp.DescribeUserImportJobRequest
) -> idp.DescribeUserImportJobResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        job = user_import.require(tx, pool, request.job_id)
    return idp.DescribeUserImportJobResponse(user_import_job=_described(call, job))


@operation
def list_user_import_jobs(call: Call, request: idp.ListUserImportJobsRequest) -> idp.ListUserImportJobsResponse:
    """Newest first. Raises ResourceNotFound, InvalidParameter for a foreign token."""
    pages = Pages(call, "ListUserImportJobs", request.user_pool_id)
    most = min(request.max_results, _MOST_LISTED)
    last = pages.after(request.pagination_token)
    before = (int(last[0]), str(last[1])) if last else _NEWEST
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = import_jobs.page(tx, pool.pool_id, before=before, limit=most + 1)
    shown, token = pages.cut(found, most, lambda job: [job.created_at, job.id])
    return idp.ListUserImportJobsResponse(
        user_import_jobs=[_described(call, job) for job in shown], pagination_token=token
    )


@operation
def start_user_import_job(call: Call, request: idp.StartUserImportJobRequest) -> idp.StartUserImportJobResponse:
    """Raises ResourceNotFound, PreconditionNotMet."""
    job = user_import.start(call, request.user_pool_id, request.job_id)
    return idp.StartUserImportJobResponse(user_import_job=_described(call, job))


@operation
def stop_user_import_job(call: Call, request: idp.StopUserImportJobRequest) -> idp.StopUserImportJobResponse:
    """Who was imported stays. Raises ResourceNotFound, PreconditionNotMet."""
    job = user_import.stop(call, request.user_pool_id, request.job_id)
    return idp.StopUserImportJobResponse(user_import_job=_described(call, job))


@operation
def get_csv_header(call: Call, request: idp.GetCSVHeaderRequest) -> idp.GetCSVHeaderResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
    columns = user_csv.header(schema.by_name(pool.settings.shape.schema_attributes))
    return idp.GetCSVHeaderResponse(user_pool_id=pool.pool_id, csv_header=columns)


def _described(call: Call, job: ImportJob) -> idp.UserImportJobType:
    """With the address for the file, while it takes one, where the caller could have one made anyway."""
    takes_a_file = job.state == "Created" and may(call, "cognito-idp", "CreateUserImportJob", job.pool_id)
    return idp.UserImportJobType(
        job_name=job.name,
        job_id=job.id,
        user_pool_id=job.pool_id,
        pre_signed_url=import_uploads.url(call, job) if takes_a_file else None,
        creation_date=timestamp(job.created_at),
        start_date=None if job.started_at is None else timestamp(job.started_at),
        completion_date=None if job.finished_at is None else timestamp(job.finished_at),
        status=job.state,
        cloud_watch_logs_role_arn=job.settings.role_arn,
        imported_users=job.imported,
        skipped_users=job.skipped,
        failed_users=job.failed,
        completion_message=job.message,
        password_hashing_algorithm=job.settings.hashing,
    )
