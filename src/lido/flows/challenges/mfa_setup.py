"""MFA_SETUP: a second factor is required and the user has none: one must be set up before the sign-in goes on.

An authenticator is set up by operations of its own (flows/mfa_setup.py), whose last
session is answered here; an e-mail address by the code that is sent to it.
"""

import json
from typing import Final

from msgspec import structs

from lido import errors
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.rules import attributes, schema, steps
from lido.rules.profile import attributes_of

NAME: Final = "MFA_SETUP"
GUARD: Guard = "none"
CARRIER: Carrier = "session"


def offer(turn: Turn, /) -> Offer:
    """What can be set up, as JSON in a string."""
    return Offer(
        {
            "MFAS_CAN_SETUP": json.dumps(steps.can_set_up(turn.situation), separators=(",", ":")),
            "USER_ID_FOR_SRP": turn.scene.user.username if turn.scene.user else "",
        }
    )


def answer(turn: Turn, /) -> Judgement:
    """Takes `EMAIL`, or nothing once an authenticator is verified.

    Raises InvalidParameter while none is, and for an address that cannot become the user's.
    """
    progress = turn.progress
    if progress.second == NAME:
        return _right(turn, second="")
    address = turn.given.get("EMAIL")
    if not address:
        raise errors.InvalidParameter("User has not verified software token mfa")
    if "EMAIL_OTP" not in steps.can_set_up(turn.situation):
        raise errors.InvalidParameter("Email MFA has not been enabled by the userPool")
    _check_address(turn, address)
    return _right(turn, second="EMAIL_OTP", address=address)


def _right(turn: Turn, **changes: str) -> Judgement:
    def judge() -> Right | Wrong:
        return Right(turn.scene, progress=structs.replace(turn.progress, **changes))

    return judge


def _check_address(turn: Turn, address: str) -> None:
    """A proven address is the only one that may become a factor; another must be one that the schema allows."""
    user = turn.scene.user
    if user is None or (user.email_verified and user.email != address):
        raise errors.InvalidParameter("The email address is not the verified one of the user.")
    if user.email != address:
        known = schema.by_name(turn.scene.pool.settings.shape.schema_attributes)
        attributes.check_update(known, attributes_of(user), {"email": address})
