"""Import jobs from the shell: listed, watched, reported."""

import json

import pytest
from tests.imports import Imports, person


@pytest.fixture
def imports(shell):
    return Imports(shell.house)


@pytest.fixture
def pool_id(shell):
    return shell.house.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture
def job(imports, pool_id):
    """One that is over: two users, two lines that are none."""
    content = imports.csv(pool_id, person(1), {**person(2), "phone_number": "1"}, person(1), person(3))
    return imports.whole(pool_id, content)


def test_jobs_are_listed_with_their_figures(shell, pool_id, job):
    listed = shell.prints("imports", "list", pool_id)
    assert job["JobId"] in listed
    assert "Succeeded  move" in listed
    assert "100 %, 4 rows: 2 imported, 1 skipped, 1 failed" in listed
    (shown,) = json.loads(shell.prints("imports", "list", pool_id, "--json"))
    assert (shown["id"], shown["state"], shown["imported"]) == (job["JobId"], "Succeeded", 2)


def test_the_report_tells_each_line_s_own_sentence_and_no_value(shell, pool_id, job):
    assert shell.prints("imports", "report", pool_id, job["JobId"]).splitlines() == [
        "[FAILED] Line Number 3 - Invalid phone number format.",
        "[SKIPPED] Line Number 4 - The user already exists.",
    ]
    assert shell.prints("imports", "report", pool_id, job["JobId"], "--all").splitlines() == [
        "[SUCCEEDED] Line Number 2 - The import succeeded.",
        "[FAILED] Line Number 3 - Invalid phone number format.",
        "[SKIPPED] Line Number 4 - The user already exists.",
        "[SUCCEEDED] Line Number 5 - The import succeeded.",
    ]


def test_watching_ends_with_the_job_and_tells_how_it_ended(shell, imports, pool_id, job):
    watched = shell.prints("imports", "watch", pool_id, job["JobId"])
    assert watched.startswith("Succeeded: 100 %, 4 rows: 2 imported, 1 skipped, 1 failed\n")
    assert "The user import job has completed successfully." in watched
    failed = imports.whole(pool_id, "no header\n")
    result = shell("imports", "watch", pool_id, failed["JobId"], "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["state"] == "Failed"


def test_a_job_that_nobody_started_is_shown_once(shell, imports, pool_id):
    waiting = imports.create(pool_id)
    assert shell.prints("imports", "watch", pool_id, waiting["JobId"]).startswith("Created: 0 %, 0 rows")


def test_a_job_that_does_not_exist_is_told(shell, pool_id):
    for command in ("watch", "report"):
        result = shell("imports", command, pool_id, "import-nobodys")
        assert result.exit_code == 1
        assert "User import job import-nobodys does not exist." in result.stderr
