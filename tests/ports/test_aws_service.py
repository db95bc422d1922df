"""What goes to a service of AWS goes to its region and nowhere else, signed as botocore signs it."""

from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.fakes import FakeClock

from lido.ports.aws_client import AccessKey
from lido.ports.aws_service import AWSService, fault, fault_in_header
from lido.ports.outgoing import Answer, Refused

KEY = AccessKey("AKIDEXAMPLE", "secret", "token")


class Network:
    """Takes every request, and remembers it."""

    def __init__(self):
        self.asked = []

    def post(self, url, body, headers, *, seconds, limit_bytes, method):
        self.asked.append((method, url, headers, body, seconds, limit_bytes))
        return Answer(200, {}, b"")

    def close(self):
        """Nothing is open."""


@pytest.fixture
def network():
    return Network()


def send(network, name, endpoint, path="/", *, region="eu-west-1", key=KEY, method="POST"):
    service = AWSService(network, FakeClock(), name, endpoint, key)
    headers = {"content-type": "text/plain"}
    service.send(path, headers, b"body", region=region, seconds=3.0, limit_bytes=9, method=method)
    return network.asked[-1]


def test_service_and_region_stand_in_the_endpoint_and_in_what_is_signed(network):
    asked = send(network, "firehose", "https://{service}.{region}.amazonaws.com/")
    method, url, headers, body, seconds, limit_bytes = asked
    assert (method, url, body, seconds, limit_bytes) == (
        "POST",
        "https://firehose.eu-west-1.amazonaws.com/",
        b"body",
        3.0,
        9,
    )
    assert headers["host"] == "firehose.eu-west-1.amazonaws.com"
    assert "Credential=AKIDEXAMPLE/20260921/eu-west-1/firehose/aws4_request" in headers["authorization"]


@pytest.mark.parametrize("region", ["evil.example/", "a@b", "", "x" * 33, "us-east-1\r\n", "EU-WEST-1", "a?b", "é"])
def test_what_is_no_region_leads_nowhere(network, region):
    with pytest.raises(Refused, match="the region is none"):
        send(network, "sns", "https://sns.{region}.amazonaws.com", region=region)
    assert network.asked == []


@pytest.mark.parametrize(("name", "signing"), [("lambda", SigV4Auth), ("s3", S3SigV4Auth)])
@pytest.mark.parametrize("prefix", ["", "/at", "/a%20b"])
@pytest.mark.parametrize("raw", ["/", "/arn:aws:lambda:x/invocations", "/b/a b+ü~.log"])
def test_the_signature_is_the_one_that_botocore_makes(network, name, signing, prefix, raw):
    sent = send(network, name, f"http://localhost:4566{prefix}", quote(raw, safe="/~"), method="PUT")
    _, url, headers, body, _, _ = sent
    assert url == f"http://localhost:4566{prefix}{quote(raw, safe='/~')}"
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("PUT", url, {each: headers[each] for each in names}, data=body)
    request.context |= {"timestamp": headers["x-amz-date"], "payload_signing_enabled": True}
    signer = signing(Credentials(*KEY), name, "eu-west-1")
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert headers["authorization"].endswith(f"Signature={signature}")


def test_without_a_key_nothing_is_signed(network):
    _, _, headers, _, _, _ = send(network, "kms", "http://localhost", key=None)
    assert headers == {"host": "localhost", "content-type": "text/plain"}


def test_no_key_is_shown(network):
    assert "secret" not in repr(AWSService(network, FakeClock(), "kms", "http://localhost", KEY))


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"__type": "com.amazon.coral#ValidationException", "message": "alice"}', "ValidationException"),
        (b'{"__type": "alice@example.com"}', ""),
        (b'{"__type": 1}', "1"),
        (b"[]", ""),
        (b"<html>", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_a_refusal_is_told_by_its_name_and_never_by_its_sentence(body, name):
    assert fault(Answer(400, {}, body)) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [("TooManyRequestsException:http://x/", "TooManyRequestsException"), ("alice@example.com", ""), ("", "")],
)
def test_a_refusal_in_a_header_is_told_by_its_name_alone(header, name):
    assert fault_in_header(Answer(400, {"x-amzn-errortype": header}, b"")) == name
