"""Files that are no file of users, or one that somebody made to do harm (abuse cases 133 and 161)."""

import pytest
from tests.imports import Imports, counts, person

from lido.flows import import_uploads
from lido.rules import user_csv
from lido.storage import import_jobs

MEBIBYTE = 1024 * 1024


@pytest.fixture
def imports(house):
    return Imports(house)


@pytest.fixture
def pool_id(house):
    return house.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture
def whole(imports, pool_id):
    return lambda content, **arguments: imports.whole(pool_id, content, **arguments)


@pytest.fixture
def good(imports, pool_id):
    return imports.csv(pool_id, person(1), {**person(2), "name": "René"})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"",
        lambda text: b"\n\n\n",
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.partition("\n")[2].encode(),
        lambda text: b"PK\x03\x04" + bytes(1_000),
        lambda text: bytes(3 * MEBIBYTE),
        lambda text: b"x" * (3 * MEBIBYTE),
        lambda text: b"," * (3 * MEBIBYTE),
        lambda text: text.encode()[:60],
    ],
)
def test_a_file_of_another_kind_fails_as_a_whole_with_a_sentence(idp, pool_id, good, whole, spoil):
    job = whole(spoil(good))
    assert (job["Status"], counts(job)) == ("Failed", (0, 0, 0))
    assert job["CompletionMessage"].startswith(("The header of the CSV file", "The CSV file must be encoded in UTF-8"))
    assert idp.list_users(UserPoolId=pool_id)["Users"] == []


def test_windows_line_ends_and_a_last_line_without_any_are_fine(good, whole):
    assert counts(whole(good.rstrip("\n").replace("\n", "\r\n"))) == (2, 0, 0)


def test_half_a_file_imports_its_whole_lines(imports, good, whole):
    job = whole(good[: -len(",user2\n")])
    assert counts(job) == (1, 0, 1)
    assert imports.report(job)[3].startswith("FAILED The row has 20 columns and the header 21")


def test_latin_1_fails_where_it_is_no_utf_8(imports, good, whole):
    job = whole(good.encode("latin-1"))
    assert counts(job) == (1, 0, 1)
    assert imports.report(job)[3] == "FAILED The row is not encoded in UTF-8."


def test_empty_lines_are_skipped_and_counted(imports, good, whole):
    job = whole(good.replace("\n", "\n\n", 1) + "\n  \n")
    assert counts(job) == (2, 3, 0)
    assert set(imports.report(job).values()) == {"SKIPPED The line is empty."}


def test_huge_lines_fail_alone_however_the_file_is_cut(imports, good, whole):
    header, first, second, _ = good.split("\n")
    huge = "x" * (2 * MEBIBYTE + 7)
    job = whole("\n".join([header, huge, first, f"{'é' * 20_000},", second, huge]))
    assert counts(job) == (2, 0, 3)
    assert set(imports.report(job).values()) == {"FAILED The row is longer than 16000 characters."}


def test_lines_that_cross_the_borders_of_parts_are_whole(monkeypatch, imports, pool_id, whole):
    monkeypatch.setattr(import_uploads, "PART_BYTES", 97)
    monkeypatch.setattr("lido.web.imports.PART_BYTES", 97)
    assert counts(whole(imports.csv(pool_id, *map(person, range(60))))) == (60, 0, 0)


def test_names_that_differ_only_in_spelling_are_one(house, idp, imports):
    pool = house.pool(AutoVerifiedAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    names = ["straße", "STRASSE", "\uff53trasse", "file", "ﬁle"]
    rows = [{**person(number), "cognito:username": name} for number, name in enumerate(names)]
    job = imports.whole(pool, imports.csv(pool, *rows))
    assert counts(job) == (2, 3, 0)


def test_nobody_is_made_an_operator_of_anything_by_a_column(good, whole):
    for column in ("sub", "identities", "cognito:groups", "status", "../../etc/passwd"):
        job = whole(good.replace("name,", f"{column},name,", 1))
        assert job["Status"] == "Failed"
        assert column not in job["CompletionMessage"]


def test_a_name_like_somebody_s_sub_is_not_given(house, idp, imports, pool_id):
    house.user(pool_id, "alice")
    user = idp.admin_get_user(UserPoolId=pool_id, Username="alice")
    sub = next(each["Value"] for each in user["UserAttributes"] if each["Name"] == "sub")
    job = imports.whole(pool_id, imports.csv(pool_id, {**person(1), "cognito:username": sub}))
    assert counts(job) == (0, 1, 0)


def test_a_file_beyond_the_bound_is_refused_and_leaves_nothing(monkeypatch, house, imports, pool_id, good):
    monkeypatch.setattr("lido.web.imports.MOST_BYTES", 2 * MEBIBYTE)
    job = imports.create(pool_id)
    too_long = b"x" * (2 * MEBIBYTE + 1)
    for headers in ({}, {"transfer-encoding": "chunked", "content-length": ""}):
        status, _, body = house.http("PUT", job["PreSignedUrl"], headers, too_long)
        assert (status, b"EntityTooLarge" in body) == (400, True)
    with house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM import_chunks")[0] == 0
    assert imports.upload(job, good)[0] == 200


def test_a_gibibyte_is_refused_by_what_it_says_of_itself(house, imports, pool_id):
    job = imports.create(pool_id)
    for length in (str(1024**3), "9" * 400):
        status, _, body = house.http("PUT", job["PreSignedUrl"], {"content-length": length}, b"")
        assert (status, b"EntityTooLarge" in body) == (400, True)


def test_a_body_shorter_than_it_said_takes_no_file_s_place(house, imports, pool_id, good):
    job = imports.create(pool_id)
    imports.upload(job, good)
    octets = good.encode()
    status, _, body = house.http("PUT", job["PreSignedUrl"], {"content-length": str(len(octets) + 10)}, octets[:50])
    assert (status, b"IncompleteBody" in body) == (400, True)
    imports.start(job)
    imports.work()
    assert counts(imports.described(job)) == (2, 0, 0)


def test_an_upload_that_another_overtook_is_not_taken(house, imports, pool_id):
    job, call = imports.create(pool_id), house.call()
    slow = import_uploads.begin(call, pool_id, job["JobId"])
    import_uploads.add(call, pool_id, job["JobId"], slow, 0, b"old")
    fast = import_uploads.begin(call, pool_id, job["JobId"])
    with pytest.raises(import_uploads.UploadRefused):
        import_uploads.add(call, pool_id, job["JobId"], slow, 1, b"old")
    with pytest.raises(import_uploads.UploadRefused):
        import_uploads.end(call, pool_id, job["JobId"], slow, 6)
    import_uploads.add(call, pool_id, job["JobId"], fast, 0, b"new")
    import_uploads.end(call, pool_id, job["JobId"], fast, 3)
    with house.database.read() as tx:
        found = import_jobs.find(tx, pool_id, job["JobId"])
        assert tx.row("SELECT count(*) FROM import_chunks")[0] == 1
    assert import_uploads.UploadedFile(found).line(call, 0).content == b"new"


def test_more_rows_than_a_job_may_have_end_it(monkeypatch, imports, pool_id, whole):
    monkeypatch.setattr(user_csv, "MOST_ROWS", 120)
    job = whole(imports.csv(pool_id, *map(person, range(121))))
    assert (job["Status"], counts(job)) == ("Failed", (120, 0, 0))
    assert job["CompletionMessage"] == "The CSV file has more than 120 rows."
    assert counts(whole(imports.csv(pool_id, *map(person, range(200, 320))))) == (120, 0, 0)


def test_the_upload_door_takes_nothing_but_a_put(house, imports, pool_id):
    job = imports.create(pool_id)
    for method in ("GET", "POST", "DELETE"):
        assert house.http(method, job["PreSignedUrl"])[0] == 405


@pytest.mark.parametrize("path", ["/x/imports/y", "/us-east-1_%00/imports/%00", "/../imports/import-1"])
def test_strange_paths_lead_to_no_job(house, path):
    assert house.http("PUT", f"http://lido.test{path}?upload=AAAA", {}, b"x")[0] in (403, 404)
