"""SOFTWARE_TOKEN_MFA: six digits of any authenticator app that the user has, each good once."""

from typing import Final

from lido import errors
from lido.flows import totp
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.flows.progress import INVALID
from lido.records import User
from lido.rules.steps import Proof
from lido.storage import totp_keys
from lido.storage.database import Transaction

NAME: Final = "SOFTWARE_TOKEN_MFA"
GUARD: Guard = "budget"
CARRIER: Carrier = "session"

_USED = "Your software token has already been used once."


def offer(turn: Turn, /) -> Offer:
    """The names that the user gave to the apps, and the username."""
    user = _user(turn)
    with turn.call.db.read() as tx:
        names = [key.name for key in totp_keys.verified(tx, user.pool_id, user.sub) if key.name]
    named = {"FRIENDLY_DEVICE_NAME": ", ".join(names)} if names else {}
    return Offer({**named, "USER_ID_FOR_SRP": user.username})


def answer(turn: Turn, /) -> Judgement:
    """Judges `SOFTWARE_TOKEN_MFA_CODE`. Raises SoftwareTokenMFANotFound when the app is gone.

    A code that was used is right here, and refused by the effect: ExpiredCode.
    """
    call, user, code = turn.call, _user(turn), turn.required("SOFTWARE_TOKEN_MFA_CODE")

    def judge() -> Right | Wrong:
        with call.db.read() as tx:
            found = totp.matching(call, tx, user, code)
        if not found:
            return Wrong("Invalid code received for user", errors.CodeMismatch)

        def use(tx: Transaction) -> None:
            if not any(totp_keys.use(tx, key, step) for key, step in found):
                raise errors.ExpiredCode(_USED)

        return Right(turn.scene, Proof("totp", call.now), effects=(use,))

    return judge


def _user(turn: Turn) -> User:
    if turn.scene.user is None:  # the table asks for this only after a first factor, which strangers never prove
        raise errors.NotAuthorized(INVALID)
    return turn.scene.user
