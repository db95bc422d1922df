"""Keys of outsiders of every kind, tokens that they sign, and tokens that lie."""

import json
from hashlib import sha256
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import OKPAlgorithm

from lido.rules import base64url

pyjwt.register_algorithm("Ed25519", OKPAlgorithm())  # EdDSA by its name of RFC 9864


class Signer:
    """A key pair of somebody else's, for one algorithm; signing is another library's."""

    def __init__(self, algorithm: str, kid: str = "k1") -> None:
        self.algorithm = algorithm
        self.kid = kid
        self.private = _MADE_BY[algorithm]()

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key, with kid, use and alg."""
        return {**self.bare, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    @property
    def bare(self) -> dict[str, Any]:
        """The members that make the key and no others."""
        whole = pyjwt.get_algorithm_by_name(self.algorithm).to_jwk(self.private.public_key(), as_dict=True)
        return {name: value for name, value in whole.items() if name in ("kty", "crv", "x", "y", "n", "e")}

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        canonical = json.dumps(self.bare, sort_keys=True, separators=(",", ":"))
        return base64url.encode(sha256(canonical.encode()).digest())

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token; members of the header as told, without those that are None."""
        whole = {"kid": self.kid, **header}
        token = pyjwt.encode(
            claims,
            self.private,
            algorithm=self.algorithm,
            headers={name: value for name, value in whole.items() if value is not None},
        )
        return str(token)


def forged(header: object, claims: object, private: rsa.RSAPrivateKey) -> str:
    """A token with a right RS256 signature over whatever header and claims, which may be bytes."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    content = ".".join(map(base64url.encode, parts))
    return content + "." + base64url.encode(private.sign(content.encode(), PKCS1v15(), SHA256()))


def key_set(*signers: Signer) -> str:
    """Their public keys as a set (RFC 7517)."""
    return json.dumps({"keys": [signer.jwk for signer in signers]})


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


_MADE_BY: dict[str, Any] = {
    "RS256": _rsa,
    "PS256": _rsa,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
