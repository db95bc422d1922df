"""What a story's requests tell to triggers."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes import Functions
from tests.operations.round_trips.asking import Asker
from tests.world import World

ARN = "arn:aws:lambda:us-east-1:000000000000:function:{}"


@contextmanager
def triggers(asker: Asker, *names: str) -> Iterator[Functions]:
    """While it lasts the asker speaks to a house whose triggers of these names have nothing to say, and keep all."""
    functions = Functions()
    for name in names:
        functions[name] = lambda event: event
    quiet, asker.house = asker.house, World(asker.house.database, carriers=functions)
    asker.house.clock.advance(seconds=(quiet.clock.now() - asker.house.clock.now()) / 1000)
    try:
        yield functions
    finally:
        asker.house.close()
        asker.house = quiet


def config(*names: str) -> dict[str, str]:
    """The `LambdaConfig` that names them."""
    return {name: ARN.format(name) for name in names}
