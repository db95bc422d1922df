"""Every operation of user pools: a request with every member of its shape, read back, changed, read back, deleted.

What is sent is made from botocore's service model; that each answer fits the model is looked at in `tests/world.py`,
for these and for all other tests.
"""

import importlib
import pkgutil
from pathlib import Path

import pytest
from tests.operations.round_trips import making
from tests.operations.round_trips.asking import Asker, Story

HERE = Path(__file__).parent


def stories():
    for module in pkgutil.iter_modules([str(HERE)]):
        if not module.name.startswith(("test_", "conftest")):
            members = vars(importlib.import_module(f"tests.operations.round_trips.{module.name}")).items()
            yield from ((f"{module.name}.{name}", found) for name, found in members if isinstance(found, Story))


STORIES = dict(stories())


@pytest.mark.parametrize("name", STORIES)
def test_every_member_of_a_request_is_sent_and_read_back(house, name):
    told, asker = STORIES[name], Asker(house)

    told.tell(asker)

    unsent = {f"{operation}.{way}" for operation in told.operations for way in asker.unsent(operation)}
    assert unsent == set(told.unsendable)


def test_every_operation_has_its_story():
    told = sorted(operation for found in STORIES.values() for operation in found.operations)

    assert told == sorted(making.MODEL.operation_names)
