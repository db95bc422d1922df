"""E-mail and text messages reach Amazon's services, or what speaks their APIs, as boto3 reads them back."""

import email
import email.policy
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from tests.fakes import FakeClock
from tests.ports.amazon import amazon

from lido import silence
from lido.ports.aws_client import AccessKey
from lido.ports.aws_messages import SES, SNS, Account
from lido.ports.mail import Email, Undeliverable
from lido.ports.outgoing import ANYWHERE, Outgoing
from lido.ports.sms import TextMessage

ARN = "arn:aws:ses:eu-west-1:123456789012:identity/lido.example"
KEY = AccessKey("AKIDEXAMPLE", "secret-of-the-tests")


def letter(**changes):
    given = {
        "id": "0199-1",
        "to": "alice@example.com",
        "sender": "Lidö <no-reply@lido.example>",
        "subject": "Ihr Schlüssel",
        "text": "Code: 123456",
        "html": "<p>Code: <b>123456</b></p>",
        "at": 1_790_000_000_000,
        "reply_to": "help@lido.example",
        "identity_arn": ARN,
        "configuration_set": "lido-set",
        "region": "eu-west-1",
    }
    return Email(**{**given, **changes})


@pytest.fixture(scope="module")
def moto():
    with amazon() as server:
        yield server


@pytest.fixture
def outgoing():
    client = Outgoing(ANYWHERE)
    yield client
    client.close()


@pytest.fixture
def ses(moto, outgoing):
    return SES(outgoing, FakeClock(), Account(moto.url, KEY))


@pytest.fixture
def sns(moto, outgoing):
    return SNS(outgoing, FakeClock(), Account(moto.url, KEY), sender="Lido")


class Recorder(ThreadingHTTPServer):
    """Answers as told and remembers what was asked."""

    daemon_threads = True
    says = (200, {}, b"{}")

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status, headers, answer = self.server.says
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def recorder():
    with Recorder() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def refusal(gateway, message):
    with pytest.raises(Undeliverable) as refused:
        gateway.send(message)
    return refused.value


def test_an_e_mail_arrives_at_ses_in_the_region_of_its_identity(moto, ses):
    client = boto3.client(
        "sesv2",
        region_name="eu-west-1",
        endpoint_url=moto.url,
        aws_access_key_id=KEY.id,
        aws_secret_access_key=KEY.secret,
    )
    client.create_email_identity(EmailIdentity="lido.example")

    ses.send(letter())

    [taken] = moto.emails("eu-west-1")
    message = email.message_from_string(taken.raw_data, policy=email.policy.default)
    assert set(taken.destinations) == {"alice@example.com"}
    assert message["From"] == "Lidö <no-reply@lido.example>"
    assert message["Reply-To"] == "help@lido.example"
    assert message["Subject"] == "Ihr Schlüssel"
    assert message.get_body(("plain",)).get_content().strip() == "Code: 123456"
    assert message.get_body(("html",)).get_content().strip() == "<p>Code: <b>123456</b></p>"
    assert moto.emails("us-east-1") == []


def test_an_identity_that_is_not_verified_may_be_mended_so_the_letter_waits(ses):
    refused = refusal(ses, letter(sender="no-reply@other.example", region="us-west-2"))
    assert refused.transient
    assert refused.reason == "SES refused: 400 MessageRejected"


def test_identity_and_configuration_set_of_the_pool_are_named_and_left_out_where_there_are_none(recorder, outgoing):
    import json

    ses = SES(outgoing, FakeClock(), Account(f"{recorder.url}/prefix/", KEY))
    ses.send(letter())
    ses.send(letter(identity_arn="", configuration_set=""))
    (path, headers, body), (_, _, plain) = recorder.asked
    assert path == "/prefix/v2/email/outbound-emails"
    assert json.loads(body)["FromEmailAddressIdentityArn"] == ARN
    assert json.loads(body)["ConfigurationSetName"] == "lido-set"
    assert json.loads(plain).keys() == {"Destination", "Content"}
    assert "/eu-west-1/ses/aws4_request" in headers["authorization"]


def test_without_a_key_nothing_is_signed(recorder, outgoing):
    SES(outgoing, FakeClock(), Account(recorder.url, None)).send(letter())
    assert "authorization" not in recorder.asked[0][1]


def test_a_text_message_arrives_at_sns_in_its_region(moto, sns):
    sns.send(TextMessage("+491701234567", "Code: 1&2+3 ✓", has_account=True, region="eu-central-1"))
    assert moto.texts("eu-central-1") == [("+491701234567", "Code: 1&2+3 ✓")]


@pytest.mark.parametrize(
    ("sender", "attribute"),
    [
        ("Lido", ("AWS.SNS.SMS.SenderID", "Lido")),
        ("+15550100", ("AWS.MM.SMS.OriginationNumber", "+15550100")),
        ("A name that is too long", None),
        ("12345", None),
    ],
)
def test_the_sender_of_a_text_message_is_a_name_or_a_number(recorder, outgoing, sender, attribute):
    from urllib.parse import parse_qs

    SNS(outgoing, FakeClock(), Account(recorder.url, KEY), sender=sender).send(
        TextMessage("+491701234567", "hello", region="eu-central-1")
    )
    [(path, headers, body)] = recorder.asked
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    names = [form[name] for name in sorted(form) if name.endswith(".Name")]
    values = [form[name] for name in sorted(form) if name.endswith(".StringValue")]
    expected = [("AWS.SNS.SMS.SMSType", "Transactional"), *([attribute] if attribute else [])]
    assert list(zip(names, values, strict=True)) == expected
    assert path == "/"
    assert "/eu-central-1/sns/aws4_request" in headers["authorization"]


@pytest.mark.parametrize(
    ("says", "transient", "reason"),
    [
        ((429, {"x-amzn-errortype": "TooManyRequestsException:"}, b"{}"), True, "SES refused: 429 TooManyRequests"),
        ((400, {"x-amzn-errortype": "BadRequestException"}, b"{}"), False, "SES refused: 400 BadRequest"),
        ((400, {}, b'{"__type": "com.x#SendingPausedException"}'), True, "SES refused: 400 SendingPaused"),
        ((403, {}, b'{"__type": "AccessDeniedException", "message": "alice@example.com"}'), True,
         "SES refused: 403 AccessDenied"),
        ((500, {}, b"<html>alice@example.com"), True, "SES refused: 500"),
        ((400, {"x-amzn-errortype": "alice@example.com"}, b"[1]"), True, "SES refused: 400"),
        ((307, {"location": "http://127.0.0.1:1/"}, b""), True, "SES refused: 307"),
        ((200, {}, b"x" * 100_000), True, "SES was not reached: TooLarge"),
    ],
)  # fmt: skip
def test_refusals_are_told_apart_and_repeat_no_address(recorder, outgoing, says, transient, reason):
    recorder.says = says
    refused = refusal(SES(outgoing, FakeClock(), Account(recorder.url, KEY)), letter())
    assert (refused.transient, refused.reason) == (transient, reason)
    assert len(recorder.asked) == 1


def test_a_number_that_sns_does_not_take_stays_refused(recorder, outgoing):
    recorder.says = (400, {}, b"<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>")
    gateway = SNS(outgoing, FakeClock(), Account(recorder.url, KEY), sender="Lido")
    refused = refusal(gateway, TextMessage("+491701234567", "hello", region="us-east-1"))
    assert (refused.transient, refused.reason) == (False, "SNS refused: 400 InvalidParameter")


@pytest.mark.parametrize("region", ["evil.example/", "a@b", "", "x" * 33, "us-east-1\r\n"])
def test_a_region_leads_to_no_other_host(outgoing, region):
    account = Account("http://email.{region}.amazonaws.com", KEY)
    assert refusal(SES(outgoing, FakeClock(), account), letter(region=region)).reason == "the region is none"


@pytest.mark.parametrize("to", ["", "alice", "00491701234567", "+49170\r\nX"])
def test_only_numbers_are_written_to(recorder, outgoing, to):
    gateway = SNS(outgoing, FakeClock(), Account(recorder.url, KEY), sender="Lido")
    assert not refusal(gateway, TextMessage(to, "hello", region="us-east-1")).transient
    assert recorder.asked == []


def test_nothing_leaves_while_a_transaction_is_open(ses, sns):
    silence.begin()
    try:
        for gateway, message in ((ses, letter()), (sns, TextMessage("+491701234567", "x", region="us-east-1"))):
            with pytest.raises(RuntimeError, match="while a transaction is open"):
                gateway.send(message)
    finally:
        silence.end()


def test_no_key_is_shown(ses, sns):
    assert "secret" not in f"{ses!r} {sns!r} {Account('http://x', KEY)!r}"
