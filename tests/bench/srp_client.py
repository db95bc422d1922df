"""The client half of SRP. a and A are made before the load begins; only the last powers are computed on the way."""

import hashlib
import random
import time
from base64 import b64decode
from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

import gmpy2

from lido.rules import srp

_KEYS = 256


class EphemeralKey(NamedTuple):
    """a and A of one exchange."""

    secret: int
    public: int

    @property
    def public_hex(self) -> str:
        """`SRP_A`."""
        return f"{self.public:x}"

    def of_user(self, pool_id: str, password: str, challenge: dict[str, str]) -> dict[str, str]:
        """The answers to PASSWORD_VERIFIER."""
        identity = challenge["USER_ID_FOR_SRP"]
        return self.claim(pool_id.partition("_")[2], identity, password, challenge) | {"USERNAME": identity}

    def claim(self, realm: str, identity: str, password: str, challenge: dict[str, str]) -> dict[str, str]:
        """The proof of knowing that password, as both verifiers take it."""
        theirs, salt = int(challenge["SRP_B"], 16), bytes.fromhex(challenge["SALT"])
        x = srp.x(realm, identity, password, salt)
        u = int.from_bytes(hashlib.sha256(srp.pad(self.public) + srp.pad(theirs)).digest(), "big")
        base = (theirs - srp.K * int(gmpy2.powmod(srp.G, x, srp.N))) % srp.N
        key = srp.derive_key(u, int(gmpy2.powmod(base, self.secret + u * x, srp.N)))
        now = time.gmtime()
        timestamp = time.strftime("%a %b {} %H:%M:%S UTC %Y", now).format(now.tm_mday)
        block = challenge["SECRET_BLOCK"]
        return {
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": srp.signature(key, realm, identity, b64decode(block), timestamp),
            "TIMESTAMP": timestamp,
        }


def ephemeral_keys() -> Iterator[EphemeralKey]:
    """A handful of them, again and again: a server cannot tell."""
    secrets = [random.getrandbits(256) for _ in range(_KEYS)]
    return cycle([EphemeralKey(a, int(gmpy2.powmod(srp.G, a, srp.N))) for a in secrets])
