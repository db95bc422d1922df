"""AWS Lambda's Invoke API: what botocore's own client sends, signed as botocore signs, with its errors."""

import json
from io import BytesIO
from pathlib import Path
from warnings import catch_warnings, simplefilter
from zipfile import ZipFile

import boto3
import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from tests.fakes import FakeClock
from tests.receivers import receiving, say

from lido.ports.aws_client import AccessKey
from lido.ports.entropy import SystemEntropy
from lido.ports.outgoing import ANYWHERE, Outgoing
from lido.ports.triggers.aws_lambda import AWSLambda
from lido.ports.triggers.carrier import MAX_BODY_BYTES, NotInvocable, Raised, Target, TimedOut, Unrecognizable
from lido.ports.triggers.carriers import Carriers

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:pre-sign-up:live"
KEY = Credentials("AKIDEXAMPLEEXAMPLE00", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token of the session")
EVENT = b'{"triggerSource":"PreSignUp_SignUp","userName":"\xc3\xa4lice"}'


@pytest.fixture
def server(tmp_path: Path):
    """Something that speaks Lambda's API, without TLS and on a private address, as LocalStack or moto."""
    with receiving(tmp_path, tls=False) as server:
        yield server


def carrying(endpoint, key=KEY):
    """A carrier to that endpoint."""
    way = AWSLambda(
        Outgoing(ANYWHERE),
        FakeClock(),
        endpoint=endpoint,
        key=key and AccessKey(key.access_key, key.secret_key, key.token),
    )
    return Carriers({"lambda": lambda: way}, SystemEntropy(), waiting=4)


def function(**settings):
    return Target(
        **{"name": "pre-sign-up", "kind": "lambda", "address": ARN, "arn": ARN, "timeout_seconds": 10.0, **settings}
    )


@pytest.fixture
def invoke(server):
    carriers = carrying(server.url(""))
    yield lambda event=EVENT, **settings: carriers.invoke(function(**settings), "PreSignUp", event, "pool")
    carriers.close()


def test_the_request_is_the_one_that_botocore_sends(server, invoke):
    server.answer = lambda handler, _: say(handler, b'{"response":{}}')
    theirs = boto3.client(
        "lambda",
        region_name="eu-central-1",
        endpoint_url=server.url(""),
        aws_access_key_id=KEY.access_key,
        aws_secret_access_key=KEY.secret_key,
        aws_session_token=KEY.token,
        config=Config(retries={"total_max_attempts": 1}),
    )

    answer = theirs.invoke(FunctionName=ARN, InvocationType="RequestResponse", Payload=EVENT)
    assert answer["Payload"].read() == invoke()

    sent, ours = server.posted
    assert (ours.path, ours.body) == (sent.path, sent.body)
    for name in ("host", "x-amz-invocation-type", "content-length", "x-amz-security-token"):
        assert ours.headers[name] == sent.headers[name]


def test_the_signature_is_the_one_that_botocore_makes(server, invoke):
    invoke()

    posted = server.posted[0]
    authorization = posted.headers["authorization"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token", "content-type", "x-amz-invocation-type"} == set(names)
    request = AWSRequest(
        "POST", server.url(posted.path), {name: posted.headers[name] for name in names}, data=posted.body
    )
    request.context["timestamp"] = posted.headers["x-amz-date"]
    signer = SigV4Auth(KEY, "lambda", "eu-central-1")
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert authorization.endswith(f"Signature={signature}")
    assert f"Credential={KEY.access_key}/20260921/eu-central-1/lambda/aws4_request" in authorization


def test_the_region_of_the_function_stands_in_the_endpoint(server):
    carriers = carrying(server.url("/{region}/"))
    carriers.invoke(function(), "PreSignUp", EVENT, "pool")
    carriers.close()

    assert server.posted[0].path.startswith("/eu-central-1/2015-03-31/functions/arn%3Aaws%3Alambda%3A")


@pytest.mark.parametrize("region", ["evil.example/", "a@b", "", "EU"])
def test_a_region_that_is_none_leads_to_no_other_host(server, region):
    carriers = carrying(server.url("/{region}/"))
    with pytest.raises(NotInvocable, match="ServiceException"):
        carriers.invoke(function(arn=ARN.replace("eu-central-1", region)), "PreSignUp", EVENT, "pool")
    carriers.close()

    assert server.posted == []


def test_without_a_key_nothing_is_signed(server):
    carriers = carrying(server.url(""), key=None)
    carriers.invoke(function(), "PreSignUp", EVENT, "pool")
    carriers.close()

    assert "authorization" not in server.posted[0].headers


def test_without_an_endpoint_there_is_no_function():
    carriers = carrying(None)
    with pytest.raises(NotInvocable, match="ResourceNotFoundException"):
        carriers.invoke(function(), "PreSignUp", EVENT, "pool")


@pytest.mark.parametrize("kind", ["Handled", "Unhandled"])
def test_a_function_that_raised_is_told_by_its_message(server, invoke, kind):
    body = json.dumps({"errorMessage": "Cannot register users under 18", "errorType": "Error"}).encode()
    server.answer = lambda handler, _: say(handler, body, x_amz_function_error=kind)
    with pytest.raises(Raised, match=r"^Cannot register users under 18$"):
        invoke()

    assert len(server.posted) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"errorMessage":7}', b"<html>"])
def test_a_function_that_raised_without_words_has_raised(server, invoke, body):
    server.answer = lambda handler, _: say(handler, body, x_amz_function_error="Unhandled")
    with pytest.raises(Raised, match=r"^$"):
        invoke()


@pytest.mark.parametrize(
    "status, header, name",
    [
        (404, "ResourceNotFoundException", "ResourceNotFoundException"),
        (403, "AccessDeniedException:http://internal.amazon.com/", "AccessDeniedException"),
        (429, "TooManyRequestsException", "TooManyRequestsException"),
        (409, "ResourceConflictException", "ResourceConflictException"),
        (502, "<b>evil</b>", "ServiceException"),
        (502, "x" * 65, "ServiceException"),
        (500, None, "ServiceException"),
        (302, None, "ServiceException"),
        (202, None, "ServiceException"),
    ],
)
def test_a_refused_call_is_told_by_its_exception_and_not_tried_again(server, invoke, status, header, name):
    headers = {"x_amzn_errortype": header} if header else {}
    server.answer = lambda handler, _: say(handler, b'{"Message":"no"}', status, **headers)
    with pytest.raises(NotInvocable, match=f"^{name}$"):
        invoke()

    assert len(server.posted) == 1


def test_a_call_that_takes_too_long_is_tried_again(server, invoke):
    server.answer = lambda *_: server.is_over.wait(30)
    with pytest.raises(TimedOut):
        invoke(timeout_seconds=0.2)

    assert len(server.posted) == 3


def test_an_answer_that_is_too_large_or_no_json_is_refused(server, invoke):
    for body in (b"<html>", b'"' + b"x" * MAX_BODY_BYTES + b'"'):
        server.answer = lambda handler, _, body=body: say(handler, body)
        with pytest.raises(Unrecognizable):
            invoke()


def test_null_is_an_answer(server, invoke):
    server.answer = lambda handler, _: say(handler, b"null")

    assert invoke() == b"null"


@pytest.fixture(scope="module")
def moto():
    """Somebody else's server of AWS Lambda's API."""
    with catch_warnings():
        simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def test_a_function_at_motos_server_answers_and_one_that_is_not_there_does_not(moto):
    account = {
        "region_name": "eu-central-1",
        "endpoint_url": moto,
        "aws_access_key_id": KEY.access_key,
        "aws_secret_access_key": KEY.secret_key,
    }
    role = boto3.client("iam", **account).create_role(RoleName="functions", AssumeRolePolicyDocument="{}")
    archive = BytesIO()
    with ZipFile(archive, "w") as code:
        code.writestr("app.py", "def handler(event, context): return event")
    carriers = carrying(moto)
    with pytest.raises(NotInvocable, match="ResourceNotFoundException"):
        carriers.invoke(function(), "PreSignUp", EVENT, "pool")

    # Without docker it runs nothing: every function answers its event.
    settings = {"lambda": {"use_docker": False}}
    assert urllib3.request("POST", f"{moto}/moto-api/config", json=settings).status == 201
    created = boto3.client("lambda", **account).create_function(
        FunctionName="pre-sign-up",
        Runtime="python3.11",
        Role=role["Role"]["Arn"],
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    arn = created["FunctionArn"]
    target = Target(name="pre-sign-up", kind="lambda", address=arn, arn=arn, timeout_seconds=10.0)
    assert carriers.invoke(target, "PreSignUp", EVENT, "pool") == EVENT
    carriers.close()


def test_nobody_at_the_endpoint_is_told(server, invoke):
    server.shutdown()
    server.socket.close()
    with pytest.raises(NotInvocable, match="ServiceException"):
        invoke()
