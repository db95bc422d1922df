"""`lido serve --tls-dev`, seen by a client that trusts the local authority."""

import http.client
import ssl

import pytest
from tests.databases import fresh_url
from tests.server import Server

pytestmark = pytest.mark.sdk


@pytest.fixture
def connection(tmp_path):
    """A connection that the client keeps open while the server stops."""
    with fresh_url("sqlite", tmp_path) as url:
        with Server(tmp_path / "data", url, "--tls-dev", shutdown_seconds=60) as server:
            trust = ssl.create_default_context(cafile=server.data_dir / "tls" / "ca.pem")
            connection = http.client.HTTPSConnection("localhost", server.port, timeout=30, context=trust)
            yield connection
        connection.close()


def test_the_certificate_holds_and_an_idle_client_does_not_hold_up_the_stop(connection):
    connection.request("GET", "/healthz")

    assert connection.getresponse().read() == b'{"status":"ok"}'
