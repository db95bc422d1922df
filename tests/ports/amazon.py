"""Amazon's services in this process: moto's server, and what arrived there."""

from collections.abc import Iterator
from contextlib import contextmanager
from warnings import catch_warnings, simplefilter

ACCOUNT = "123456789012"


class Amazon:
    """The server's address, and what SES and SNS took in a region."""

    def __init__(self, url: str) -> None:
        self.url = url

    def emails(self, region: str) -> list[object]:
        from moto.backends import get_backend

        return list(get_backend("ses")[ACCOUNT][region].sent_messages)

    def texts(self, region: str) -> list[tuple[str, str]]:
        from moto.backends import get_backend

        return [tuple(each) for each in get_backend("sns")[ACCOUNT][region].sms_messages.values()]


@contextmanager
def amazon() -> Iterator[Amazon]:
    """A server that runs until the block ends."""
    with catch_warnings():
        simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    try:
        host, port = server.get_host_and_port()
        yield Amazon(f"http://{host}:{port}")
    finally:
        server.stop()
