"""DEVICE_PASSWORD_VERIFIER: the device shows that it knows its password; the realm is its group, the identity its key.

A try counts for the account's lockout, as one at the user's password does.
"""

from typing import Final

from lido import errors
from lido.flows import devices, srp_exchange
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.flows.progress import INVALID
from lido.rules.steps import Proof

NAME: Final = "DEVICE_PASSWORD_VERIFIER"
GUARD: Guard = "lockout"
CARRIER: Carrier = "secret block"


def offer(turn: Turn, /) -> Offer:
    """SALT and SRP_B for the SRP_A that came. Raises InvalidParameter for a bad one."""
    user, device = devices.in_question(turn.scene)
    salt, verifier = devices.open_verifier(turn.call, device)
    begun = srp_exchange.begin(turn.call, turn.given, salt, verifier)
    return Offer({**begun.parameters, "USERNAME": user.username, "DEVICE_KEY": device.device_key}, secret=begun.secret)


def answer(turn: Turn, /) -> Judgement:
    """Judges `PASSWORD_CLAIM_SIGNATURE` of the device that was asked. Raises InvalidParameter, NotAuthorized."""
    claim, (_, device) = srp_exchange.claim_of(turn.given), devices.in_question(turn.scene)
    if turn.required("DEVICE_KEY") != device.device_key:
        raise errors.NotAuthorized(INVALID)

    def judge() -> Right | Wrong:
        _, verifier = devices.open_verifier(turn.call, device)
        fits = claim.fits(turn.progress.secret, verifier, realm=device.group_key, identity=device.device_key)
        return Right(turn.scene, Proof("device", turn.call.now)) if fits else Wrong()

    return judge
