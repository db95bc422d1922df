"""The listener's bounds, against a server in a process of its own that is impatient."""

import socket
import subprocess
import sys
import threading

import pytest

IMPATIENT = """
from lido.ports import listener

listener.ARRIVAL_SECONDS = 0.6
listener.STRIDE_BYTES = 100

async def application(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})

bound = listener.bind("127.0.0.1", 0)
ready = lambda: print(bound.getsockname()[1], flush=True)
listener.Server(application, bound, certificate=None, shutdown_seconds=1, ready=ready).run()
"""
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"


@pytest.fixture(scope="module")
def port():
    with subprocess.Popen([sys.executable, "-c", IMPATIENT], stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.terminate()
    assert process.returncode == 0


@pytest.fixture
def line(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        yield line


def test_a_whole_request_is_answered_again_and_again(line):
    for _ in range(2):
        line.sendall(HEAD + b"0123456789")
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("sent", [b"", b"POST / HT", HEAD, HEAD + b"01234"], ids=["nothing", "head", "no body", "body"])
def test_what_does_not_arrive_in_time_is_cut_off(line, sent):
    line.sendall(sent)
    assert line.recv(4096) == b""


def test_time_starts_anew_for_the_request_after(line):
    line.sendall(HEAD + b"0123456789")
    assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
    line.sendall(HEAD + b"01234")
    assert line.recv(4096) == b""


def test_a_long_body_may_take_as_long_as_it_goes_on(line):
    line.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n")
    for _ in range(5):
        threading.Event().wait(0.2)
        line.sendall(b"x" * 100)
    assert line.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_long_body_that_dries_up_is_cut_off(line):
    line.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n" + b"x" * 250)
    assert line.recv(4096) == b""


def test_an_endless_head_is_refused(line):
    line.sendall(b"POST / HTTP/1.1\r\nX: " + b"x" * 100_000)
    assert line.recv(4096).startswith(b"HTTP/1.1 400 ")
