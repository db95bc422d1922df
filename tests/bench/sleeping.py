"""A trigger's function that takes its time."""

from threading import Event
from typing import Any

SECONDS = 4.0


def pre_authentication(event: dict[str, Any]) -> dict[str, Any]:
    Event().wait(SECONDS)
    return event
