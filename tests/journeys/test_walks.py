"""Walks of people through sign-up, sign-in, refresh, reset, disabling and deletion in any order, beside the model.

`LIDO_TEST_WALKS` sets how many walks there are; a number of one's own also makes them different each time.
"""

import os
from functools import partial

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.journeys.machine import Walk

ASKED = os.environ.get("LIDO_TEST_WALKS")
PROFILE = settings(
    max_examples=int(ASKED or 40),
    stateful_step_count=int(os.environ.get("STEPS", 30)),
    derandomize=ASKED is None,
    database=None,
    deadline=None,
    print_blob=False,
    phases=[Phase.generate] if os.environ.get("NOSHRINK") else list(Phase),
    suppress_health_check=list(HealthCheck),
)


def test_people_fare_in_any_order_as_the_model_says(house):
    run_state_machine_as_test(partial(Walk, house), settings=PROFILE)
