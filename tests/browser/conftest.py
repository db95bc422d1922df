"""A server, a browser, and a page of another origin that both belong to."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.auth
import botocore.compat
import pytest
from tests.browser.chromium import Samples, browser, missing, pages
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server; what the engines do differently is tried without a browser."""
    folder = tmp_path_factory.mktemp("browser")
    with fresh_url(ENGINES[0], folder) as url, Server(folder / "data", url) as server:
        yield server


@pytest.fixture
def idp(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """boto3 as an operator has it, signing by the real clock."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", botocore.compat.get_current_datetime)
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    client = boto3.Session().client("cognito-idp")
    yield client
    client.close()


@pytest.fixture
def page(server: Server) -> Iterator[Any]:
    """passkeys.html in a browser, which speaks with the server across origins."""
    with pages() as address, browser() as page:
        page.goto(f"{address}/passkeys.html?lido={server.url}/")
        yield page


@pytest.fixture(scope="session")
def samples() -> Iterator[Samples]:
    """Every page of a pool, with its sample."""
    with Samples().served() as served:
        yield served


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where there is no browser its tests are skipped, all in one line; under CI they fail."""
    reason = missing() if "page" in getattr(item, "fixturenames", ()) else None
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
