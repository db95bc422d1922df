"""Input of any form is answered by a refusal or a result, in bounded time: never by a fault of ours."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from tests.abuse.requests import PREFIXES, Inhabited, leaves, smallest
from tests.operations.test_checking import documents
from tests.sign_ins import refusal
from tests.world import PASSWORD, World

from lido import operations
from lido.flows import pool_options
from lido.shapes.catalogue import OPERATIONS
from lido.web.oauth import discovery
from lido.web.site import site_of

BUILT = sorted(operations.built())
UNFIT = ["\0", "a\0b", "\ud800", "😀" * 40, "\u202e", "ﷺ" * 128, "a" + "\u0315\u0300" * 60, "'; --", "%s{0}", "\x1b[2J"]


def sent(house: World, service: str, operation: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """A request as root would sign it, with any body."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from tests.world import ROOT_ID, ROOT_SECRET

    given = {
        "x-amz-target": f"{PREFIXES[service]}.{operation}",
        "content-type": "application/x-amz-json-1.1",
        "host": "lido.test",
        **headers,
    }
    request = AWSRequest("POST", "http://lido.test/", headers=given, data=body)
    SigV4Auth(Credentials(ROOT_ID, ROOT_SECRET), service, "us-east-1").add_auth(request)
    return house.http("POST", "http://lido.test/", dict(request.headers.items()), body)


def alive(strategy: st.SearchStrategy[Any], living: dict[str, list[Any]]) -> st.SearchStrategy[Any]:
    """The same documents, mostly with ids that lead somewhere."""

    def enlivened(document: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        members = {
            name: st.sampled_from(living[name]) if name in living else st.just(value)
            for name, value in document.items()
        }
        return st.fixed_dictionaries(members)

    return strategy.flatmap(enlivened)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_the_model_allows_is_answered_without_a_fault(house: World, data: st.DataObject) -> None:
    living = Inhabited(house).alive()
    faults = []
    for service, name in BUILT:
        document = data.draw(alive(documents(service, OPERATIONS[service, name].request), living))
        if name in ("DeleteUserPool", "DeleteUserPoolClient", "AdminDeleteUser", "DeleteUser"):
            continue  # the others need them
        status, _, body = sent(house, service, name, json.dumps(document).encode())
        if status not in (200, 400):
            faults.append((name, document, body))
    assert not faults


def test_no_text_anywhere_makes_a_fault(house: World) -> None:
    living, faults = Inhabited(house).alive(), []
    for service, name in BUILT:
        shape = OPERATIONS[service, name].request
        for way in leaves(service, shape):
            for value in UNFIT[:4]:
                document = smallest(service, shape, way, value, living)
                status, _, body = sent(house, service, name, json.dumps(document).encode())
                if status not in (200, 400):
                    faults.append((name, way, value[:9], body))
    assert not faults


@pytest.mark.parametrize("value", UNFIT, ids=ascii)
def test_no_answer_of_a_sign_in_makes_a_fault(house: World, value: str) -> None:
    people = Inhabited(house).people
    house.user(people.pool_id, "invited", confirmed=False)
    session = people.initiate(USERNAME="invited", PASSWORD=PASSWORD)["Session"]
    wrong = refusal(people.initiate, USERNAME=value, PASSWORD="Wr0ng!")
    assert wrong.name in ("NotAuthorized", "InvalidParameter", "Serialization", "UserNotFound")
    for name in ("USERNAME", "PASSWORD", "SRP_A", "SECRET_HASH", "DEVICE_KEY", "PREFERRED_CHALLENGE", value):
        for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "REFRESH_TOKEN_AUTH"):
            given = {"USERNAME": "alice", "PASSWORD": PASSWORD, "SRP_A": "7" * 70, "REFRESH_TOKEN": value, name: value}
            body = {"AuthFlow": flow, "ClientId": people.client_id, "AuthParameters": given}
            status, headers, answer = sent(house, "cognito-idp", "InitiateAuth", json.dumps(body).encode())
            assert status in (200, 400), (flow, name, headers, answer)
    answers = ["USERNAME", "NEW_PASSWORD", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP", "PASSWORD_CLAIM_SIGNATURE"]
    answers += ["CREDENTIAL", "ANSWER", "SMS_MFA_CODE", "EMAIL_OTP_CODE", "SOFTWARE_TOKEN_MFA_CODE", "DEVICE_KEY"]
    answers += ["RECOVERY_CODE", "userAttributes.name", f"userAttributes.{value}", value]
    for challenge in ("NEW_PASSWORD_REQUIRED", "PASSWORD_VERIFIER", "SELECT_CHALLENGE", "WEB_AUTHN", "MFA_SETUP"):
        for name in answers:
            given = {"USERNAME": "invited", "NEW_PASSWORD": PASSWORD, name: value}
            body = {
                "ChallengeName": challenge,
                "ClientId": people.client_id,
                "Session": session,
                "ChallengeResponses": given,
            }
            status, headers, answer = sent(house, "cognito-idp", "RespondToAuthChallenge", json.dumps(body).encode())
            assert status in (200, 400), (challenge, name, headers, answer)


BODIES = {
    "nothing": b"",
    "an open object": b"{",
    "a list": b"[]",
    "a number": b"7",
    "no UTF-8": b'{"PoolName":"\xff"}',
    "no UTF-8 in a name": b'{"\xff":1}',
    "half a surrogate pair": b'{"PoolName":"\\ud800x"}',
    "an encoded surrogate": b'{"PoolName":"\xed\xa0\x80"}',
    "NUL": b'{"PoolName":"a\\u0000b"}',
    "a raw NUL": b'{"PoolName":"a\x00b"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"PoolName":"a"}'.encode("utf-16"),
    "one hundred thousand levels": b'{"a":' * 100_000,
    "one hundred thousand lists": b'{"PoolName":' + b"[" * 100_000,
    "a number of a million digits": b'{"PoolName":' + b"7" * 900_000 + b"}",
    "an endless fraction": b'{"PoolName":1e999999999}',
    "a million members": b"{" + b",".join(b'"%d":0' % n for n in range(80_000)) + b"}",
    "a member twice": b'{"PoolName":"people","PoolName":7}',
    "two documents": b"{}{}",
    "not a number": b'{"PoolName":NaN}',
    "a comment": b'{"PoolName":"a"/*x*/}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_makes_a_fault_or_takes_long(house: World, body: bytes) -> None:
    began = time.process_time()
    status, headers, _ = sent(house, "cognito-idp", "CreateUserPool", body)
    assert status == 400, headers
    assert headers["x-amzn-errortype"] in ("SerializationException:", "InvalidParameterException:")
    assert time.process_time() - began < 2


def test_a_body_beyond_the_limit_is_refused_before_it_is_read_as_anything(house: World) -> None:
    status, headers, _ = sent(house, "cognito-idp", "CreateUserPool", b"{" + b" " * 40_000_000)
    assert (status, headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException:")


MARKS = "a" + "\u0315\u0300" * 65_000
SLOW = {
    "marks to be put in order": MARKS,
    "ligatures that grow": "ﷺ" * 131_000,
    "capital sharp s": "ẞ" * 131_000,
    "at signs": "@" * 131_000,
    "dots": "a." * 65_000 + "@b",
    "digits": "+" + "1" * 130_000,
    "braces": "{" * 131_000,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_no_long_text_in_a_sign_in_costs_more_than_its_length(house: World, text: str) -> None:
    people = Inhabited(house).people
    begun = people.initiate("USER_SRP_AUTH", USERNAME="alice", SRP_A="7" * 700)["ChallengeParameters"]
    asked = [
        ("InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": text, "PASSWORD": "x"}}),
        ("InitiateAuth", {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "alice", "SRP_A": text}}),
        ("InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "alice", "PASSWORD": text}}),
    ]
    plain = {
        "USERNAME": "alice",
        "PASSWORD_CLAIM_SECRET_BLOCK": begun["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": "d3Jvbmc=",
        "TIMESTAMP": "Tue Nov 24 06:42:00 UTC 2026",
    }
    asked += [
        ("RespondToAuthChallenge", {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": {**plain, name: text}})
        for name in plain
    ]
    for operation, members in asked:
        body = json.dumps({"ClientId": people.client_id, **members}, ensure_ascii=False).encode()
        began = time.process_time()
        status, headers, answer = sent(house, "cognito-idp", operation, body)
        assert status == 400, (headers, answer)
        assert time.process_time() - began < 1, operation


@pytest.mark.parametrize("letter", ["a", "中", "😀", "ﷺ", "ß", "e\u0301"], ids=ascii)
def test_the_longest_names_are_stored_and_found_or_refused(house: World, letter: str) -> None:
    people = Inhabited(house).people
    pool_id, idp = people.pool_id, house.idp
    user = {"UserPoolId": pool_id, "Username": "alice"}
    group = {"UserPoolId": pool_id, "GroupName": (letter * 128)[:128]}
    username = {"UserPoolId": pool_id, "Username": (letter * 128)[:128]}
    # Different letters, so that no index makes them short again.
    various = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(2048))
    for value in ((letter * 2048)[:2048], various):
        gift = [{"Name": "preferred_username", "Value": value}]
        for deed, arguments in (
            (idp.admin_update_user_attributes, {**user, "UserAttributes": gift}),
            (idp.admin_update_user_attributes, {**user, "UserAttributes": [{"Name": "name", "Value": value}]}),
        ):
            try:
                deed(**arguments)
            except idp.exceptions.InvalidParameterException:
                continue
            assert idp.admin_get_user(**user)["UserAttributes"]
    for deed, arguments in ((idp.create_group, group), (idp.admin_create_user, username)):
        try:
            deed(**arguments)
        except idp.exceptions.InvalidParameterException:
            continue
        find = idp.get_group if deed == idp.create_group else idp.admin_get_user
        assert find(**arguments)


def test_a_preferred_username_too_long_for_an_index_is_refused_on_both_engines(house: World) -> None:
    people = Inhabited(house).people
    various = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(1200))
    answer = refusal(
        house.idp.admin_update_user_attributes,
        UserPoolId=people.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "preferred_username", "Value": various}],
    )
    assert answer == ("InvalidParameter", "Username is too long.")


FILTERS = [
    'username = "' + "\\" * 200 + '"',
    'username ^= "' + "\U0010ffff" * 200 + '"',
    'sub ^= ""',
    'username = ""',
    'name = "' + "%" * 100 + '"',
    'email ^= "\' OR 1=1 --"',
    'phone_number = "+"',
    'cognito:user_status = "CONFIRMED\' OR 1=1"',
    'status = "enabled"',
    "username",
    "=",
    '""',
    "(" * 256,
    'username = "a" and username = "b"',
    'preferred_username ^= "\ud7ff"',
]


@pytest.mark.parametrize("text", FILTERS, ids=ascii)
def test_no_filter_makes_a_fault_or_finds_what_it_does_not_name(house: World, text: str) -> None:
    people = Inhabited(house).people
    body = json.dumps({"UserPoolId": people.pool_id, "Filter": text}).encode()
    status, headers, answer = sent(house, "cognito-idp", "ListUsers", body)
    assert status in (200, 400), headers
    if status == 200 and '""' not in text:
        assert json.loads(answer)["Users"] == []


WELL_FORMED = "us-east-1_aaaaaaaaa"
PATHS = [
    "\0",
    "a\0b",
    "..",
    WELL_FORMED,
    "us-east-1_aaaaaaaaa\0",
    "x" * 5000,
    "é",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "%00",
]


@pytest.mark.parametrize("name", PATHS, ids=ascii)
@pytest.mark.parametrize("page", [discovery.jwks, discovery.metadata])
def test_no_pool_of_that_name_has_keys(house: World, name: str, page: Any) -> None:
    asked = Request({"type": "http", "path_params": {"pool_id": name}, "headers": []})
    site = site_of(house.call(), asked, ())
    if name == WELL_FORMED:
        assert site is not None
        assert page(house.call(), site, asked, b"").status_code == 404
    else:
        assert site is None


def test_what_a_client_calls_itself_never_becomes_a_header_or_a_second_line_of_a_log(
    house: World, capsys: pytest.CaptureFixture[str]
) -> None:
    pool_options.set_for_pool(house.call(), Inhabited(house).people.pool_id, {"profile": "secure"})
    names = ["x\r\nset-cookie: a=b", "\x1b[31m", "${jndi:ldap://127.0.0.1/}", "x" * 10_000]
    for name in names:
        status, headers, body = sent(
            house, "cognito-idp", "DescribeUserPool", json.dumps({"UserPoolId": name}).encode(), **{"user-agent": "x"}
        )
        assert status == 400
        assert "set-cookie" not in headers
        assert all(character.isprintable() for value in headers.values() for character in value)
        assert len(headers["x-amzn-errormessage"]) <= 1024
        assert len(body) < 4096


def test_unknown_operations_do_not_grow_what_is_counted(house: World) -> None:
    for number in range(50):
        headers = {"x-amz-target": f"AWSCognitoIdentityProviderService.Strange{number}"}
        assert house.http("POST", "http://lido.test/", headers, b"{}")[0] == 400
    from prometheus_client import generate_latest

    assert b"Strange" not in generate_latest(house.lido.metrics.registry)
