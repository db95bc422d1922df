"""A running server of each engine, AWS's clients pointed at it, a pool of one's own, and Node."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.auth
import botocore.compat
import pytest
from tests.browser import chromium
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.sdk.node import Node, missing
from tests.sdk.people import Tenant, make_tenant
from tests.server import Server


@pytest.fixture(scope="session", params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server of each engine for the whole run; every test makes a pool of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    with fresh_url(request.param, folder) as url, Server(folder / "data", url) as server:
        yield server


@pytest.fixture(scope="session")
def secure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that speaks https, with a certificate of its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    with fresh_url(ENGINES[0], folder) as url, Server(folder / "data", url, "--tls-dev") as server:
        yield server


@pytest.fixture
def real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore sign by the real clock; tests of the house set it to theirs."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", botocore.compat.get_current_datetime)


@pytest.fixture
def aws(server: Server, real_time: None, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, to which this process's environment now points AWS's clients."""
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    # Clients without a session of their own share one, which remembers the environment of its first use.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return server


@pytest.fixture
def idp(aws: Server) -> Iterator[Any]:
    """boto3 as an operator has it: endpoint, region and key come from the environment."""
    client = boto3.Session().client("cognito-idp")
    yield client
    client.close()


@pytest.fixture
def tenant(idp: Any) -> Tenant:
    return make_tenant(idp)


@pytest.fixture
def node() -> Node:
    """Node, with the clients of package-lock.json."""
    return Node()


@pytest.fixture
def page() -> Iterator[Any]:
    """A page of a fresh browser, which trusts any certificate."""
    with chromium.browser(ignore_https_errors=True) as page:
        yield page


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where Node, its clients or the browser are missing, tests are skipped, all in one line; under CI they fail."""
    asked = getattr(item, "fixturenames", ())
    reason = (missing() if "node" in asked else None) or (chromium.missing() if "page" in asked else None)
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
