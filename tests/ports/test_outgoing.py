"""The way out: public destinations, or such as the operator allowed; never longer, larger or further than asked."""

import socket
import threading
from time import monotonic

import pytest
from tests.receivers import receiving, say

from lido import silence
from lido.ports.outgoing import ANYWHERE, Outgoing, Refused, TooLarge, TooSlow, Unreachable

LOOPBACK = ("127.0.0.0/8",)
PUBLIC = "93.184.215.14"


@pytest.fixture
def receiver(tmp_path):
    with receiving(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def clear(tmp_path):
    """A receiver without TLS."""
    with receiving(tmp_path, tls=False) as receiver:
        yield receiver


@pytest.fixture
def outgoing(receiver):
    outgoing = Outgoing(LOOPBACK, authority=receiver.authority)
    yield outgoing
    outgoing.close()


def post(outgoing, url, body=b"{}", *, seconds=10.0, limit_bytes=1000, **headers):
    return outgoing.post(url, body, headers, seconds=seconds, limit_bytes=limit_bytes)


def resolving(monkeypatch, answers):
    """Let names resolve to these addresses, one list for each time they are asked for; how often that was."""
    real, asked = socket.getaddrinfo, []

    def getaddrinfo(host, port, *rest, **options):
        if host not in answers:
            return real(host, port, *rest, **options)
        asked.append(host)
        addresses = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [row for address in addresses for row in real(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def connecting(monkeypatch):
    """Let nothing be reached; the addresses that were tried."""
    tried = []

    def create_connection(address, *rest, **options):
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return tried


def test_an_allowed_destination_is_posted_to_and_answers(outgoing, receiver):
    receiver.answer = lambda handler, _: say(handler, b'{"yes":1}', 201, X_Some="thing")

    answer = post(outgoing, receiver.url("/a?b=c"), b'{"no":1}', host_hint="x")

    assert (answer.status, answer.body, answer.headers["x-some"]) == (201, b'{"yes":1}', "thing")
    assert receiver.posted[0].path == "/a?b=c"
    assert receiver.posted[0].body == b'{"no":1}'


def test_a_connection_is_kept_for_the_next_request(outgoing, receiver):
    for _ in range(3):
        post(outgoing, receiver.url())

    assert receiver.connections == 1


def test_a_name_that_leads_to_an_allowed_address_is_reached(outgoing, receiver, monkeypatch):
    resolving(monkeypatch, {"localhost": [["127.0.0.1"]]})

    assert post(outgoing, receiver.url(host="localhost")).status == 200


def test_a_certificate_of_an_unknown_authority_is_refused(receiver):
    with pytest.raises(Unreachable):
        post(Outgoing(LOOPBACK), receiver.url())
    assert receiver.posted == []


def test_a_certificate_for_another_name_is_refused(outgoing, receiver, monkeypatch):
    resolving(monkeypatch, {"other.example": [["127.0.0.1"]]})
    with pytest.raises(Unreachable):
        post(outgoing, receiver.url(host="other.example"))
    assert receiver.posted == []


PRIVATE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "localhost",
    "localhost.",
    "0.0.0.0",
    "0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001::1]",
    "[fd00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_destination_is_refused_in_every_spelling(host, monkeypatch):
    tried = connecting(monkeypatch)
    with pytest.raises((Refused, Unreachable)) as refusal:
        post(Outgoing(), f"https://{host}/")

    assert tried == []
    # A spelling that is no address here is no name either: then nobody is reached.
    assert refusal.type is Refused or host.endswith(".")


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700:4700::1111", "64:ff9b::5db8:d70e"])
def test_a_public_destination_is_tried_over_https_alone(address, monkeypatch):
    tried = connecting(monkeypatch)
    resolving(monkeypatch, {"public.example": [[address]]})
    with pytest.raises(Unreachable):
        post(Outgoing(), "https://public.example/")
    with pytest.raises(Refused):
        post(Outgoing(), "http://public.example/")

    assert tried == [address]


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    tried = connecting(monkeypatch)
    resolving(monkeypatch, {"mixed.example": [[PUBLIC, "10.0.0.1"]]})
    with pytest.raises(Refused):
        post(Outgoing(), "https://mixed.example/")

    assert tried == []


def test_a_name_that_changes_its_mind_leads_nowhere_else(monkeypatch):
    tried = connecting(monkeypatch)
    asked = resolving(monkeypatch, {"rebind.example": [[PUBLIC], ["127.0.0.1"]]})
    outgoing = Outgoing()
    with pytest.raises(Unreachable):
        post(outgoing, "https://rebind.example/")
    assert (tried, asked) == ([PUBLIC], ["rebind.example"])

    with pytest.raises(Refused):
        post(outgoing, "https://rebind.example/")
    assert tried == [PUBLIC]


def test_only_the_networks_that_are_named_are_allowed(monkeypatch):
    tried = connecting(monkeypatch)
    outgoing = Outgoing(("10.1.0.0/16",))
    with pytest.raises(Unreachable):
        post(outgoing, "https://10.1.2.3/")
    for host in ("10.2.0.1", "127.0.0.1", "[::ffff:10.2.0.1]"):
        with pytest.raises(Refused):
            post(outgoing, f"https://{host}/")

    assert tried == ["10.1.2.3"]


def test_clear_text_goes_to_allowed_private_destinations_alone(clear):
    assert post(Outgoing(LOOPBACK), clear.url()).status == 200
    assert post(Outgoing(ANYWHERE), clear.url()).status == 200
    with pytest.raises(Refused):
        post(Outgoing(), clear.url())


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.com/",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "https:///path",
        "https://user:secret@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: other",
        "https://example.com\\@127.0.0.1/",
        "https://１２７.0.0.1/",
        "https://[::1/",
        "https://example.com/\x00",
    ],
)
def test_what_is_no_plain_address_is_refused(url, monkeypatch):
    tried = connecting(monkeypatch)
    with pytest.raises(Refused):
        post(Outgoing(ANYWHERE), url)

    assert tried == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(outgoing, receiver, status):
    receiver.answer = lambda handler, _: say(handler, b"", status, location="https://169.254.169.254/latest/")

    assert post(outgoing, receiver.url()).status == status
    assert len(receiver.posted) == 1


def test_proxies_of_the_environment_are_not_asked(outgoing, receiver, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert post(outgoing, receiver.url()).status == 200


def test_an_answer_of_more_bytes_than_asked_for_is_not_read_to_its_end(outgoing, receiver):
    receiver.answer = lambda handler, _: say(handler, b"x" * 1001)
    with pytest.raises(TooLarge):
        post(outgoing, receiver.url(), limit_bytes=1000)

    receiver.answer = lambda handler, _: say(handler, b"x" * 1000)
    assert len(post(outgoing, receiver.url(), limit_bytes=1000).body) == 1000


def test_a_body_without_end_is_cut_off(outgoing, receiver):
    def stream(handler, _):
        handler.send_response(200)
        handler.end_headers()
        while not receiver.is_over.is_set():
            handler.wfile.write(b"x" * 65_536)

    receiver.answer = stream
    with pytest.raises(TooLarge):
        post(outgoing, receiver.url(), limit_bytes=100_000)


def test_a_compressed_answer_is_not_unpacked(outgoing, receiver):
    import gzip

    receiver.answer = lambda handler, _: say(handler, gzip.compress(b"x" * 10_000_000), content_encoding="gzip")

    assert len(post(outgoing, receiver.url(), limit_bytes=20_000).body) < 20_000
    assert receiver.posted[0].headers["accept-encoding"] == "identity"


def silent(receiver, handler):
    receiver.is_over.wait(30)


def dripping_headers(receiver, handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not receiver.is_over.wait(0.01):
        handler.wfile.write(b"a")
        handler.wfile.flush()


def dripping_body(receiver, handler):
    handler.send_response(200)
    handler.send_header("content-length", "100000")
    handler.end_headers()
    while not receiver.is_over.wait(0.01):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def endless_body(receiver, handler):
    handler.send_response(200)
    handler.send_header("connection", "close")
    handler.end_headers()
    while not receiver.is_over.wait(0.01):
        handler.wfile.write(b"x")
        handler.wfile.flush()


@pytest.mark.parametrize("manner", [silent, dripping_headers, dripping_body, endless_body])
@pytest.mark.parametrize("kept", [False, True])
def test_an_answer_that_takes_too_long_ends_in_time(outgoing, receiver, manner, kept):
    if kept:
        post(outgoing, receiver.url())
    receiver.answer = lambda handler, _: manner(receiver, handler)
    begun = monotonic()
    with pytest.raises(TooSlow):
        post(outgoing, receiver.url(), seconds=0.3, limit_bytes=1_000_000)

    assert monotonic() - begun < 5


def test_a_server_that_never_says_hello_ends_in_time():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        begun = monotonic()
        with pytest.raises(TooSlow):
            post(Outgoing(LOOPBACK), f"https://127.0.0.1:{mute.getsockname()[1]}/", seconds=0.3)

    assert monotonic() - begun < 5


def test_a_name_whose_servers_keep_us_waiting_ends_in_time(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    begun = monotonic()
    with pytest.raises(TooSlow):
        post(Outgoing(), "https://tarpit.example/", seconds=0.3)
    over.set()

    assert monotonic() - begun < 5


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 64 + ".example", "a..b.example", "xn--\x7f.example"])
def test_a_name_that_leads_nowhere_is_unreachable(host):
    with pytest.raises((Unreachable, Refused)):
        post(Outgoing(), f"https://{host}/")


def test_nobody_there_is_told_without_the_address():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(Unreachable) as trouble:
        post(Outgoing(LOOPBACK), f"https://127.0.0.1:{port}/secret-path")

    assert "secret-path" not in str(trouble.value)


def test_an_answer_that_is_no_http_is_told(outgoing, receiver):
    receiver.answer = lambda handler, _: handler.wfile.write(b"\x00rubbish\r\n\r\n")
    with pytest.raises(Unreachable):
        post(outgoing, receiver.url())


def test_a_header_of_two_lines_is_never_sent(outgoing, receiver):
    with pytest.raises(Unreachable):
        post(outgoing, receiver.url(), evil="a\r\nx-injected: b")

    assert receiver.posted == []


def test_nothing_leaves_while_a_transaction_is_open(outgoing, receiver):
    silence.begin()
    try:
        with pytest.raises(RuntimeError, match="transaction"):
            post(outgoing, receiver.url())
    finally:
        silence.end()
    assert receiver.posted == []
