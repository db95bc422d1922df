"""DEVICE_SRP_AUTH: a remembered device says A. It proves nothing yet."""

from typing import Final

from msgspec import structs

from lido import errors
from lido.flows import devices
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn
from lido.flows.progress import INVALID
from lido.rules import srp

NAME: Final = "DEVICE_SRP_AUTH"
GUARD: Guard = "none"
CARRIER: Carrier = "session"


def offer(turn: Turn, /) -> Offer:
    """Which device is asked."""
    user, device = devices.in_question(turn.scene)
    return Offer({"USERNAME": user.username, "DEVICE_KEY": device.device_key})


def answer(turn: Turn, /) -> Judgement:
    """Takes `SRP_A` of the device that was asked. Raises InvalidParameter, NotAuthorized for another device."""
    _, device = devices.in_question(turn.scene)
    srp.parse_public(turn.required("SRP_A"))
    if turn.required("DEVICE_KEY") != device.device_key:
        raise errors.NotAuthorized(INVALID)
    return lambda: Right(turn.scene, progress=structs.replace(turn.progress, device_begun=True))
