"""A trigger's function that takes its time."""

import time
from typing import Any

SECONDS = 4.0


def pre_authentication(event: dict[str, Any]) -> dict[str, Any]:
    time.sleep(SECONDS)
    return event
