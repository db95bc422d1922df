"""Text messages go to a real HTTP server."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from lido import silence
from lido.ports.mail import Undeliverable
from lido.ports.sms import HTTPGateway, TextMessage

FORM = "To={to}&From={from}&Body={text}&Kind=otp"
MESSAGE = TextMessage("+491701234567", "Your code is 1&2+3 {from} ✓")


class Gateway(ThreadingHTTPServer):
    """Answers with `status` and remembers what was posted."""

    daemon_threads = True
    status = 200
    headers = ()
    length = 2

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/send"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.posted.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers:
            self.send_header(name, value)
        self.send_header("content-length", str(self.server.length))
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def gateway():
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(gateway, message=MESSAGE, **options):
    HTTPGateway(gateway.url, form=FORM, sender="Li&do", timeout_seconds=5, **options).send(message)


def refusal(gateway):
    with pytest.raises(Undeliverable) as refused:
        send(gateway)
    return refused.value


def test_the_form_carries_each_value_as_it_is(gateway):
    send(gateway)
    [(path, headers, body)] = gateway.posted
    assert path == "/send"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in {name.lower() for name in headers}
    assert parse_qsl(body) == [("To", MESSAGE.to), ("From", "Li&do"), ("Body", MESSAGE.text), ("Kind", "otp")]


def test_the_gateway_may_ask_for_a_login(gateway):
    send(gateway, user="AC1", password="pw:x")
    sent = {name.lower(): value for name, value in gateway.posted[0][1].items()}["authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")) == b"AC1:pw:x"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_trouble_of_the_gateway_passes(gateway, status):
    gateway.status = status
    refused = refusal(gateway)
    assert (refused.transient, refused.reason) == (True, f"the gateway answered {status}")
    assert len(gateway.posted) == 1


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_of_the_gateway_stays(gateway, status):
    gateway.status = status
    assert not refusal(gateway).transient


def test_a_redirect_is_not_followed(gateway):
    gateway.status, gateway.headers = 307, [("location", gateway.url + "/elsewhere")]
    assert not refusal(gateway).transient
    assert [path for path, *_ in gateway.posted] == ["/send"]


def test_an_answer_without_end_is_not_waited_for(gateway):
    gateway.length = 10**12
    send(gateway)
    assert len(gateway.posted) == 1


def test_a_gateway_that_is_not_there_is_a_matter_of_time():
    with Gateway() as gone:
        pass
    refused = refusal(gone)
    assert refused.transient
    assert "127.0.0.1" not in refused.reason


@pytest.mark.parametrize("to", ["", "alice", "00491701234567", "+1", "+49170\r\nX", "+٤٩١٧٠١"])
def test_only_numbers_are_written_to(gateway, to):
    with pytest.raises(Undeliverable) as refused:
        send(gateway, TextMessage(to, "hello"))
    assert not refused.value.transient
    assert gateway.posted == []


def test_no_text_message_leaves_while_a_transaction_is_open(gateway):
    silence.begin()
    try:
        with pytest.raises(RuntimeError, match="while a transaction is open"):
            send(gateway)
    finally:
        silence.end()
    assert gateway.posted == []


def test_a_text_message_does_not_show_what_it_says():
    assert "code" not in repr(MESSAGE)
