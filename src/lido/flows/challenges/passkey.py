"""WEB_AUTHN: a passkey signs the challenge; as first factor, or as the second one.

Nothing about it can be guessed, so no try is taken: who locks an account by wrong passwords does not keep
its passkeys out.
"""

from typing import Final, Literal

import msgspec

from lido import errors
from lido.flows import passkeys
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.flows.events import Fact, tell
from lido.flows.progress import INVALID
from lido.records import Passkey
from lido.rules import passkeys as rules
from lido.rules.passkeys import Assertion, Verified
from lido.rules.steps import Proof
from lido.storage import passkeys as stored
from lido.storage.database import Transaction

NAME: Final = "WEB_AUTHN"
GUARD: Guard = "none"
CARRIER: Carrier = "session"

_CHALLENGE_BYTES = 32


def offer(turn: Turn, /) -> Offer:
    """`CREDENTIAL_REQUEST_OPTIONS`, JSON in a string. Raises InvalidUserPoolConfiguration without relying party id."""
    scene, challenge = turn.scene, turn.call.entropy.bytes(_CHALLENGE_BYTES)
    options = passkeys.request_options(turn.call, scene.pool, scene.user, scene.name_key, challenge)
    return Offer({"CREDENTIAL_REQUEST_OPTIONS": msgspec.json.encode(options).decode()}, secret=challenge)


def answer(turn: Turn, /) -> Judgement:
    """Takes `CREDENTIAL`, an AuthenticationResponseJSON in a string. Raises InvalidParameter: the step stays good."""
    call, scene = turn.call, turn.scene
    assertion = rules.assertion(turn.required("CREDENTIAL"))

    def judge() -> Right | Wrong:
        passkey = _passkey(turn, assertion)
        if passkey is None:
            return Wrong()
        try:
            verified = passkeys.verify(call, scene.pool, passkey, assertion, turn.progress.secret)
        except errors.Fault:
            return Wrong()
        if not rules.counts_on(passkey.sign_count, verified.sign_count):
            _warn(turn, passkey)
            return Wrong()
        factor: Literal["passkey", "passkey_uv"] = "passkey_uv" if verified.user_verified else "passkey"
        proof = Proof(factor, call.now, backup_eligible=passkey.backup_eligible)
        return Right(scene, proof, effects=(lambda tx: _use(turn, tx, passkey, verified),))

    return judge


def _passkey(turn: Turn, assertion: Assertion) -> Passkey | None:
    user = turn.scene.user
    if user is None:
        return None
    with turn.call.db.read() as tx:
        return stored.find(tx, user.pool_id, user.sub, assertion.credential_id)


def _use(turn: Turn, tx: Transaction, passkey: Passkey, verified: Verified) -> None:
    now = turn.call.now
    if not stored.use(tx, passkey, sign_count=verified.sign_count, backed_up=verified.backed_up, now=now):
        raise errors.NotAuthorized(INVALID)


def _warn(turn: Turn, passkey: Passkey) -> None:
    """A right signature with an old counter: somebody else holds a copy of the key."""
    fact = Fact(client_id=turn.scene.client.client_id, names=[passkey.credential_id])
    with turn.call.db.write() as tx:
        tell(turn.call, tx, passkey.pool_id, "passkey_copied", passkey.sub, fact)
