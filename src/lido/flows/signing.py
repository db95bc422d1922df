"""A pool's signing keys, opened: the two that sign, and all that verify.

Opened keys are kept by the pool's version, which every change of a key raises:
signing never uses a retired key, and what is published is at most one request old.
"""

import base64
import json

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from lido.call import Call
from lido.records import Pool, SigningKey
from lido.rules import jwt
from lido.storage import signing_keys
from lido.storage.database import Transaction

PURPOSE = "signing key"
USES = ("id", "access")


class Ring(msgspec.Struct, frozen=True):
    """The keys of a pool: `signing` by use, `verifying` by kid, `published` as jwks.json lists them."""

    signing: dict[str, jwt.SigningKey]
    verifying: dict[str, RSAPublicKey]
    published: list[dict[str, str]]


def ring(call: Call, tx: Transaction, pool: Pool) -> Ring:
    """The pool's keys at the pool's version."""
    key = ("signing keys", pool.pool_id)
    kept: Ring | None = tx.documents.get(key, pool.version)
    if kept is not None:
        return kept
    stored = signing_keys.all_of(tx, pool.pool_id)
    opened = Ring(
        signing={row.use: _open(call, row) for row in stored if row.state == "live"},
        verifying={row.kid: _public(row) for row in stored},
        published=[json.loads(row.public_key) for row in stored],
    )
    if not tx.writing:
        tx.documents.keep(key, pool.version, opened)
    return opened


def make(call: Call, pool_id: str, use: str, *, state: str, signs_from_at: int) -> SigningKey:
    """A new key for the pool, its private part sealed; not yet stored."""
    pkcs8 = call.entropy.rsa_key()
    kid = jwt.thumbprint(jwt.SigningKey.load(pkcs8, "").public_key)
    return SigningKey(
        pool_id=pool_id,
        kid=kid,
        use=use,
        state=state,
        public_key=json.dumps(jwt.public_jwk(jwt.SigningKey.load(pkcs8, kid))),
        private_key=call.keys.seal(PURPOSE, pkcs8, pool_id, kid),
        created_at=call.now,
        signs_from_at=signs_from_at,
        retired_at=None,
        gone_at=None,
    )


def _open(call: Call, row: SigningKey) -> jwt.SigningKey:
    if row.private_key is None:
        raise ValueError(f"the live key {row.kid} has no private part")
    return jwt.SigningKey.load(call.keys.open(PURPOSE, row.private_key, row.pool_id, row.kid), row.kid)


def _public(row: SigningKey) -> RSAPublicKey:
    members = json.loads(row.public_key)
    return RSAPublicNumbers(_number(members["e"]), _number(members["n"])).public_key()


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
