"""EMAIL_OTP: a code sent to the user's e-mail address, as first or as second factor."""

from typing import Final

from lido.flows import sign_in_codes
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Turn

NAME: Final = "EMAIL_OTP"
GUARD: Guard = "budget"
CARRIER: Carrier = "session"


def offer(turn: Turn, /) -> Offer:
    """Where the code goes."""
    return sign_in_codes.offer(turn, "email")


def answer(turn: Turn, /) -> Judgement:
    """Judges `EMAIL_OTP_CODE`, by its older name `EMAIL_MFA_CODE`."""
    return sign_in_codes.answer(turn, "email", "EMAIL_OTP_CODE", "EMAIL_MFA_CODE")
