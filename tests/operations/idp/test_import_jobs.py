import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from tests.imports import ROLE, Imports, counts, csv_line, person
from tests.world import PASSWORD

from lido.flows import access, import_uploads, passwords, user_import
from lido.flows.import_worker import ImportWorker
from lido.storage import passwords as stored_passwords
from lido.storage import pools

BASE = (
    "name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,"
    "gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled,"
    "cognito:username"
)


def refused(sentence, code="InvalidParameterException"):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


@pytest.fixture
def pool_id(house):
    return house.pool(AutoVerifiedAttributes=["email"])


@pytest.fixture
def imports(house):
    return Imports(house)


def attributes(user):
    return {each["Name"]: each["Value"] for each in user["UserAttributes"]}


def test_the_header_has_all_attributes_and_cognito_s_own_two(house, idp, pool_id):
    answer = idp.get_csv_header(UserPoolId=pool_id)
    assert (answer["UserPoolId"], ",".join(answer["CSVHeader"])) == (pool_id, BASE)
    idp.add_custom_attributes(
        UserPoolId=pool_id, CustomAttributes=[{"Name": "tier", "AttributeDataType": "String", "Mutable": True}]
    )
    assert idp.get_csv_header(UserPoolId=pool_id)["CSVHeader"][-3:] == [
        "custom:tier",
        "cognito:mfa_enabled",
        "cognito:username",
    ]


def test_a_job_is_described_as_it_was_created(imports, idp, pool_id):
    created = imports.create(pool_id, PasswordHashingAlgorithm="BCRYPT")
    url = urlsplit(created.pop("PreSignedUrl"))
    assert url.path == f"/{pool_id}/imports/{created['JobId']}"
    described = imports.described(created)
    assert imports.upload(described, "x")[0] == 200
    del described["PreSignedUrl"]
    assert created == described
    created.pop("CreationDate")
    assert created.pop("JobId").startswith("import-")
    assert created == {
        "JobName": "move",
        "UserPoolId": pool_id,
        "Status": "Created",
        "CloudWatchLogsRoleArn": ROLE,
        "ImportedUsers": 0,
        "SkippedUsers": 0,
        "FailedUsers": 0,
        "PasswordHashingAlgorithm": "BCRYPT",
    }


def test_users_are_imported_and_must_choose_a_password(house, idp, imports, pool_id):
    row = {
        **person(1),
        "name": "Doe, Jane",
        "birthdate": "02/28/1990",
        "phone_number": "+14255550123",
        "address": '{"formatted": "1 Main St, Springfield"}',
    }
    job = imports.create(pool_id)
    assert imports.upload(job, imports.csv(pool_id, row, person(2))) == (200, "")
    started = imports.start(job)
    assert started["Status"] == "Pending"
    assert "StartDate" in started
    imports.work(1)
    assert imports.described(job)["Status"] == "InProgress"
    imports.work()
    done = imports.described(job)
    assert (done["Status"], counts(done)) == ("Succeeded", (2, 0, 0))
    assert done["CompletionMessage"] == "The user import job has completed successfully."
    assert done["CompletionDate"] >= done["StartDate"]
    user = idp.admin_get_user(UserPoolId=pool_id, Username="user1")
    assert (user["UserStatus"], user["Enabled"]) == ("RESET_REQUIRED", True)
    told = attributes(user)
    told.pop("sub")
    assert told == {
        "email": "user1@example.com",
        "email_verified": "true",
        "phone_number": "+14255550123",
        "phone_number_verified": "false",
        "name": "Doe, Jane",
        "birthdate": "1990-02-28",
        "address": '{"formatted": "1 Main St, Springfield"}',
    }


def test_an_imported_user_signs_in_after_choosing_a_password(house, idp, imports, pool_id):
    client = house.app(pool_id)
    imports.whole(pool_id, imports.csv(pool_id, person(1)))

    def sign_in(password):
        return idp.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "user1", "PASSWORD": password},
        )

    with refused("Password reset required for the user", "PasswordResetRequiredException"):
        sign_in(PASSWORD)
    idp.forgot_password(ClientId=client["ClientId"], Username="user1")
    idp.confirm_forgot_password(
        ClientId=client["ClientId"],
        Username="user1",
        ConfirmationCode=house.code("user1@example.com"),
        Password=PASSWORD,
    )
    assert "AuthenticationResult" in sign_in(PASSWORD)


def test_nobody_is_asked_and_nobody_is_written_to(house, idp, imports, pool_id):
    arn = "arn:aws:lambda:us-east-1:123456789012:function:refuse"
    idp.update_user_pool(
        UserPoolId=pool_id,
        AutoVerifiedAttributes=["email"],
        LambdaConfig={"PreSignUp": arn, "PostConfirmation": arn},
    )
    assert counts(imports.whole(pool_id, imports.csv(pool_id, person(1)))) == (1, 0, 0)
    assert house.messages() == []


def test_custom_and_developer_attributes_are_imported_in_columns_of_any_order(idp, house, imports):
    schema = [
        {"Name": "tier", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "3"}},
        {"Name": "note", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
    ]
    pool_id = house.pool(AutoVerifiedAttributes=["email"], Schema=schema)
    rows = [
        {**person(1), "custom:tier": "2", "dev:custom:note": "=1+1"},
        {**person(2), "custom:tier": "4"},
    ]
    columns = idp.get_csv_header(UserPoolId=pool_id)["CSVHeader"][::-1]
    job = imports.whole(pool_id, "\n".join([",".join(columns), *(csv_line(columns, row) for row in rows)]))
    assert imports.report(job) == {3: "FAILED user.custom:tier: Number attributes cannot have a value of more than 3"}
    told = attributes(idp.admin_get_user(UserPoolId=pool_id, Username="user1"))
    assert (told["custom:tier"], told["dev:custom:note"]) == ("2", "=1+1")


def test_each_line_has_its_own_outcome(house, idp, imports):
    pool_id = house.pool(
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        Schema=[{"Name": "given_name", "Required": True, "AttributeDataType": "String", "Mutable": True}],
    )
    named = {"given_name": "Jo"}
    idp.admin_create_user(UserPoolId=pool_id, Username="there", MessageAction="SUPPRESS")
    rows = [
        {**person(1), **named},
        {**person(2), **named, "cognito:username": "THERE"},
        {**person(3), **named, "cognito:username": "USER1"},
        {**person(4), **named, "email": "USER1@example.com"},
        {**person(5)},
        {**person(6), **named, "email_verified": "false"},
        {**person(7), **named, "email": ""},
        {**person(8), **named, "email": "no address"},
        {**person(9), **named, "phone_number": "0123"},
        {**person(10), **named, "cognito:mfa_enabled": "true"},
        {**person(11), **named, "cognito:mfa_enabled": "perhaps"},
        {**person(12), **named, "cognito:username": ""},
        {**person(13), **named, "cognito:username": "two words"},
        {**person(14), **named, "cognito:username": "user14@example.com"},
        {**person(15), **named, "birthdate": "31/12/1990"},
        {**person(16), **named, "updated_at": "yesterday"},
        {**person(17), **named, "email_verified": "yes"},
        {**person(18), **named},
    ]
    job = imports.whole(pool_id, imports.csv(pool_id, *rows))
    assert (job["Status"], counts(job)) == ("Succeeded", (2, 2, 14))
    not_verified = (
        "FAILED The User Record does not set any of the auto verified attributes to true. "
        "(Example: email_verified to true)."
    )
    assert imports.report(job) == {
        3: "SKIPPED The user already exists.",
        4: "SKIPPED The user already exists.",
        5: "FAILED An account with the given email already exists.",
        6: "FAILED Attributes did not conform to the schema: given_name: The attribute is required",
        7: not_verified,
        8: not_verified,
        9: "FAILED Invalid email address format.",
        10: "FAILED Invalid phone number format.",
        11: "FAILED cognito:mfa_enabled must be false: MFA is OFF in the user pool.",
        12: "FAILED cognito:mfa_enabled must be true or false.",
        13: "FAILED cognito:username is required.",
        14: "FAILED Username contains characters that are not allowed.",
        15: "FAILED Username cannot be of email format, since user pool is configured for email alias.",
        16: "FAILED user.birthdate: Attribute value must be a date of the form YYYY-MM-DD.",
        17: "FAILED user.updated_at: Number attributes must be numbers.",
        18: "FAILED user.email_verified: Boolean attributes must be true or false.",
    }


def test_a_row_whose_alias_is_taken_leaves_its_username_free(house, idp, imports):
    pool_id = house.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    first = imports.csv(pool_id, person(1), {**person(2), "email": "user1@example.com"})
    assert counts(imports.whole(pool_id, first)) == (1, 0, 1)
    assert counts(imports.whole(pool_id, imports.csv(pool_id, person(2)))) == (1, 0, 0)


def test_the_same_file_again_imports_nobody_twice(idp, imports, pool_id):
    content = imports.csv(pool_id, person(1), person(2))
    imports.whole(pool_id, content)
    again = imports.whole(pool_id, content)
    assert (again["Status"], counts(again)) == ("Failed", (0, 2, 0))
    assert again["CompletionMessage"] == "Too many users have failed or been skipped during the import."
    assert len(idp.list_users(UserPoolId=pool_id)["Users"]) == 2


def test_where_addresses_are_usernames_the_sub_is_the_stored_one(house, idp, imports):
    pool_id = house.pool(AutoVerifiedAttributes=["email"], UsernameAttributes=["email"])
    rows = [
        {"cognito:username": "ann@example.com"},
        {"cognito:username": "bob@example.com", "email": "bob@example.com"},
        {"cognito:username": "cy@example.com", "email": "other@example.com"},
        {"cognito:username": "ann@example.com"},
        {"cognito:username": "dan"},
    ]
    job = imports.whole(pool_id, imports.csv(pool_id, *rows))
    assert counts(job) == (2, 1, 2)
    user = idp.admin_get_user(UserPoolId=pool_id, Username="ann@example.com")
    assert user["Username"] == attributes(user)["sub"]
    assert imports.report(job)[6] == "FAILED Username should be an email."


def test_second_factors_are_as_the_row_says(house, idp, imports):
    pool_id = house.pool(AutoVerifiedAttributes=["email"])
    sms = {"SmsConfiguration": {"SnsCallerArn": ROLE}}
    idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OPTIONAL", SmsMfaConfiguration=sms)
    rows = [
        {**person(1), "cognito:mfa_enabled": "TRUE", "phone_number": "+14255550123"},
        {**person(2), "cognito:mfa_enabled": "true"},
        {**person(3), "phone_number": "+14255550123"},
    ]
    job = imports.whole(pool_id, imports.csv(pool_id, *rows))
    assert imports.report(job) == {3: "FAILED cognito:mfa_enabled needs a phone_number, and a user pool with SMS MFA."}
    assert idp.admin_get_user(UserPoolId=pool_id, Username="user1")["UserMFASettingList"] == ["SMS_MFA"]
    assert "UserMFASettingList" not in idp.admin_get_user(UserPoolId=pool_id, Username="user3")


def test_while_a_job_runs_the_pool_stays_as_it_is(idp, imports, pool_id):
    job = imports.create(pool_id)
    imports.upload(job, imports.csv(pool_id, person(1)))
    idp.update_user_pool(UserPoolId=pool_id, AutoVerifiedAttributes=["email"])
    imports.start(job)
    custom = [{"Name": "tier", "AttributeDataType": "String"}]
    for deed in (
        lambda: idp.update_user_pool(UserPoolId=pool_id),
        lambda: idp.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=custom),
        lambda: idp.delete_user_pool(UserPoolId=pool_id),
    ):
        with refused("A user import job is running", "UserImportInProgressException"):
            deed()
    imports.work()
    idp.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=custom)
    idp.delete_user_pool(UserPoolId=pool_id)


def test_a_job_starts_once_with_a_file_in_a_pool_that_verifies_alone(house, idp, imports, pool_id):
    def not_yet(sentence):
        return refused(sentence, "PreconditionNotMetException")

    job = imports.create(pool_id)
    with not_yet("The CSV file of the user import job has not been uploaded"):
        imports.start(job)
    with not_yet(f"User import job {job['JobId']} is Created"):
        idp.stop_user_import_job(UserPoolId=pool_id, JobId=job["JobId"])
    imports.upload(job, imports.csv(pool_id, person(1)))
    imports.start(job)
    with not_yet("is Pending"):
        imports.start(job)
    other = imports.create(pool_id)
    imports.upload(other, imports.csv(pool_id, person(2)))
    with not_yet("Another user import job of the user pool is running"):
        imports.start(other)
    imports.work()
    imports.start(other)
    silent = house.pool()
    job = imports.create(silent)
    imports.upload(job, imports.csv(silent, person(1)))
    with not_yet("The user pool must have at least one auto verified attribute"):
        imports.start(job)


def test_a_stopped_job_keeps_whom_it_imported(idp, imports, pool_id):
    job = imports.create(pool_id)
    imports.upload(job, imports.csv(pool_id, *map(person, range(250))))
    imports.start(job)
    imports.work(1)
    answer = idp.stop_user_import_job(UserPoolId=pool_id, JobId=job["JobId"])["UserImportJob"]
    assert answer["Status"] == "Stopping"
    imports.work()
    done = imports.described(job)
    assert (done["Status"], counts(done)) == ("Stopped", (20, 0, 0))
    assert done["CompletionMessage"] == "The Import Job was stopped by the developer."
    with refused("is Stopped", "PreconditionNotMetException"):
        idp.stop_user_import_job(UserPoolId=pool_id, JobId=job["JobId"])


def test_two_workers_at_once_import_each_line_once(house, idp, imports, pool_id):
    job = imports.create(pool_id)
    imports.upload(job, imports.csv(pool_id, *map(person, range(450))))
    imports.start(job)
    workers = [ImportWorker(house.lido.call, holder=f"worker {number}") for number in range(3)]

    def work(worker):
        for _ in range(40):
            if not worker.run_due():
                house.clock.advance(seconds=11)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, workers))
    imports.work()
    assert counts(imports.described(job)) == (450, 0, 0)


def test_another_process_goes_on_when_the_lease_of_the_first_is_over(house, idp, imports, pool_id):
    job = imports.create(pool_id)
    imports.upload(job, imports.csv(pool_id, *map(person, range(150))))
    imports.start(job)
    ImportWorker(house.lido.call, holder="gone").run_due()
    assert imports.worker.run_due() == 0
    house.clock.advance(seconds=11)
    imports.work()
    done = imports.described(job)
    assert (done["Status"], counts(done)) == ("Succeeded", (150, 0, 0))


def test_jobs_are_listed_newest_first_by_pages(house, idp, imports, pool_id):
    made = []
    for number in range(5):
        made.append(imports.create(pool_id, JobName=f"job {number}")["JobName"])
        house.clock.advance(seconds=1)
    first = idp.list_user_import_jobs(UserPoolId=pool_id, MaxResults=3)
    second = idp.list_user_import_jobs(UserPoolId=pool_id, MaxResults=3, PaginationToken=first["PaginationToken"])
    listed = [job["JobName"] for page in (first, second) for job in page["UserImportJobs"]]
    assert listed == made[::-1]
    assert "PaginationToken" not in second


def test_the_address_is_told_to_whom_may_create_jobs_and_until_the_job_starts(house, idp, imports, pool_id):
    job = imports.create(pool_id)
    policy = {"Effect": "Allow", "Action": ["cognito-idp:Describe*", "cognito-idp:List*"], "Resource": "*"}
    others = {
        "Effect": "Allow",
        "Action": "cognito-idp:*",
        "Resource": f"arn:aws:cognito-idp:*:*:userpool/{house.pool()}",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy, others]})
    house.access_key("AKIAREADERREADERREAD", "reader-secret-reader", document, operator_id="reader")
    own = {"UserPoolId": pool_id}

    def told(client):
        listed = client.list_user_import_jobs(**own, MaxResults=1)["UserImportJobs"]
        return [
            "PreSignedUrl" in each
            for each in (client.describe_user_import_job(**own, JobId=job["JobId"])["UserImportJob"], *listed)
        ]

    assert told(house.boto("AKIAREADERREADERREAD", "reader-secret-reader")) == [False, False]
    assert told(idp) == [True, True]
    imports.upload(job, imports.csv(pool_id, person(1)))
    started = idp.start_user_import_job(**own, JobId=job["JobId"])["UserImportJob"]
    assert "PreSignedUrl" not in started
    assert told(idp) == [False, False]


def test_a_job_is_its_pool_s_alone(house, idp, imports, pool_id):
    job, other = imports.create(pool_id), house.pool()
    for deed in (idp.describe_user_import_job, idp.start_user_import_job, idp.stop_user_import_job):
        with refused(f"User import job {job['JobId']} does not exist", "ResourceNotFoundException"):
            deed(UserPoolId=other, JobId=job["JobId"])


def test_a_pool_has_a_thousand_jobs_at_most(monkeypatch, imports, pool_id):
    monkeypatch.setattr(user_import, "MOST_JOBS", 2)
    imports.create(pool_id)
    imports.create(pool_id)
    with refused("A user pool cannot have more than 2 user import jobs", "LimitExceededException"):
        imports.create(pool_id)


def test_a_job_that_nobody_starts_expires_with_its_file(house, idp, imports, pool_id):
    job = imports.create(pool_id)
    imports.upload(job, imports.csv(pool_id, person(1)))
    house.clock.advance(seconds=86_401)
    with house.database.write() as tx:
        assert user_import.expire(house.call(), tx, 10) == 1
    with house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM import_chunks")[0] == 0
    assert imports.described(job)["Status"] == "Expired"
    with refused("is Expired", "PreconditionNotMetException"):
        imports.start(job)


def test_a_file_may_be_uploaded_again_until_the_job_starts(house, idp, imports, pool_id):
    job = imports.create(pool_id)
    imports.upload(job, imports.csv(pool_id, person(1), person(2)))
    imports.upload(job, imports.csv(pool_id, person(3)))
    with house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM import_chunks")[0] == 1
    imports.start(job)
    assert imports.upload(job, imports.csv(pool_id, person(4)))[0] == 409
    imports.work()
    assert counts(imports.described(job)) == (1, 0, 0)
    assert idp.admin_get_user(UserPoolId=pool_id, Username="user3")
    with house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM import_chunks")[0] == 0


def test_an_address_is_good_for_one_job_and_a_quarter_of_an_hour(house, imports, pool_id):
    job, other = imports.create(pool_id), imports.create(pool_id)
    token = job["PreSignedUrl"].partition("?")[2]
    for url in (
        f"{other['PreSignedUrl'].partition('?')[0]}?{token}",
        f"{job['PreSignedUrl'].partition('?')[0]}",
        f"{job['PreSignedUrl']}x",
        job["PreSignedUrl"].replace(pool_id, house.pool()),
    ):
        assert imports.upload(job, "x", url) == (
            403,
            "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        )
    house.clock.advance(seconds=import_uploads.LIFETIME_SECONDS - 1)
    assert imports.upload(job, "x")[0] == 200
    house.clock.advance(seconds=1)
    assert "Request has expired" in imports.upload(job, "x")[1]


def test_the_events_and_the_trail_tell_of_it(house, idp, imports, pool_id):
    job = imports.whole(pool_id, imports.csv(pool_id, person(1)))
    with house.database.read() as tx:
        kinds = [row[0] for row in tx.rows("SELECT kind FROM events WHERE kind LIKE 'import%' ORDER BY id")]
        deeds = tx.rows("SELECT action, body FROM audit WHERE action LIKE '%ImportJob'")
    assert kinds == ["import_created", "import_uploaded", "import_started", "imported", "import_finished"]
    assert {action for action, _ in deeds} == {"CreateUserImportJob", "StartUserImportJob"}
    assert any(job["JobId"] in body for _, body in deeds)


HASH = "cognito:password_hash"
BCRYPT_HASH, BCRYPT_PASSWORD = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"


def sign_in(idp, client, username, password):
    return idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def material_of(house, pool_id, username):
    call = house.call()
    with call.db.read() as tx:
        user = access.find_user(tx, pools.find(tx, pool_id), username)
        row = stored_passwords.find(tx, pool_id, user.sub)
    return passwords.open_material(call, pool_id, user.sub, row.material)


def test_a_hash_is_a_password_that_becomes_ours_at_the_first_sign_in(house, idp, imports, pool_id):
    client = house.app(pool_id)
    row = {**person(1), HASH: BCRYPT_HASH}
    content = imports.csv(pool_id, row, person(2), extra=(HASH,))
    job = imports.whole(pool_id, content, PasswordHashingAlgorithm="BCRYPT")
    assert (job["PasswordHashingAlgorithm"], counts(job)) == ("BCRYPT", (2, 0, 0))
    statuses = {
        name: idp.admin_get_user(UserPoolId=pool_id, Username=name)["UserStatus"] for name in ("user1", "user2")
    }
    assert statuses == {"user1": "CONFIRMED", "user2": "RESET_REQUIRED"}
    with refused("Incorrect username or password", "NotAuthorizedException"):
        sign_in(idp, client, "user1", "wrong")
    before = material_of(house, pool_id, "user1")
    assert (before.phc, before.srp_verifier) == (BCRYPT_HASH, None)
    assert "AuthenticationResult" in sign_in(idp, client, "user1", BCRYPT_PASSWORD)
    after = material_of(house, pool_id, "user1")
    assert after.phc.startswith("$argon2id$")
    assert after.srp_verifier is not None
    assert "AuthenticationResult" in sign_in(idp, client, "user1", BCRYPT_PASSWORD)


def test_a_hash_is_at_rest_nowhere_but_sealed(house, idp, imports, pool_id):
    row = {**person(1), HASH: BCRYPT_HASH}
    job = imports.create(pool_id, PasswordHashingAlgorithm="BCRYPT")
    imports.upload(job, imports.csv(pool_id, row, extra=(HASH,)))
    with house.database.read() as tx:
        (chunk,) = tx.row("SELECT content FROM import_chunks")
    assert BCRYPT_HASH.encode() not in bytes(chunk)
    imports.start(job)
    imports.work()
    with house.database.read() as tx:
        (material,) = tx.row("SELECT material FROM passwords")
    assert BCRYPT_HASH.encode() not in bytes(material)


@pytest.mark.parametrize(
    "given", ["Passw0rd!", BCRYPT_HASH.replace("$05$", "$31$"), "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$x"]
)
def test_a_row_whose_hash_is_none_or_costs_too_much_fails(idp, imports, pool_id, given):
    row = {**person(1), HASH: given}
    content = imports.csv(pool_id, row, extra=(HASH,))
    job = imports.whole(pool_id, content, PasswordHashingAlgorithm="BCRYPT")
    assert counts(job) == (0, 0, 1)
    assert given not in imports.report(job)[2]


def test_without_an_algorithm_a_column_of_hashes_is_no_column(idp, imports, pool_id):
    job = imports.whole(pool_id, imports.csv(pool_id, person(1), extra=(HASH,)))
    assert job["Status"] == "Failed"
    assert "columns that the user pool does not know" in job["CompletionMessage"]


def test_where_a_code_lets_in_an_imported_user_needs_no_password(house, idp, imports):
    pool_id = house.pool(
        AutoVerifiedAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    client = house.app(pool_id, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    imports.whole(pool_id, imports.csv(pool_id, person(1)))
    assert idp.admin_get_user(UserPoolId=pool_id, Username="user1")["UserStatus"] == "CONFIRMED"
    asked = idp.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "user1", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )
    answer = idp.respond_to_auth_challenge(
        ClientId=client["ClientId"],
        ChallengeName="EMAIL_OTP",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "user1", "EMAIL_OTP_CODE": house.code("user1@example.com")},
    )
    assert "AuthenticationResult" in answer


def test_an_app_that_hides_its_users_tells_nobody_that_one_was_imported(house, idp, imports, pool_id):
    client = house.app(pool_id, PreventUserExistenceErrors="ENABLED")
    imports.whole(pool_id, imports.csv(pool_id, person(1)))
    with refused("Incorrect username or password", "NotAuthorizedException"):
        sign_in(idp, client, "user1", PASSWORD)
