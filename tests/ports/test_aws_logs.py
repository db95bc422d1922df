"""Log records arrive at CloudWatch Logs, S3 and Firehose, as moto's server has them."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from warnings import catch_warnings, simplefilter

import boto3
import botocore.auth
import botocore.compat
import pytest

from lido.ports.aws_client import AccessKey
from lido.ports.aws_logs import S3, Account, CloudWatchLogs, Firehose
from lido.ports.clock import SystemClock
from lido.ports.log_sinks import LogLine, NotDelivered
from lido.ports.outgoing import ANYWHERE, Outgoing
from lido.rules.log_delivery import Destination

REGION = "eu-west-1"
POOL = "eu-west-1_people000"
ACCOUNT = Account(AccessKey("AKIALOGSLOGSLOGSLOGS", "secret-of-the-logs"), "123456789012")


@contextmanager
def moto_server() -> Iterator[str]:
    with catch_warnings():
        simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def url():
    with moto_server() as url:
        yield url


@pytest.fixture
def aws(url, monkeypatch):
    """A boto3 client of a service there."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", botocore.compat.get_current_datetime)

    def client(service):
        keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
        return boto3.client(service, region_name=REGION, endpoint_url=url, **keys)

    return client


@pytest.fixture
def sink(url):
    opened = []

    def make(kind, endpoint=url):
        opened.append(kind(Outgoing(ANYWHERE), SystemClock(), ACCOUNT, endpoint))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def lines(*texts, at=None):
    now = at or SystemClock().now()
    return [LogLine(f"id-{text}", now + number, json.dumps({"n": text})) for number, text in enumerate(texts)]


def test_cloudwatch_keeps_a_stream_for_each_pool(aws, sink):
    logs = aws("logs")
    logs.create_log_group(logGroupName="/aws/vendedlogs/people")
    cloudwatch, group = sink(CloudWatchLogs), Destination("logs", "/aws/vendedlogs/people", REGION)
    assert cloudwatch.deliver(POOL, group, lines("a", "b")) == []
    assert cloudwatch.deliver(POOL, group, lines("ä")) == []
    found = logs.get_log_events(logGroupName="/aws/vendedlogs/people", logStreamName=POOL, startFromHead=True)["events"]
    assert [json.loads(event["message"])["n"] for event in found] == ["a", "b", "ä"]


def test_a_log_group_that_is_missing_takes_nothing(sink):
    with pytest.raises(NotDelivered, match="HTTP 400 ResourceNotFoundException"):
        sink(CloudWatchLogs).deliver(POOL, Destination("logs", "nowhere", REGION), lines("a"))


def test_what_is_a_day_later_than_the_first_waits_for_the_next_request(aws, sink):
    aws("logs").create_log_group(logGroupName="spread")
    now = SystemClock().now()
    first, late = lines("a", at=now - 25 * 3_600_000), lines("b", at=now)
    assert sink(CloudWatchLogs).deliver(POOL, Destination("logs", "spread", REGION), first + late) == late


def test_a_bucket_gets_an_object_of_lines_and_a_repetition_replaces_it(aws, sink):
    s3 = aws("s3")
    s3.create_bucket(Bucket="people-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    for _ in range(2):
        assert sink(S3).deliver(POOL, Destination("s3", "people-logs", ""), lines("a", "b", at=1_790_000_000_000)) == []
    [found] = s3.list_objects_v2(Bucket="people-logs")["Contents"]
    assert found["Key"] == f"AWSLogs/123456789012/cognito-idp/eu-west-1/{POOL}/2026/09/21/14/id-a.log"
    body = s3.get_object(Bucket="people-logs", Key=found["Key"])["Body"].read()
    assert [json.loads(line)["n"] for line in body.splitlines()] == ["a", "b"]


def test_firehose_takes_a_line_a_record(aws, sink):
    s3, firehose = aws("s3"), aws("firehose")
    s3.create_bucket(Bucket="stream-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    firehose.create_delivery_stream(
        DeliveryStreamName="people",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "BucketARN": "arn:aws:s3:::stream-logs",
        },
    )
    assert sink(Firehose).deliver(POOL, Destination("firehose", "people", REGION), lines("a", "b")) == []
    [found] = s3.list_objects_v2(Bucket="stream-logs")["Contents"]
    body = s3.get_object(Bucket="stream-logs", Key=found["Key"])["Body"].read()
    body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    assert [json.loads(line)["n"] for line in body.splitlines()] == ["a", "b"]


@pytest.mark.parametrize("kind", [CloudWatchLogs, S3, Firehose])
def test_nobody_answers_is_said_so(sink, kind):
    with pytest.raises(NotDelivered, match="Unreachable"):
        sink(kind, "http://127.0.0.1:9").deliver(POOL, Destination("s3", "name", REGION), lines("a"))


def test_the_region_stands_in_the_endpoint(sink):
    with pytest.raises(NotDelivered, match=r"Refused|Unreachable"):
        sink(Firehose, "http://{service}.{region}.invalid").deliver(
            POOL, Destination("firehose", "x", REGION), lines("a")
        )


def test_secrets_are_in_no_repr(sink):
    assert "secret" not in repr([ACCOUNT, sink(S3)])


class Rude(BaseHTTPRequestHandler):
    """Answers whatever the test wants."""

    status, headers_, body = 200, {}, b""

    def _answer(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(Rude.status)
        for name, value in {"content-length": str(len(Rude.body)), **Rude.headers_}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(Rude.body)

    do_POST = do_PUT = _answer  # noqa: N815 - names of http.server

    def log_message(self, *_):
        pass


@pytest.fixture
def rude():
    with HTTPServer(("127.0.0.1", 0), Rude) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("kind", [CloudWatchLogs, S3, Firehose])
@pytest.mark.parametrize(
    "status, headers, body",
    [
        (200, {}, b"<html>please log in</html>"),
        (200, {}, b"{not json}"),
        (302, {"location": "http://169.254.169.254/"}, b""),
        (500, {}, b"\x00\xff"),
        (403, {}, b'{"__type": "x#Access\\u001b[2JDenied"}'),
        (200, {}, b"{" * 2_000_000),
    ],
)
def test_an_answer_that_is_not_the_service_s_takes_nothing(sink, rude, kind, status, headers, body):
    Rude.status, Rude.headers_, Rude.body = status, headers, body
    with pytest.raises(NotDelivered) as refusal:
        sink(kind, rude).deliver(POOL, Destination("logs", "name", REGION), lines("a"))
    assert str(refusal.value).isprintable()


def test_what_firehose_could_not_take_comes_back(sink, rude):
    answered = [{"RecordId": "1"}, {"ErrorCode": "ServiceUnavailableException"}]
    Rude.status, Rude.headers_ = 200, {}
    Rude.body = json.dumps({"FailedPutCount": 1, "RequestResponses": answered}).encode()
    given = lines("a", "b")
    assert sink(Firehose, rude).deliver(POOL, Destination("firehose", "x", REGION), given) == given[1:]
