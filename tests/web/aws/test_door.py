"""The AWS door: what comes in malformed, unsigned or too large, and what every answer carries."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.world import ROOT_ID, ROOT_SECRET, World

from lido.flows import master_key
from lido.operations import BY_SECRET, BY_SECRET_OR_SIGNATURE
from lido.rules import policies
from lido.rules.sealing import KeyRing
from lido.shapes import catalogue

IDP = "AWSCognitoIdentityProviderService"
PUBLIC = "SignUp"
READ_ONLY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["cognito-idp:List*", "cognito-idp:Describe*"], "Resource": "*"},
        ],
    }
)


def post(house: World, body: bytes, *, target: str = f"{IDP}.{PUBLIC}", **headers: str) -> tuple[int, dict, Any]:
    status, answered, content = house.http(
        "POST",
        "http://lido.test/",
        {"x-amz-target": target, "content-type": "application/x-amz-json-1.1", **headers},
        body,
    )
    return status, answered, json.loads(content) if content else None


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"ClientId":"\\ud800"}', b'{"a":' * 5_000, b"{}{}", b"\x00"],
)
def test_what_is_not_a_json_object_is_refused_as_serialization(house, body):
    status, headers, answer = post(house, body)

    assert status == 400
    assert answer["__type"] in ("SerializationException", "InvalidParameterException")
    assert headers["x-amzn-errortype"] == answer["__type"] + ":"


@pytest.mark.parametrize(
    "target", ["", "SignUp", f"{IDP}.", f"{IDP}.NoSuchOperation", "Other.SignUp", "é.é", "a" * 9_000]
)
def test_an_unknown_target_is_refused_by_that_name(house, target):
    status, _, answer = post(house, b"{}", target=target)

    assert (status, answer["__type"]) == (400, "UnknownOperationException")


def test_a_missing_body_counts_as_an_empty_object(house):
    status, _, answer = post(house, b"")

    assert status == 400
    assert "Value null at 'clientId' failed to satisfy constraint: Member must not be null" in answer["message"]


def test_all_violations_are_told_in_one_sentence_and_no_secret_is_echoed(house):
    status, _, answer = post(house, json.dumps({"Password": "x" * 300, "Username": "a b"}).encode())

    assert status == 400
    assert answer["__type"] == "InvalidParameterException"
    assert answer["message"].startswith("3 validation errors detected: ")
    assert "xxx" not in answer["message"]
    assert "a b" not in answer["message"]


def test_wrong_types_are_refused_as_serialization(house):
    status, _, answer = post(house, b'{"ClientId":7}')

    assert (status, answer["__type"]) == (400, "SerializationException")


def test_a_body_beyond_the_limit_is_refused(house):
    status, _, answer = post(house, b'{"ClientId":"' + b"x" * (3 * 1024 * 1024) + b'"}')

    assert (status, answer["__type"]) == (413, "RequestEntityTooLargeException")


def test_a_megabyte_of_password_is_a_validation_error(house):
    status, _, answer = post(
        house, json.dumps({"ClientId": "abc", "Username": "alice", "Password": "x" * 1_000_000}).encode()
    )

    assert (status, answer["__type"]) == (400, "InvalidParameterException")
    assert len(json.dumps(answer)) < 2_000


def test_every_answer_carries_a_request_id_and_lets_browsers_read_it(house):
    ids = set()
    for _ in range(2):
        _, headers, _ = post(house, b"{}")
        ids.add(headers["x-amzn-requestid"])
        assert headers["access-control-allow-origin"] == "*"
        assert "x-amzn-errortype" in headers["access-control-expose-headers"]
        assert headers["content-type"] == "application/x-amz-json-1.1"
    assert len(ids) == 2


def test_a_preflight_is_answered_for_the_headers_it_asks(house):
    status, headers, _ = house.http(
        "OPTIONS",
        "http://lido.test/",
        {"origin": "https://app.example", "access-control-request-headers": "content-type,x-amz-target"},
    )

    assert status == 200
    assert headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert headers["access-control-allow-headers"] == "content-type,x-amz-target"


def test_an_operation_that_is_not_built_refuses_by_name(house):
    identity = house.boto(ROOT_ID, ROOT_SECRET, service="cognito-identity")

    with pytest.raises(ClientError, match=r"ListIdentityPools is not built yet; docs/compatibility\.md lists what is"):
        identity.list_identity_pools(MaxResults=1)


@pytest.mark.parametrize(
    "name",
    sorted(
        named[1]
        for named, found in catalogue.OPERATIONS.items()
        if not found.unsigned and named not in BY_SECRET | BY_SECRET_OR_SIGNATURE
    ),
)
def test_no_signed_operation_answers_an_unsigned_request(house, name):
    service = "cognito-idp" if ("cognito-idp", name) in catalogue.OPERATIONS else "cognito-identity"
    prefix = next(prefix for prefix, of in catalogue.TARGETS.items() if of == service)
    status, _, answer = post(house, b"{}", target=f"{prefix}.{name}")

    assert (status, answer["__type"]) == (400, "MissingAuthenticationTokenException")


def test_a_wrong_secret_is_refused(house):
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        house.boto("AKIAROOTROOTROOTROOT", "not-the-secret").list_user_pools(MaxResults=1)


def test_an_unknown_key_is_refused(house):
    with pytest.raises(ClientError, match="The security token included in the request is invalid"):
        house.boto("AKIANOBODYNOBODYNOBO", "whatever").list_user_pools(MaxResults=1)


def test_a_signature_for_a_region_that_is_not_served_is_refused(house):
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region"):
        house.boto("AKIAROOTROOTROOTROOT", "root-secret-of-the-tests-only", region="eu-west-1").list_user_pools(
            MaxResults=1
        )


def test_an_old_signature_is_refused(house):
    client = house.idp
    house.clock.advance(minutes=-6)
    held = []
    client.meta.events.register("before-send.*", lambda request, **_: held.append(request) or None)
    # The clock moves on between signing and arrival.
    client.meta.events.register_first("before-send.*", lambda **_: house.clock.advance(minutes=6) or None)

    with pytest.raises(ClientError, match="Signature expired"):
        client.list_user_pools(MaxResults=1)


def test_a_key_does_only_what_its_policy_allows(house):
    house.access_key("AKIAREADREADREADREAD", "reader-secret-reader", READ_ONLY, operator_id="reader")
    reader = house.boto("AKIAREADREADREADREAD", "reader-secret-reader")

    assert reader.list_user_pools(MaxResults=1)["UserPools"] == []
    with pytest.raises(
        ClientError,
        match=r"User: arn:aws:iam::000000000000:user/reader is not authorized to perform: "
        r"cognito-idp:CreateUserPool on resource: \*",
    ):
        reader.create_user_pool(PoolName="people")


def test_a_key_for_one_pool_reaches_no_other_even_in_disguise(house):
    mine, other = house.pool(), house.pool()
    arn = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{mine}"
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cognito-idp:*", "Resource": arn}]}
    )
    house.access_key("AKIAONEPONEPONEPONEP", "one-pool-secret-one", policy, operator_id="one")
    limited = house.boto("AKIAONEPONEPONEPONEP", "one-pool-secret-one")

    assert limited.describe_user_pool(UserPoolId=mine)["UserPool"]["Id"] == mine
    with pytest.raises(ClientError, match="AccessDeniedException"):
        limited.describe_user_pool(UserPoolId=other)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        limited.list_user_pools(MaxResults=1)
    limited.meta.events.register(
        "before-call.*", lambda params, **_: params.update(body=_disguised(params["body"], arn))
    )
    with pytest.raises(ClientError, match="AccessDeniedException"):
        limited.describe_user_pool(UserPoolId=other)


def _disguised(body: bytes, arn: str) -> bytes:
    return json.dumps({**json.loads(body), "ResourceArn": arn}).encode()


def test_a_revoked_key_is_dead_within_a_second(house):
    house.access_key("AKIAGONEGONEGONEGONE", "gone-secret-gone-secret", policies.FULL_ACCESS)
    client = house.boto("AKIAGONEGONEGONEGONE", "gone-secret-gone-secret")
    client.list_user_pools(MaxResults=1)

    with house.database.write() as tx:
        from lido.storage import operators

        operators.revoke_key(tx, "AKIAGONEGONEGONEGONE", house.clock.now())
    house.clock.advance(seconds=1)

    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        client.list_user_pools(MaxResults=1)


def test_public_operations_accept_a_signature_and_ignore_it(house):
    wrong = house.boto("AKIANOBODYNOBODYNOBO", "whatever")
    wrong.meta.config.signature_version = "v4"

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        wrong.sign_up(ClientId="nobody", Username="alice", Password="Passw0rd!")


def test_the_health_pages_answer(house):
    assert house.http("GET", "http://lido.test/healthz")[0] == 200
    assert house.http("GET", "http://lido.test/readyz")[0] == 200


def test_a_node_without_the_key_that_seals_now_is_not_ready(house):
    call, other = house.call(), KeyRing([bytes(range(32))], house.call().entropy.bytes)
    master_key.adopt(call.db, other)

    status, _, body = house.http("GET", "http://lido.test/readyz")
    assert (status, body) == (503, b'{"status":"the master key that seals is not at hand"}')

    call.keys.renew([bytes(32), bytes(range(32))])
    assert house.http("GET", "http://lido.test/readyz")[0] == 200


def test_other_paths_and_methods_are_not_served(house):
    assert house.http("GET", "http://lido.test/")[0] in (404, 405)
    assert house.http("POST", "http://lido.test/other", {}, b"{}")[0] == 404
