"""One SRP exchange, for passwords and for devices: what its first half leaves travels sealed with the client."""

import binascii
from collections.abc import Mapping
from typing import Final

import msgspec

from lido import errors
from lido.call import Call
from lido.flows.progress import INVALID
from lido.flows.scenes import required
from lido.rules import srp

_PUBLIC_BYTES: Final = 385


class _Half(msgspec.Struct, frozen=True, array_like=True):
    """A, B and b of one exchange."""

    client_public: bytes
    server_public: bytes
    server_secret: bytes


class Begun(msgspec.Struct, frozen=True):
    """What the client is told (`SALT`, `SRP_B`), and the half to seal for `Claim.fits`."""

    parameters: dict[str, str]
    secret: bytes


class Claim(msgspec.Struct, frozen=True):
    """The signature by which a client claims to know the secret, and what it is over."""

    signature: str
    timestamp: str
    block: bytes

    def fits(self, secret: bytes, verifier: int, *, realm: str, identity: str) -> bool:
        """Whether whoever signed knows the secret of that verifier, in the exchange that left `secret`."""
        half = _decode(secret)
        key = srp.session_key(
            int.from_bytes(half.client_public, "big"),
            int.from_bytes(half.server_public, "big"),
            int.from_bytes(half.server_secret, "big"),
            verifier,
        )
        return srp.verify_signature(key, realm, identity, self.block, self.timestamp, self.signature)


_decode = msgspec.msgpack.Decoder(_Half).decode


def begin(call: Call, given: Mapping[str, str], salt: bytes, verifier: int) -> Begun:
    """The first half, for the SRP_A that came. Raises InvalidParameter for a bad one."""
    client_public = srp.parse_public(required(given, "SRP_A"))
    secret = call.entropy.bytes(srp.SECRET_BYTES)
    server_public = srp.server_public(verifier, int.from_bytes(secret, "big"))
    half = _Half(_fixed(client_public), _fixed(server_public), secret)
    # A number, whose leading zero bytes are never hashed: clients that keep the text would hash them.
    parameters = {"SALT": salt.lstrip(b"\0").hex(), "SRP_B": f"{server_public:x}"}
    return Begun(parameters, msgspec.msgpack.encode(half))


def _fixed(number: int) -> bytes:
    # As wide for every number, so that the block's length tells nothing.
    return number.to_bytes(_PUBLIC_BYTES, "big")


def claim_of(given: Mapping[str, str]) -> Claim:
    """What came with the answer. Raises InvalidParameter, NotAuthorized."""
    signature, timestamp = required(given, "PASSWORD_CLAIM_SIGNATURE"), required(given, "TIMESTAMP")
    return Claim(signature, timestamp, block_of(given))


def block_of(given: Mapping[str, str]) -> bytes:
    """The bytes of the SECRET_BLOCK that came back. Raises InvalidParameter, NotAuthorized."""
    try:
        return binascii.a2b_base64(required(given, "PASSWORD_CLAIM_SECRET_BLOCK"), strict_mode=True)
    except ValueError:
        raise errors.NotAuthorized(INVALID) from None
