import http.client
import socket
from contextlib import closing

from lido.ports.challenge_listener import PREFIX, serve_challenges


def asked(port, path):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read(), answer.headers["server"]


def test_it_answers_challenges_and_nothing_else():
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert serve_challenges({"token": "token.answer"}.get, "127.0.0.1", port)
    assert asked(port, f"{PREFIX}token") == (200, b"token.answer", "lido")
    for path in ("/", "/token", f"{PREFIX}other", f"{PREFIX}../token", "/healthz"):
        assert asked(port, path)[:2] == (404, b"Not Found")


def test_a_port_that_is_taken_is_said_and_the_server_goes_on():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not serve_challenges({}.get, "127.0.0.1", taken.getsockname()[1])
