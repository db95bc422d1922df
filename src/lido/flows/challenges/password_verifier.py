"""PASSWORD_VERIFIER: the second half of SRP. All that the first half leaves travels sealed in SECRET_BLOCK."""

import binascii
from collections.abc import Mapping
from typing import Final

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import passwords, unknown_users
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn, Wrong
from lido.flows.progress import INVALID
from lido.flows.scenes import Scene, required
from lido.rules import srp
from lido.rules.steps import Proof

NAME: Final = "PASSWORD_VERIFIER"
GUARD: Guard = "lockout"
CARRIER: Carrier = "secret block"


_PUBLIC_BYTES: Final = 385


class _Half(msgspec.Struct, frozen=True, array_like=True):
    """A, B and b of one exchange."""

    client_public: bytes
    server_public: bytes
    server_secret: bytes


class _Known(msgspec.Struct, frozen=True):
    """What the house has of a password. `real` is false for one that nobody has."""

    identity: str
    salt: bytes
    verifier: int
    real: bool


_decode = msgspec.msgpack.Decoder(_Half).decode


def offer(turn: Turn, /) -> Offer:
    """SALT, SRP_B and USER_ID_FOR_SRP for the SRP_A that came. Raises InvalidParameter for a bad one."""
    client_public = srp.parse_public(turn.required("SRP_A"))
    known = _known(turn.call, turn.scene)
    secret = turn.call.entropy.bytes(srp.SECRET_BYTES)
    server_public = srp.server_public(known.verifier, int.from_bytes(secret, "big"))
    half = _Half(_fixed(client_public), _fixed(server_public), secret)
    return Offer(
        {
            "SALT": known.salt.hex(),
            "SRP_B": f"{server_public:x}",
            "USERNAME": known.identity,
            "USER_ID_FOR_SRP": known.identity,
        },
        secret=msgspec.msgpack.encode(half),
    )


def answer(turn: Turn, /) -> Judgement:
    """Judges `PASSWORD_CLAIM_SIGNATURE`."""
    call, scene = turn.call, turn.scene
    claimed, timestamp = turn.required("PASSWORD_CLAIM_SIGNATURE"), turn.required("TIMESTAMP")
    block = block_of(turn.given)
    half = _decode(turn.progress.secret)

    def judge() -> Right | Wrong:
        known = _known(call, scene)
        key = srp.session_key(
            int.from_bytes(half.client_public, "big"),
            int.from_bytes(half.server_public, "big"),
            int.from_bytes(half.server_secret, "big"),
            known.verifier,
        )
        realm = passwords.realm(scene.pool)
        fits = srp.verify_signature(key, realm, known.identity, block, timestamp, claimed)
        return Right(scene, Proof("srp", call.now)) if fits and known.real else Wrong()

    return judge


def _fixed(number: int) -> bytes:
    # As wide for every number, so that the block's length tells nothing.
    return number.to_bytes(_PUBLIC_BYTES, "big")


def block_of(given: Mapping[str, str]) -> bytes:
    """The bytes of the SECRET_BLOCK that came back. Raises InvalidParameter, NotAuthorized."""
    try:
        return binascii.a2b_base64(required(given, "PASSWORD_CLAIM_SECRET_BLOCK"), strict_mode=True)
    except ValueError:
        raise errors.NotAuthorized(INVALID) from None


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
