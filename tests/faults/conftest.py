"""Servers that will be treated badly, and what the tests look at afterwards."""

from collections.abc import Iterator
from pathlib import Path

import botocore.auth
import botocore.compat
import pytest
from tests.conftest import ENGINES
from tests.databases import fresh_url


@pytest.fixture(autouse=True)
def real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore sign by the real clock; tests of the house set it to theirs."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", botocore.compat.get_current_datetime)


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each engine, whose tables the server makes."""
    with fresh_url(request.param, tmp_path, migrated=False) as url:
        yield url


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    if "postgresql" not in ENGINES:
        pytest.skip("LIDO_TEST_DATABASES leaves PostgreSQL out")
    with fresh_url("postgresql", tmp_path, migrated=False) as url:
        yield url
