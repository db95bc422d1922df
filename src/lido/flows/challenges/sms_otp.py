"""SMS_OTP: a code sent to the user's phone, as first factor."""

from typing import Final

from lido.flows import sign_in_codes
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Turn

NAME: Final = "SMS_OTP"
GUARD: Guard = "budget"
CARRIER: Carrier = "session"


def offer(turn: Turn, /) -> Offer:
    """Where the code goes."""
    return sign_in_codes.offer(turn, "phone_number")


def answer(turn: Turn, /) -> Judgement:
    """Judges `SMS_OTP_CODE`."""
    return sign_in_codes.answer(turn, "phone_number", "SMS_OTP_CODE")
