"""What every test may ask for: a database of each engine, a house on it, and a client to speak with."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.databases import chosen_engines, fresh_database
from tests.world import World, sign_by

from lido.storage.database import Database

# Stories are no test modules by their names, and yet should tell what they saw when they fail.
pytest.register_assert_rewrite("tests.operations.round_trips")

# What the doors log in this process is nobody's to read; warnings stay.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))

ENGINES = chosen_engines(os.environ)


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty migrated database."""
    with fresh_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture
def house(database: Database) -> Iterator[World]:
    """A whole Lido in this process."""
    world = World(database)
    sign_by(world.clock)
    yield world
    world.close()


@pytest.fixture
def idp(house: World) -> Any:
    """boto3, signed with the root key."""
    return house.idp
