"""The two engines, one suite."""

import pytest
from tests.databases import fresh_database, fresh_url

ENGINES = ["sqlite", "postgresql"]


@pytest.fixture(params=ENGINES)
def database(request, tmp_path):
    """A fresh migrated database on each engine."""
    with fresh_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture(params=ENGINES)
def url(request, tmp_path):
    """The address of a fresh migrated database on each engine."""
    with fresh_url(request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=ENGINES)
def empty_url(request, tmp_path):
    """The address of a database without any table, on each engine."""
    with fresh_url(request.param, tmp_path, migrated=False) as url:
        yield url
