"""RECOVERY_CODE: never asked for; its answer is taken in place of a second factor's, where the pool wants it."""

from typing import Final

from lido import errors
from lido.flows import recovery_codes
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.flows.progress import INVALID
from lido.rules import steps
from lido.rules.steps import Proof
from lido.storage.database import Transaction

NAME: Final = steps.RECOVERY
GUARD: Guard = "budget"
CARRIER: Carrier = "session"

_WRONG = "Invalid code received for user"


def offer(_turn: Turn, /) -> Offer:
    """Nothing: the table never asks for it. Raises NotAuthorized."""
    raise errors.NotAuthorized(INVALID)


def answer(turn: Turn, /) -> Judgement:
    """Judges `RECOVERY_CODE`; the right one is used up. Raises NotAuthorized where the pool takes none."""
    call, user, typed = turn.call, turn.scene.user, turn.required(NAME)
    if user is None or not recovery_codes.are_taken(turn.scene.pool):
        raise errors.NotAuthorized(INVALID)

    def judge() -> Right | Wrong:
        digest = recovery_codes.find(call, user, typed)
        if digest is None:
            return Wrong(_WRONG, errors.CodeMismatch)
        found = digest

        def use(tx: Transaction) -> None:
            if not recovery_codes.use(call, tx, user, found):
                raise errors.CodeMismatch(_WRONG)

        return Right(turn.scene, Proof("recovery", call.now), effects=(use,))

    return judge
