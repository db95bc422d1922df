"""Walks of people through every flow and factor, beside a model of what they have truly shown, on two nodes.

A run without `LIDO_TEST_WALKS` takes the same few walks each time; with it, that many longer ones, new each time.
A failure tells the story in the shortest form that still goes wrong.
"""

import os
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.journeys.factor_machine import FactorWalk
from tests.world import World

ASKED = os.environ.get("LIDO_TEST_WALKS")
PROFILE = settings(
    max_examples=int(ASKED or 25),
    stateful_step_count=50 if ASKED else 30,
    derandomize=ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_tokens_appear_only_where_enough_was_shown_and_say_what_happened(house):
    other = World(house.database)
    # One clock: both nodes stand in the same rack.
    other.clock = other.lido.clock = house.clock
    run_state_machine_as_test(partial(FactorWalk, house, other), settings=PROFILE)
    other.close()
