"""Import jobs: made, started, stopped, and what became of their rows."""

from tests.imports import ROLE, Imports, counts, person
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns, differences

HASHED = {**person(0), "cognito:password_hash": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}


@story(
    "CreateUserImportJob",
    "DescribeUserImportJob",
    "ListUserImportJobs",
    "StartUserImportJob",
    "StopUserImportJob",
)
def import_jobs(asker: Asker) -> None:
    pool_id = asker.house.pool(AutoVerifiedAttributes=["email"])
    imports, made = Imports(asker.house), []
    examples = {
        "UserPoolId": pool_id,
        "JobName": Turns(("first", "second")),
        "CloudWatchLogsRoleArn": Turns((ROLE, f"{ROLE}Two")),
    }
    for turn in range(2):
        given, told = asker.ask_all("CreateUserImportJob", examples, turn=turn)
        job = told["UserImportJob"]
        assert differences({**given, "Status": "Created"}, job) == []
        assert counts(job) == (0, 0, 0)
        shown = asker.ask("DescribeUserImportJob", UserPoolId=pool_id, JobId=job["JobId"])["UserImportJob"]
        assert set(job) == set(shown)
        assert imports.upload(shown, "x") == (200, "")
        del shown["PreSignedUrl"]
        assert differences(shown, job) == []
        made.append(job)
        asker.house.clock.advance(seconds=1)

    page = asker.ask("ListUserImportJobs", UserPoolId=pool_id, MaxResults=1)
    token = page["PaginationToken"]
    rest = asker.ask("ListUserImportJobs", UserPoolId=pool_id, MaxResults=1, PaginationToken=token)
    assert "PaginationToken" not in rest
    listed = page["UserImportJobs"] + rest["UserImportJobs"]
    assert [each["JobName"] for each in listed] == ["second", "first"]
    assert all(each.pop("PreSignedUrl") for each in listed)
    assert differences(listed, [{name: job[name] for name in listed[0]} for job in made]) == []

    content = imports.csv(pool_id, HASHED, {"cognito:username": "dan"}, extra=("cognito:password_hash",))
    for job in made:
        named = {"UserPoolId": pool_id, "JobId": job["JobId"]}
        assert imports.upload(job, content) == (200, "")
        started = asker.ask("StartUserImportJob", **named)["UserImportJob"]
        assert differences(started, asker.ask("DescribeUserImportJob", **named)["UserImportJob"]) == []
        assert (started["Status"], started["StartDate"] > started["CreationDate"]) == ("Pending", True)
        if job["JobName"] == "second":
            stopping = asker.ask("StopUserImportJob", **named)["UserImportJob"]
            assert stopping["Status"] == "Stopping"
        asker.house.clock.advance(seconds=1)
        imports.work()

    ended = [imports.described(job) for job in made]
    assert [(job["Status"], counts(job)) for job in ended] == [("Succeeded", (1, 0, 1)), ("Stopped", (0, 0, 0))]
    assert all(job["CompletionDate"] > job["StartDate"] for job in ended)
    (user,) = asker.ask("ListUsers", UserPoolId=pool_id)["Users"]
    assert (user["Username"], user["UserStatus"]) == ("user0", "CONFIRMED")
