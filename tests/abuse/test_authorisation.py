"""Who may ask: every built operation against every kind of caller; signatures, policies and settings bent by hand."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.abuse.requests import PREFIXES, Inhabited, smallest
from tests.sign_ins import refusal
from tests.tokens import access_token
from tests.world import ROOT_ID, ROOT_SECRET, World

from lido import operations
from lido.flows import pool_options
from lido.rules import policies
from lido.shapes.catalogue import OPERATIONS
from lido.shapes.constraints import CONSTRAINTS

BUILT = sorted(operations.built())
OF_APPS = operations.BY_SECRET | operations.BY_SECRET_OR_SIGNATURE
SIGNED = [it for it in BUILT if not OPERATIONS[it].unsigned and it not in OF_APPS]
OPEN = [it for it in BUILT if OPERATIONS[it].unsigned]
KEY, SECRET = "AKIALIMITEDLIMITED01", "a-secret-of-the-tests"
NOT_SIGNED = (400, "MissingAuthenticationTokenException")
DENIED = (400, "AccessDeniedException")

READS = ("Describe", "Get", "List", "AdminGet", "AdminList")
WITHOUT_POOL = {"CreateUserPool", "ListUserPools"}


@pytest.fixture
def town(house: World) -> Inhabited:
    return Inhabited(house)


def request_for(town: Inhabited, service: str, name: str, **members: Any) -> bytes:
    document = smallest(service, OPERATIONS[service, name].request, (), None, town.alive())
    return json.dumps({**document, **members}).encode()


class Sender:
    """Sends requests, signed and then bent."""

    def __init__(self, house: World) -> None:
        self.house = house

    def headers(
        self,
        service: str,
        name: str,
        body: bytes,
        *,
        key: str = ROOT_ID,
        secret: str = ROOT_SECRET,
        scope: tuple[str, str] | None = None,
        ago: timedelta = timedelta(0),
        token: str | None = None,
        extra: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        import botocore.auth

        given = {
            "x-amz-target": f"{PREFIXES[service]}.{name}",
            "content-type": "application/x-amz-json-1.1",
            "host": "lido.test",
            **(extra or {}),
        }
        request = AWSRequest("POST", "http://lido.test/", headers=given, data=body)
        signing_service, region = scope or (service, "us-east-1")
        now = botocore.auth.get_current_datetime
        moment = datetime.fromtimestamp(self.house.clock.now() / 1000, UTC) - ago
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
            moment.replace(tzinfo=None) if remove_tzinfo else moment
        )
        try:
            SigV4Auth(Credentials(key, secret, token), signing_service, region).add_auth(request)
        finally:
            botocore.auth.get_current_datetime = now
        return dict(request.headers.items())

    def send(self, headers: dict[str, Any], body: bytes, url: str = "http://lido.test/") -> tuple[int, str]:
        status, answered, _ = self.house.http("POST", url, headers, body)
        return status, answered.get("x-amzn-errortype", "").removesuffix(":")


def unsigned(service: str, name: str) -> dict[str, Any]:
    return {"x-amz-target": f"{PREFIXES[service]}.{name}", "content-type": "application/x-amz-json-1.1"}


def state(house: World) -> list[str]:
    told = []
    with house.database.read() as tx:
        for table in (
            "pools",
            "clients",
            "client_secrets",
            "users",
            "user_names",
            "passwords",
            "groups",
            "group_members",
        ):
            told += [str(row) for row in tx.rows(f"SELECT * FROM {table}")]
    return sorted(told)


def test_no_operation_of_operators_is_done_for_anybody_else(town: Inhabited) -> None:
    house, sender = town.house, Sender(town.house)
    token = access_token(house, town.people.pool_id, town.people.client_id, "alice")
    before = state(house)
    for service, name in SIGNED:
        body = request_for(town, service, name)
        naked = unsigned(service, name)
        own = Sender(house).headers(service, name, body)
        callers: dict[str, tuple[dict[str, Any], bytes, set[str]]] = {
            "nobody": (naked, body, {"MissingAuthenticationTokenException"}),
            "an empty body": (naked, b"", {"MissingAuthenticationTokenException"}),
            "a user's token as bearer": (
                naked | {"authorization": f"Bearer {token}"},
                body,
                {"IncompleteSignatureException"},
            ),
            "a user's token in the body": (
                naked,
                request_for(town, service, name, AccessToken=token),
                {"MissingAuthenticationTokenException"},
            ),
            "an unknown key": (
                sender.headers(service, name, body, key="AKIANOBODYNOBODY0001"),
                body,
                {"UnrecognizedClientException"},
            ),
            "the wrong secret": (
                sender.headers(service, name, body, secret="guess"),
                body,
                {"InvalidSignatureException"},
            ),
            "another service": (
                sender.headers(service, name, body, scope=("sts", "us-east-1")),
                body,
                {"InvalidSignatureException"},
            ),
            "another region": (
                sender.headers(service, name, body, scope=(service, "eu-west-1")),
                body,
                {"InvalidSignatureException"},
            ),
            "too old": (
                sender.headers(service, name, body, ago=timedelta(minutes=6)),
                body,
                {"InvalidSignatureException"},
            ),
            "too new": (
                sender.headers(service, name, body, ago=-timedelta(minutes=6)),
                body,
                {"InvalidSignatureException"},
            ),
            "another body": (own, body + b" ", {"InvalidSignatureException"}),
            "a session token that was never given": (
                sender.headers(service, name, body, token="token"),
                body,
                {"UnrecognizedClientException"},
            ),
        }
        for who, (headers, content, refusals) in callers.items():
            status, refused = sender.send(headers, content)
            assert (status, refused in refusals) == (400, True), (name, who, refused)
    assert state(house) == before


def test_a_signature_of_one_operation_is_none_of_another(town: Inhabited) -> None:
    sender = Sender(town.house)
    body = json.dumps({"UserPoolId": town.people.pool_id}).encode()
    headers = sender.headers("cognito-idp", "DescribeUserPool", body)
    prefix = PREFIXES["cognito-idp"]
    for target in (f"{prefix}.DeleteUserPool", f"{prefix}.ListUsers"):
        bent = {name: target if name.lower() == "x-amz-target" else value for name, value in headers.items()}
        assert sender.send(bent, body) == (400, "InvalidSignatureException")
    assert sender.send(headers, body)[0] == 200


def limited(town: Inhabited, statement: Any, number: int = 1) -> tuple[str, str]:
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    key = f"{KEY[:-2]}{number:02}"
    town.house.access_key(key, SECRET, document, operator_id=f"ops{number}")
    return key, SECRET


def arn(pool_id: str) -> str:
    return f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool_id}"


def test_a_key_that_reads_changes_nothing(town: Inhabited) -> None:
    house, sender = town.house, Sender(town.house)
    house.access_key(KEY, SECRET, policies.READ_ONLY_ACCESS)
    before = state(house)
    for service, name in SIGNED:
        body = request_for(town, service, name)
        answer = sender.send(sender.headers(service, name, body, key=KEY, secret=SECRET), body)
        if name.startswith(READS):
            assert answer != DENIED, name
        else:
            assert answer == DENIED, name
    assert state(house) == before


def test_a_key_of_one_pool_reaches_no_other(town: Inhabited) -> None:
    house, sender = town.house, Sender(town.house)
    key, secret = limited(town, {"Effect": "Allow", "Action": "*", "Resource": arn(town.people.pool_id)})
    other = house.pool()
    before = state(house)
    for service, name in SIGNED:
        members = {"UserPoolId": other, "ResourceArn": arn(other)}
        disguises = [members, {**members, "ClientId": town.people.client_id, "Arn": arn(town.people.pool_id)}]
        if "ResourceArn" not in CONSTRAINTS[service][OPERATIONS[service, name].request].members:  # type: ignore[union-attr]
            disguises.append({"UserPoolId": other, "ResourceArn": arn(town.people.pool_id)})
        else:
            disguises.append({"UserPoolId": town.people.pool_id, "ResourceArn": arn(other)})
        for disguise in disguises:
            body = request_for(town, service, name, **disguise)
            answer = sender.send(sender.headers(service, name, body, key=key, secret=secret), body)
            assert answer == DENIED, (name, disguise)
        # Two members of one name: what is authorised must be what is done.
        body = (
            b'{"UserPoolId":"' + town.people.pool_id.encode() + b'",' + request_for(town, service, name, **members)[1:]
        )
        answer = sender.send(sender.headers(service, name, body, key=key, secret=secret), body)
        assert answer == DENIED, name
    assert state(house) == before


def test_a_key_of_one_operation_does_no_other(town: Inhabited) -> None:
    sender = Sender(town.house)
    key, secret = limited(town, {"Effect": "Allow", "Action": "cognito-idp:ListUsers", "Resource": "*"})
    for service, name in SIGNED:
        body = request_for(town, service, name)
        answer = sender.send(sender.headers(service, name, body, key=key, secret=secret), body)
        assert (answer != DENIED) == (name == "ListUsers"), name


DISGUISED_ARNS = [
    "arn:aws-cn:cognito-idp:us-east-1:000000000000:userpool/{}",
    "arn:aws-us-gov:cognito-idp:us-east-1:000000000000:userpool/{}",
    "arn:aws:cognito-idp:us-east-1:000000000001:userpool/{}",
    "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{}",
    "arn:aws:cognito-idp:us-east-1:000000000000:userpool/{} ",
    " arn:aws:cognito-idp:us-east-1:000000000000:userpool/{}",
    "ARN:aws:cognito-idp:us-east-1:000000000000:userpool/{}",
    "arn:aws:cognito-idp:us-east-1:000000000000:userpool//{}",
    "arn:aws:cognito-idp:us-east-1:000000000000:userpool/{}/",
    "arn:aws:cognito-idp:us-east-1:000000000000:userpool/./{}",
    "arn:aws:cognito-idp:us-east-1:000000000000:USERPOOL/{}",
    "arn:aws:cognito-idp:us-east-1:000000000000:userpool/{}\t",
]


@pytest.mark.parametrize("disguise", DISGUISED_ARNS)
def test_a_denied_pool_is_denied_under_every_name(town: Inhabited, disguise: str) -> None:
    sender, pool_id = Sender(town.house), town.people.pool_id
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": arn(pool_id)},
    ]
    key, secret = limited(town, statements)
    before = state(town.house)
    for name, members in (
        ("TagResource", {"Tags": {"lido:profile": "compatible"}}),
        ("UntagResource", {"TagKeys": ["a"]}),
        ("ListTagsForResource", {}),
    ):
        body = json.dumps({"ResourceArn": disguise.format(pool_id), **members}).encode()
        status, refused = sender.send(sender.headers("cognito-idp", name, body, key=key, secret=secret), body)
        assert status == 400, (name, refused)
    assert state(town.house) == before


@pytest.mark.parametrize("alter", [str.upper, str.lower, "{} ".format, " {}".format, "{}\0".format, "{}/".format])
def test_a_denied_pool_id_in_another_spelling_is_no_pool(town: Inhabited, alter: Any) -> None:
    sender, pool_id = Sender(town.house), town.people.pool_id
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": arn(pool_id)},
    ]
    key, secret = limited(town, statements)
    body = json.dumps({"UserPoolId": alter(pool_id)}).encode()
    status, refused = sender.send(sender.headers("cognito-idp", "DescribeUserPool", body, key=key, secret=secret), body)
    assert status == 400, refused


def test_a_deny_of_some_operations_holds_against_an_allow_of_all(town: Inhabited) -> None:
    sender = Sender(town.house)
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "cognito-idp:admin*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": "cognito-idp:*", "Resource": "*"},
    ]
    key, secret = limited(town, statements)
    for service, name in SIGNED:
        body = request_for(town, service, name)
        if name in ("DeleteUserPool", "DeleteUserPoolClient", "DeleteGroup"):
            continue  # the others need them
        answer = sender.send(sender.headers(service, name, body, key=key, secret=secret), body)
        assert (answer == DENIED) == (name.startswith("Admin") or service != "cognito-idp"), name


def test_a_pool_id_of_a_megabyte_costs_a_policy_nothing(town: Inhabited) -> None:
    import time

    sender = Sender(town.house)
    pattern = "arn:aws:cognito-idp:*:*:userpool/" + "*a" * 200 + "b"
    key, secret = limited(town, {"Effect": "Allow", "Action": "*", "Resource": pattern})
    for name, member in (("DescribeUserPool", "UserPoolId"), ("ListTagsForResource", "ResourceArn")):
        body = json.dumps({member: "a" * 200_000}).encode()
        headers = sender.headers("cognito-idp", name, body, key=key, secret=secret)
        began = time.process_time()
        assert sender.send(headers, body) == DENIED
        assert time.process_time() - began < 1


def test_a_revoked_key_does_nothing_a_second_later(town: Inhabited) -> None:
    from lido.flows import operators

    sender = Sender(town.house)
    key, secret = limited(town, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    body = json.dumps({"UserPoolId": town.people.pool_id}).encode()
    assert sender.send(sender.headers("cognito-idp", "DescribeUserPool", body, key=key, secret=secret), body)[0] == 200
    operators.revoke_key(town.house.call(), key)
    town.house.clock.advance(seconds=1)
    headers = sender.headers("cognito-idp", "DescribeUserPool", body, key=key, secret=secret)
    assert sender.send(headers, body) == (400, "UnrecognizedClientException")


BENT = {
    "no host signed": ("host;", ""),
    "no target signed": (";x-amz-target", ""),
    "a header that is not there": ("SignedHeaders=", "SignedHeaders=a-header;"),
    "headers in another order": ("content-type;host", "host;content-type"),
    "the same header twice": ("content-type;host", "content-type;content-type;host"),
    "another algorithm": ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    "an empty signature": ("Signature=", "Signature=&"),
    "two credentials": ("Credential=", "Credential=AKIAX/20260101/us-east-1/cognito-idp/aws4_request, Credential="),
    "another terminator": ("aws4_request", "aws5_request"),
    "a scope of four parts": ("/us-east-1/", "/"),
}


@pytest.mark.parametrize("what", BENT)
def test_a_bent_authorization_header_opens_nothing(town: Inhabited, what: str) -> None:
    sender, (old, new) = Sender(town.house), BENT[what]
    body = json.dumps({"UserPoolId": town.people.pool_id}).encode()
    headers = sender.headers("cognito-idp", "DescribeUserPool", body)
    name = next(name for name in headers if name.lower() == "authorization")
    value = headers[name].decode() if isinstance(headers[name], bytes) else headers[name]
    bent = value.replace(old, new, 1)
    assert bent != value
    status, refused = sender.send({**headers, name: bent}, body)
    assert status == 400
    assert refused in ("InvalidSignatureException", "IncompleteSignatureException")


@pytest.mark.parametrize(
    "header", ["x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent", "x-amz-anything"]
)
def test_a_header_of_amazons_added_on_the_way_is_refused(town: Inhabited, header: str) -> None:
    sender = Sender(town.house)
    body = json.dumps({"UserPoolId": town.people.pool_id}).encode()
    headers = sender.headers("cognito-idp", "DescribeUserPool", body)
    assert sender.send({**headers, header: "UNSIGNED-PAYLOAD"}, body) == (400, "InvalidSignatureException")


def test_a_request_is_not_signed_by_its_query(town: Inhabited) -> None:
    sender = Sender(town.house)
    body = json.dumps({"UserPoolId": town.people.pool_id}).encode()
    query = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=x"
    url = f"http://lido.test/{query}"
    assert sender.send(unsigned("cognito-idp", "DescribeUserPool"), body, url) == NOT_SIGNED
    headers = sender.headers("cognito-idp", "DescribeUserPool", body)
    assert sender.send(headers, body, url)[0] == 400
    assert sender.send(headers, body, "http://lido.test/?a=b") == (400, "InvalidSignatureException")


def test_operations_of_users_take_no_rights_from_a_signature(town: Inhabited) -> None:
    sender = Sender(town.house)
    for service, name in OPEN:
        body = request_for(town, service, name, AccessToken="eyJ.eyJ.sig")
        if '"AccessToken"' not in json.dumps(sorted(msgspec.json.decode(body))):
            continue
        described = OPERATIONS[service, name].request
        if "AccessToken" not in CONSTRAINTS[service][described].required:  # type: ignore[union-attr]
            continue
        answer = sender.send(sender.headers(service, name, body), body)
        assert answer[0] == 400, name
        assert answer[1] in ("NotAuthorizedException", "InvalidParameterException"), name


UNKNOWN_MEMBERS = {
    "Id": "us-east-1_mine",
    "id": "us-east-1_mine",
    "Arn": "arn:x",
    "Status": "Enabled",
    "CreationDate": 0,
    "EstimatedNumberOfUsers": 7,
    "Domain": "mine",
    "options": {"profile": "compatible"},
    "Options": {"profile": "compatible"},
    "folding": 1,
    "version": 99,
    "ClientSecret": "x" * 30,
    "CustomDomain": "mine.example.com",
    "__proto__": {"admin": True},
}


def test_members_that_are_not_in_the_model_change_nothing(town: Inhabited) -> None:
    idp, people = town.house.idp, town.people
    pool_options.set_for_pool(town.house.call(), people.pool_id, {"profile": "secure"})
    sender = Sender(town.house)
    for name, members in (
        ("UpdateUserPool", {"UserPoolId": people.pool_id, "AutoVerifiedAttributes": ["email"]}),
        ("UpdateUserPoolClient", {"UserPoolId": people.pool_id, "ClientId": people.client_id}),
    ):
        body = json.dumps({**UNKNOWN_MEMBERS, **members}).encode()
        assert sender.send(sender.headers("cognito-idp", name, body), body)[0] == 200, name
    pool = idp.describe_user_pool(UserPoolId=people.pool_id)["UserPool"]
    assert (pool["Id"], pool["Arn"]) == (people.pool_id, arn(people.pool_id))
    assert not {"Domain", "CustomDomain"} & pool.keys()
    client = idp.describe_user_pool_client(UserPoolId=people.pool_id, ClientId=people.client_id)["UserPoolClient"]
    assert "ClientSecret" not in client
    call = town.house.call()
    with call.db.read() as tx:
        from lido.flows import access

        found = access.require_pool(call, tx, people.pool_id)
    assert found.settings.options == {"profile": "secure"}


def test_a_page_of_a_stranger_may_ask_but_brings_no_credentials(house: World) -> None:
    for origin in ("null", "https://evil.example", "https://lido.test.evil.example"):
        headers = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-amz-target\r\nset-cookie: a",
        }
        status, answered, _ = house.http("OPTIONS", "http://lido.test/", headers)
        assert status == 200
        assert answered["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answered
        assert "set-cookie" not in answered


CONTROL = [chr(code) for code in (*range(32), 127, 0x85, 0x200B, 0x202E, 0x2028, 0xFEFF)]


def test_a_group_has_no_name_that_cannot_be_seen(town: Inhabited) -> None:
    pool_id = town.people.pool_id
    for letter in CONTROL:
        for name in (letter, f"admins{letter}", f"{letter}admins", f"ad{letter}mins"):
            answer = refusal(town.house.idp.create_group, UserPoolId=pool_id, GroupName=name)
            assert answer.name in ("InvalidParameter", "Serialization"), ascii(name)
    for name in ("../../etc/passwd", "admins", "ADMINS", "a:b/c*", "'OR'1'='1'--"):
        town.house.idp.create_group(UserPoolId=pool_id, GroupName=name)
        assert town.house.idp.get_group(UserPoolId=pool_id, GroupName=name)["Group"]["GroupName"] == name
    town.house.idp.admin_add_user_to_group(UserPoolId=pool_id, Username="alice", GroupName="ADMINS")
    members = town.house.idp.list_users_in_group(UserPoolId=pool_id, GroupName="admins")["Users"]
    assert members == []


@pytest.mark.parametrize("precedence", [-1, 2**31, 2**63, 10**400, 1.5, "1", True])
def test_a_precedence_beyond_all_numbers_is_refused(town: Inhabited, precedence: Any) -> None:
    sender = Sender(town.house)
    body = json.dumps({"UserPoolId": town.people.pool_id, "GroupName": "g", "Precedence": precedence}).encode()
    status, refused = sender.send(sender.headers("cognito-idp", "CreateGroup", body), body)
    assert (status, refused in ("SerializationException", "InvalidParameterException")) == (400, True)


def test_a_whole_precedence_with_a_point_is_an_integer(town: Inhabited) -> None:
    sender = Sender(town.house)
    body = json.dumps({"UserPoolId": town.people.pool_id, "GroupName": "g", "Precedence": 7.0}).encode()
    assert sender.send(sender.headers("cognito-idp", "CreateGroup", body), body)[0] == 200
    told = town.house.idp.get_group(UserPoolId=town.people.pool_id, GroupName="g")["Group"]["Precedence"]
    assert (told, type(told)) == (7, int)


@pytest.mark.parametrize(
    "role", ["x" * 30, "arn:aws:iam::1:role/a\nb", "javascript:alert(1)//aaaaaaaaaaaaa", "arn:" + "a" * 2048]
)
def test_a_role_that_is_no_arn_is_refused(town: Inhabited, role: str) -> None:
    arguments = {"UserPoolId": town.people.pool_id, "GroupName": "g", "RoleArn": role}
    assert refusal(town.house.idp.create_group, **arguments).name == "InvalidParameter"
