"""PASSWORD_VERIFIER: the second half of SRP. All that the first half leaves travels sealed in SECRET_BLOCK."""

from typing import Final

import msgspec

from lido.call import Call
from lido.flows import passwords, srp_exchange, unknown_users
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong, wrong_password
from lido.flows.scenes import Scene
from lido.rules.steps import Proof

NAME: Final = "PASSWORD_VERIFIER"
GUARD: Guard = "lockout"
CARRIER: Carrier = "secret block"


class _Known(msgspec.Struct, frozen=True):
    """What the house has of a password. `real` is false for one that nobody has."""

    identity: str
    salt: bytes
    verifier: int
    real: bool


def offer(turn: Turn, /) -> Offer:
    """SALT, SRP_B and USER_ID_FOR_SRP for the SRP_A that came. Raises InvalidParameter for a bad one."""
    known = _known(turn.call, turn.scene)
    begun = srp_exchange.begin(turn.call, turn.given, known.salt, known.verifier)
    named = {"USERNAME": known.identity, "USER_ID_FOR_SRP": known.identity}
    return Offer(begun.parameters | named, secret=begun.secret)


def answer(turn: Turn, /) -> Judgement:
    """Judges `PASSWORD_CLAIM_SIGNATURE`. Raises InvalidParameter, NotAuthorized."""
    call, scene, claim = turn.call, turn.scene, srp_exchange.claim_of(turn.given)

    def judge() -> Right | Wrong:
        known = _known(call, scene)
        realm = passwords.realm(scene.pool)
        fits = claim.fits(turn.progress.secret, known.verifier, realm=realm, identity=known.identity)
        return Right(scene, Proof("srp", call.now)) if fits and known.real else wrong_password(scene)

    return judge


def _known(call: Call, scene: Scene) -> _Known:
    """Of strangers, and of users without a verifier, a stable pretence."""
    pool, user, row = scene.pool, scene.user, scene.password
    if user is not None and row is not None:
        material = passwords.open_material(call, user.pool_id, user.sub, row.material)
        if material.srp_salt is not None and material.srp_verifier is not None:
            verifier = int.from_bytes(material.srp_verifier, "big")
            return _Known(material.identity or user.username, material.srp_salt, verifier, real=True)
    name_key = scene.name_key
    identity = user.username if user else unknown_users.srp_identity(call, pool, scene.typed, name_key)
    return _Known(
        identity,
        unknown_users.srp_salt(call, pool.pool_id, name_key),
        unknown_users.srp_verifier(call, pool.pool_id, name_key),
        real=False,
    )
