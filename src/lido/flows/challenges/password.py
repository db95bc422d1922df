"""PASSWORD: the password itself, over the encrypted line."""

from typing import Final

from lido.call import Call
from lido.flows import passwords
from lido.flows.challenges import Carrier, Effect, Guard, Judgement, Offer, Right, Turn, Wrong, wrong_password
from lido.flows.scenes import Scene
from lido.records import Password, User
from lido.rules import password_policy
from lido.rules.passwords import Material
from lido.rules.steps import Proof
from lido.storage import passwords as stored
from lido.storage.database import Transaction

NAME: Final = "PASSWORD"
GUARD: Guard = "lockout"
CARRIER: Carrier = "session"


def offer(_turn: Turn, /) -> Offer:
    """Nothing to tell: the password is asked for."""
    return Offer({})


def answer(turn: Turn, /) -> Judgement:
    """Judges `PASSWORD`. Raises InvalidParameter for what no password may be."""
    call, scene, password = turn.call, turn.scene, turn.required("PASSWORD")
    password_policy.refuse_malformed(password)

    def judge() -> Right | Wrong:
        user, row = scene.user, scene.password
        material = None
        if user is not None and row is not None:
            material = passwords.open_material(call, user.pool_id, user.sub, row.material)
        if not passwords.verify(call, material, password) or material is None or user is None or row is None:
            return wrong_password(scene)
        return Right(scene, Proof("pwd", call.now), _strengthened(call, scene, user, row, material, password))

    return judge


def _strengthened(
    call: Call, scene: Scene, user: User, row: Password, material: Material, password: str
) -> tuple[Effect, ...]:
    """Old costs are raised, and a missing SRP verifier made, while the clear password is at hand."""
    stronger = passwords.strengthen(call, scene.pool, user.sub, user.username, material, password)
    if stronger is None:
        return ()
    fresh = stronger

    def replace(tx: Transaction) -> None:
        stored.set_material(tx, user.pool_id, user.sub, fresh, seen=row.version)

    return (replace,)
