"""`kill -9` while users are imported: the job goes on where it was, every line is one user, and nobody is one twice."""

import os
import random
import threading

import pytest
import urllib3
from tests.faults.wire import BUSY, ROOT, Wire, make_pool
from tests.imports import ROLE, csv_line, person
from tests.server import Server

from lido.storage.database import connect

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("LIDO_TEST_KILLS", "3"))
SEED = int(os.environ.get("LIDO_TEST_SEED", "20240229"))
USERS, BROKEN = 6_000, 40
PATIENCE_SECONDS = 240

WRONG = {
    "users without a name": """SELECT count(*) FROM users u LEFT JOIN user_names n
        ON n.pool_id = u.pool_id AND n.sub = u.sub WHERE n.sub IS NULL""",
    "names without a user": """SELECT count(*) FROM user_names n LEFT JOIN users u
        ON u.pool_id = n.pool_id AND u.sub = n.sub WHERE u.sub IS NULL""",
    "users of whom nothing was told": """SELECT count(*) FROM users u LEFT JOIN events e
        ON e.pool_id = u.pool_id AND e.sub = u.sub AND e.kind = 'imported' WHERE e.sub IS NULL""",
    "users who are not counted": "SELECT (SELECT count(*) FROM users) - (SELECT sum(imported) FROM import_jobs)",
    "lines that are not counted": """SELECT (SELECT count(*) FROM import_lines)
        - (SELECT sum(failed) + sum(skipped) FROM import_jobs)""",
    "lines that are neither": """SELECT sum(line) - count(*) FILTER (WHERE line > 0)
        - sum(imported) - sum(skipped) - sum(failed) FROM import_jobs""",
}


def wrong(url):
    """What does not add up in the database at this moment."""
    database = connect(url, connections=2)
    try:
        with database.read() as tx:
            found = {what: int(tx.row(sql)[0]) for what, sql in WRONG.items()}
    finally:
        database.close()
    return {what: count for what, count in found.items() if count}


def uploaded(wire, pool_id, *, users, broken):
    """A job with a file of that many users, among them lines that are none."""
    columns = wire.order("GetCSVHeader", UserPoolId=pool_id)["CSVHeader"]
    rows = [csv_line(columns, person(number)) for number in range(users)]
    for number in range(broken):
        rows.insert(number * (users // broken), "no user")
    job = wire.order("CreateUserImportJob", UserPoolId=pool_id, JobName="move", CloudWatchLogsRoleArn=ROLE)
    url = job["UserImportJob"]["PreSignedUrl"]
    answer = urllib3.request("PUT", url, body="\n".join([",".join(columns), *rows]).encode(), retries=False)
    assert answer.status == 200, answer.data
    return job["UserImportJob"]["JobId"]


def described(wire, pool_id, job_id):
    return wire.order("DescribeUserImportJob", UserPoolId=pool_id, JobId=job_id)["UserImportJob"]


def test_an_import_outlives_every_kill(url, tmp_path, capsys):
    chance, moment = random.Random(SEED), threading.Event()
    with Server(tmp_path / "data", url, **ROOT, **BUSY) as server:
        wire = Wire(server)
        pool_id = make_pool(wire)
        job_id = uploaded(wire, pool_id, users=USERS, broken=BROKEN)
        wire.order("StartUserImportJob", UserPoolId=pool_id, JobId=job_id)
        came = []
        for _ in range(KILLS):
            before = described(wire, pool_id, job_id)["ImportedUsers"]
            for _ in range(PATIENCE_SECONDS * 4):  # a process that died holds the job for some seconds
                if described(wire, pool_id, job_id)["ImportedUsers"] > before:
                    break
                moment.wait(0.25)
            moment.wait(chance.uniform(0, 0.2))
            server.kill()
            assert wrong(url) == {}
            server.start()
            came.append(described(wire, pool_id, job_id)["ImportedUsers"])
        for _ in range(PATIENCE_SECONDS * 4):
            job = described(wire, pool_id, job_id)
            if job["Status"] not in ("Pending", "InProgress"):
                break
            moment.wait(0.25)
        assert (job["Status"], job["ImportedUsers"], job["SkippedUsers"]) == ("Succeeded", USERS, 0)
        assert job["FailedUsers"] == BROKEN
        assert wrong(url) == {}
        assert '"event":"bug"' not in server.log.read_text("utf-8")
        wire.close()
    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: killed after {came} of {USERS} users")
