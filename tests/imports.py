"""Import jobs as somebody works with them: files made, uploaded, worked through, and what became of them."""

from typing import Any

from tests.world import World

from lido.flows.import_worker import ImportWorker
from lido.storage import import_jobs

ROLE = "arn:aws:iam::123456789012:role/CognitoCloudWatchLogsRole"
Job = dict[str, Any]


class Imports:
    """The jobs of a house, and a worker that works when it is told."""

    def __init__(self, house: World) -> None:
        self.worker = ImportWorker(house.lido.call, holder="worker")
        self._house = house

    def create(self, pool_id: str, **arguments: Any) -> Job:
        """A new job, with its address."""
        given = {"JobName": "move", "CloudWatchLogsRoleArn": ROLE, **arguments}
        job: Job = self._house.idp.create_user_import_job(UserPoolId=pool_id, **given)["UserImportJob"]
        return job

    def upload(self, job: Job, content: str | bytes, url: str | None = None) -> tuple[int, str]:
        """Status and body of the answer."""
        octets = content if isinstance(content, bytes) else content.encode()
        address = url or job["PreSignedUrl"]
        status, _, body = self._house.http("PUT", address, {"content-type": "text/csv"}, octets)
        return status, body.decode()

    def start(self, job: Job) -> Job:
        """The job as starting it told."""
        named = {"UserPoolId": job["UserPoolId"], "JobId": job["JobId"]}
        started: Job = self._house.idp.start_user_import_job(**named)["UserImportJob"]
        return started

    def described(self, job: Job) -> Job:
        """The job as it is now."""
        named = {"UserPoolId": job["UserPoolId"], "JobId": job["JobId"]}
        found: Job = self._house.idp.describe_user_import_job(**named)["UserImportJob"]
        return found

    def work(self, batches: int = 10_000) -> None:
        """Work until nothing is due, so many batches at most."""
        while batches and self.worker.run_due():
            batches -= 1

    def whole(self, pool_id: str, content: str | bytes, **arguments: Any) -> Job:
        """Import that content; the job as it ended."""
        job = self.create(pool_id, **arguments)
        assert self.upload(job, content) == (200, "")
        self.start(job)
        self.work()
        return self.described(job)

    def report(self, job: Job) -> dict[int, str]:
        """What became of the lines that made no user, by number."""
        with self._house.database.read() as tx:
            found = import_jobs.lines(tx, job["UserPoolId"], job["JobId"], after=0, limit=1_000)
        return {each.line: f"{each.outcome} {each.reason}" for each in found}

    def csv(self, pool_id: str, *rows: dict[str, str], extra: tuple[str, ...] = ()) -> str:
        """A file of that pool with those rows, each a mapping of columns to values."""
        columns = [*self._house.idp.get_csv_header(UserPoolId=pool_id)["CSVHeader"], *extra]
        return "\n".join([",".join(columns), *(csv_line(columns, row) for row in rows), ""])


def csv_line(columns: list[str], row: dict[str, str]) -> str:
    """A line of somebody with a verified address and no second factor, unless the row says otherwise."""
    values = {"cognito:mfa_enabled": "false", "email_verified": "true", **row}
    return ",".join(values.get(name, "").replace(",", "\\,") for name in columns)


def person(number: int) -> dict[str, str]:
    """A row of somebody who differs from all others."""
    return {"cognito:username": f"user{number}", "email": f"user{number}@example.com"}


def counts(job: Job) -> tuple[int, int, int]:
    """How many users were imported, skipped, failed."""
    return job["ImportedUsers"], job["SkippedUsers"], job["FailedUsers"]
