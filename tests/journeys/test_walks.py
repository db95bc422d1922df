"""Walks of people through sign-up, sign-in, refresh, reset, disabling and deletion in any order, beside the model.

A run without `LIDO_TEST_WALKS` takes the same few walks each time; with it, that many longer ones, new each time.
A failure tells the story in the shortest form that still goes wrong.
"""

import os
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.journeys.machine import Walk

ASKED = os.environ.get("LIDO_TEST_WALKS")
PROFILE = settings(
    max_examples=int(ASKED or 25),
    stateful_step_count=50 if ASKED else 30,
    derandomize=ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_people_fare_in_any_order_as_the_model_says(house):
    run_state_machine_as_test(partial(Walk, house), settings=PROFILE)
