"""SELECT_MFA_TYPE: which second factor the person wants to show. The answer proves nothing and may be given again."""

import json
from typing import Final

from msgspec import structs

from lido import errors
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.rules import steps

NAME: Final = "SELECT_MFA_TYPE"
GUARD: Guard = "none"
CARRIER: Carrier = "session"


def offer(turn: Turn, /) -> Offer:
    """What there is to choose from, as JSON in a string."""
    return Offer(
        {
            "MFAS_CAN_CHOOSE": json.dumps(steps.can_choose(turn.situation), separators=(",", ":")),
            "USER_ID_FOR_SRP": turn.scene.user.username if turn.scene.user else "",
        }
    )


def answer(turn: Turn, /) -> Judgement:
    """Takes `ANSWER`. Raises InvalidParameter for a factor that is none of the user's."""
    choice = turn.required("ANSWER")
    if choice not in steps.can_choose(turn.situation):
        raise errors.InvalidParameter("The selected MFA type is not available for the user.")

    def judge() -> Right | Wrong:
        return Right(turn.scene, progress=structs.replace(turn.progress, second=choice))

    return judge
