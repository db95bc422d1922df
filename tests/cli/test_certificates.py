"""`lido certificates`, and a server that shows them by the host that a client asks for."""

import json
import socket
import ssl

import pytest
from tests.authority import Authority
from tests.server import READY_WITHIN_SECONDS, Server

from lido.ports.clock import SystemClock


@pytest.fixture(scope="module")
def authority():
    return Authority(SystemClock().now())


def files(folder, authority, *names):
    folder.mkdir(exist_ok=True)
    for name, content in zip(("chain.pem", "key.pem"), authority.issue(*names), strict=True):
        (folder / name).write_bytes(content)
    return "--cert", str(folder / "chain.pem"), "--key", str(folder / "key.pem")


def shown(port, host):
    """The names in the certificate that a client is shown, or '' where it is none of the test's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=shown.authority.pem.decode())
    try:
        with (
            socket.create_connection(("localhost", port), READY_WITHIN_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return " ".join(name for _, name in secure.getpeercert()["subjectAltName"])
    except ssl.SSLCertVerificationError:
        return ""


def comes(port, host, wanted):
    import threading
    import time

    until = time.monotonic() + 10
    while shown(port, host) != wanted and time.monotonic() < until:
        threading.Event().wait(0.05)
    return shown(port, host)


@pytest.mark.slow
def test_a_running_server_shows_what_was_added_and_forgets_what_was_removed(tmp_path, authority):
    shown.authority = authority
    with Server(tmp_path / "data", f"sqlite:///{tmp_path}/lido.db", "--tls-dev") as server:
        assert shown(server.port, "login.example.com") == ""
        arn = server.lido("certificates", "add", *files(tmp_path / "one", authority, "login.example.com")).strip()
        assert arn.startswith("arn:aws:acm:us-east-1:000000000000:certificate/")
        server.lido("certificates", "add", *files(tmp_path / "two", authority, "*.pools.example.com"))
        assert comes(server.port, "a.pools.example.com", "*.pools.example.com") == "*.pools.example.com"
        assert shown(server.port, "LOGIN.example.com") == "login.example.com"
        for stranger in ("localhost", "pools.example.com", "a.b.pools.example.com", "example.com"):
            assert shown(server.port, stranger) == ""

        listed = json.loads(server.lido("certificates", "list", "--json"))
        assert [each["names"] for each in listed] == [["login.example.com"], ["*.pools.example.com"]]
        assert "login.example.com, until 2" in server.lido("certificates", "list")

        server.lido("certificates", "add", *files(tmp_path / "new", authority, "login.example.com", "x.example.com"))
        both = "login.example.com x.example.com"
        assert comes(server.port, "login.example.com", both) == both
        for each in json.loads(server.lido("certificates", "list", "--json")):
            server.lido("certificates", "remove", each["arn"])
        assert comes(server.port, "login.example.com", "") == ""


def test_what_cannot_be_kept_is_told_in_a_sentence(tmp_path, shell, authority):
    options = files(tmp_path / "one", authority, "a.example.com")
    (tmp_path / "one" / "key.pem").write_bytes(authority.issue("b.example.com")[1])
    assert "The key is not that of the first certificate." in shell.refuses("certificates", "add", *options)
    assert "There is no certificate nothing." in shell.refuses("certificates", "remove", "nothing")
    assert "There is no certificate." in shell("certificates", "list").stderr


def test_what_is_done_stands_in_the_audit_trail(tmp_path, shell, authority):
    arn = shell.prints("certificates", "add", *files(tmp_path / "one", authority, "a.example.com")).strip()
    shell.prints("certificates", "remove", arn.rpartition("/")[2])
    told = shell.prints("audit", "export")
    assert "lido certificates add" in told
    assert "lido certificates remove" in told
