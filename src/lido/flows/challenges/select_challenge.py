"""SELECT_CHALLENGE: which first factor the person wants to show. The answer proves nothing and may be given again."""

from typing import Final

from msgspec import structs

from lido import errors
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong

NAME: Final = "SELECT_CHALLENGE"
GUARD: Guard = "none"
CARRIER: Carrier = "session"


def offer(turn: Turn, /) -> Offer:
    """What there is to choose from."""
    return Offer({}, available=turn.situation.first_factors)


def answer(turn: Turn, /) -> Judgement:
    """Takes `ANSWER`, beside which the answer to the factor itself may stand. Raises InvalidParameter."""
    choice = turn.required("ANSWER")
    if choice not in turn.situation.first_factors:
        raise errors.InvalidParameter("The selected challenge is not available for the user.")

    def judge() -> Right | Wrong:
        return Right(turn.scene, progress=structs.replace(turn.progress, choice=choice))

    return judge
