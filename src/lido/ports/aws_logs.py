"""CloudWatch Logs, S3 and Firehose, at AWS or at servers that speak their APIs, as sinks of log records."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, NamedTuple
from urllib.parse import quote

import msgspec

from lido.ports import aws_client
from lido.ports.aws_client import AccessKey
from lido.ports.aws_service import AWSService, fault
from lido.ports.clock import Clock
from lido.ports.log_sinks import LIMIT_BYTES, SECONDS, LogLine, NotDelivered
from lido.ports.outgoing import Answer, Outgoing, Refused, TooLarge, TooSlow, Unreachable
from lido.rules.log_delivery import Destination, Service

# PutLogEvents takes at most so much time in one request.
_LONGEST_SPAN_MS = 24 * 3_600_000


class Account(NamedTuple):
    """The key to sign with, if any, and the number for the names of objects. Its repr hides the secret."""

    key: AccessKey | None
    account_id: str

    def __repr__(self) -> str:
        return f"<Account {self.account_id}>"


class _Service:
    """One service at an endpoint, in which `{service}` stands for its name and `{region}` for the destination's."""

    name: ClassVar[Service]

    def __init__(self, outgoing: Outgoing, clock: Clock, account: Account, endpoint: str) -> None:
        self._service = AWSService(outgoing, clock, self.name, endpoint, account.key)
        self._account = account

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._service}>"

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def _send(
        self, method: Literal["POST", "PUT"], path: str, headers: dict[str, str], body: bytes, region: str
    ) -> Answer:
        try:
            return self._service.send(
                path, headers, body, region=region, seconds=SECONDS, limit_bytes=LIMIT_BYTES, method=method
            )
        except (Refused, Unreachable, TooSlow, TooLarge) as trouble:
            raise NotDelivered(f"{type(trouble).__name__} {trouble}".strip()) from None

    def _ask(self, target: str, document: dict[str, Any], region: str) -> Answer:
        headers = {"content-type": aws_client.CONTENT_TYPE, "x-amz-target": target}
        return self._send("POST", "/", headers, msgspec.json.encode(document), region)


class CloudWatchLogs(_Service):
    """A log group; each pool has a log stream of its own there, named by its id."""

    name: ClassVar[Service] = "logs"

    def deliver(self, pool_id: str, destination: Destination, lines: list[LogLine]) -> list[LogLine]:
        """See LogSink.deliver."""
        batch = [line for line in lines if line.at - lines[0].at < _LONGEST_SPAN_MS]
        answer = self._put(pool_id, destination, batch)
        if answer.status != 200 and fault(answer) == "ResourceNotFoundException":
            self._make_stream(pool_id, destination)
            answer = self._put(pool_id, destination, batch)
        _result(answer)
        return lines[len(batch) :]

    def _put(self, pool_id: str, destination: Destination, lines: list[LogLine]) -> Answer:
        events = [{"timestamp": line.at, "message": line.text} for line in lines]
        document = {"logGroupName": destination.name, "logStreamName": pool_id, "logEvents": events}
        return self._ask("Logs_20140328.PutLogEvents", document, destination.region)

    def _make_stream(self, pool_id: str, destination: Destination) -> None:
        document = {"logGroupName": destination.name, "logStreamName": pool_id}
        answer = self._ask("Logs_20140328.CreateLogStream", document, destination.region)
        if fault(answer) != "ResourceAlreadyExistsException":  # another node was faster
            _require_success(answer)


class Firehose(_Service):
    """A delivery stream; a record is one line."""

    name: ClassVar[Service] = "firehose"

    def deliver(self, pool_id: str, destination: Destination, lines: list[LogLine]) -> list[LogLine]:  # noqa: ARG002 - as every sink
        """See LogSink.deliver."""
        records = [{"Data": b64encode(f"{line.text}\n".encode()).decode()} for line in lines]
        document = {"DeliveryStreamName": destination.name, "Records": records}
        answer = self._ask("Firehose_20150804.PutRecordBatch", document, destination.region)
        results = _result(answer).get("RequestResponses")
        if not isinstance(results, list) or len(results) != len(lines):
            raise NotDelivered("the answer does not say what was taken")
        return [
            line
            for line, result in zip(lines, results, strict=True)
            if not isinstance(result, dict) or "RecordId" not in result
        ]


class S3(_Service):
    """A bucket; a delivery is an object of JSON lines, named by its first record: a repetition replaces it."""

    name: ClassVar[Service] = "s3"

    def deliver(self, pool_id: str, destination: Destination, lines: list[LogLine]) -> list[LogLine]:
        """See LogSink.deliver."""
        region = pool_id.partition("_")[0]  # an ARN of a bucket has none
        body = "".join(f"{line.text}\n" for line in lines).encode()
        day = datetime.fromtimestamp(lines[0].at / 1000, UTC).strftime("%Y/%m/%d/%H")
        key = f"AWSLogs/{self._account.account_id}/cognito-idp/{region}/{pool_id}/{day}/{lines[0].id}.log"
        headers = {
            "content-type": "application/x-ndjson",
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        }
        answer = self._send("PUT", quote(f"/{destination.name}/{key}", safe="/~"), headers, body, region)
        _require_success(answer)
        if "etag" not in answer.headers:
            raise NotDelivered("the answer is not one of S3")
        return []


def _require_success(answer: Answer) -> None:
    if not 200 <= answer.status < 300:
        raise NotDelivered(f"HTTP {answer.status} {fault(answer)}".strip())


def _result(answer: Answer) -> dict[str, Any]:
    """What a service says of a success. Raises NotDelivered, also for a page that something between us sends."""
    _require_success(answer)
    try:
        return msgspec.json.decode(answer.body or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise NotDelivered("the answer is not JSON") from None
