"""JSON web tokens that others signed: with keys of theirs, by one of four algorithms (RFC 7515, 7517, 7518, 8037).

The algorithm must fit the key, and the key comes from where the caller says, never from what a header points to.
"""

import hashlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from lido.rules import base64url, jwt

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""The last two are one, by its old name and its new (RFC 9864)."""

LONGEST_SET = 64 * 1024
MOST_KEYS = 50

_RSA_BITS = range(2048, 8193)
_LONGEST_EXPONENT_BITS = 32
_COORDINATE_BYTES = 32
_SHA256 = SHA256()
_PSS = PSS(mgf=MGF1(_SHA256), salt_length=32)
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CHANGING = frozenset({"crit", "b64", "zip"})
"""Headers that would change how the rest is read."""

Public = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class Invalid(ValueError):
    """The token or the key is malformed, forged, or not of a kind that is taken."""


class Key(msgspec.Struct, frozen=True):
    """A public key of somebody else's; `algorithms` are those that it may be used with."""

    kid: str | None
    algorithms: frozenset[str]
    public: Public


class Unproven:
    """A token that was read and may still be anybody's."""

    __slots__ = ("_content", "_signature", "claims", "header")

    def __init__(self, token: str) -> None:
        """Raises Invalid for what is no token, or would have to be read in another way."""
        if len(token) > jwt.MAXIMUM_LENGTH or not token.isascii() or token.count(".") != 2:
            raise Invalid
        self._content, _, self._signature = token.rpartition(".")
        header, _, claims = self._content.partition(".")
        try:
            self.header: dict[str, Any] = jwt.read_object(header)
            self.claims: dict[str, Any] = jwt.read_object(claims)
        except (ValueError, RecursionError):
            raise Invalid from None
        if not _CHANGING.isdisjoint(self.header) or self.header.get("alg") not in ALGORITHMS:
            raise Invalid

    @property
    def kid(self) -> str | None:
        """Which of its keys the signer says it used."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None

    def prove(self, keys: Collection[Key]) -> dict[str, Any]:
        """The claims, if one of the keys signed them. Raises Invalid."""
        algorithm = str(self.header["alg"])
        for key in keys:
            if algorithm in key.algorithms and self._is_signed_by(key.public, algorithm):
                return self.claims
        raise Invalid

    def _is_signed_by(self, public: Public, algorithm: str) -> bool:
        try:
            signature = base64url.decode(self._signature)
            _verify(public, algorithm, signature, self._content.encode("ascii"))
        except (InvalidSignature, ValueError):
            return False
        return True


def named(keys: Collection[Key], kid: str | None) -> tuple[Key, ...]:
    """The keys that may have signed: those of that `kid`, all where the signer named none."""
    return tuple(key for key in keys if kid is None or key.kid == kid)


def read_key(jwk: object) -> Key:
    """A public key (RFC 7517 §4). Raises Invalid for private, symmetric, weak and unknown ones, or not for signing."""
    if not isinstance(jwk, dict) or not _PRIVATE.isdisjoint(jwk) or jwk.get("use", "sig") != "sig":
        raise Invalid
    operations, kid = jwk.get("key_ops", ["verify"]), jwk.get("kid")
    if not isinstance(operations, list) or "verify" not in operations:
        raise Invalid
    try:
        public, fitting = _public(jwk)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid from None
    algorithms = fitting if "alg" not in jwk else fitting & {str(jwk["alg"])}
    if not algorithms:
        raise Invalid
    return Key(kid if isinstance(kid, str) else None, algorithms, public)


@lru_cache(maxsize=256)
def read_keys(text: str) -> tuple[Key, ...]:
    """The keys of a set (RFC 7517 §5) that we can verify with; others in it are passed over. Raises Invalid."""
    if len(text) > LONGEST_SET:
        raise Invalid
    try:
        listed = msgspec.json.decode(text)["keys"]
        if not isinstance(listed, list) or len(listed) > MOST_KEYS:
            raise Invalid
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Invalid from None
    return tuple(key for key in map(_usable, listed) if key is not None)


def thumbprint(jwk: Mapping[str, object]) -> str:
    """The SHA-256 thumbprint of a key that was read (RFC 7638 §3, RFC 8037 §2)."""
    names = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}[str(jwk["kty"])]
    canonical = msgspec.json.encode({name: jwk[name] for name in names})
    return base64url.encode(hashlib.sha256(canonical).digest())


def _usable(jwk: object) -> Key | None:
    try:
        return read_key(jwk)
    except Invalid:
        return None


def _public(jwk: Mapping[str, Any]) -> tuple[Public, frozenset[str]]:
    match jwk["kty"], jwk.get("crv"):
        case "RSA", _:
            return _rsa(jwk), frozenset({"RS256", "PS256"})
        case "EC", "P-256":
            x, y = (_sized(jwk[name]) for name in ("x", "y"))
            numbers = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
            return numbers.public_key(), frozenset({"ES256"})
        case "OKP", "Ed25519":
            return Ed25519PublicKey.from_public_bytes(_sized(jwk["x"])), frozenset({"EdDSA", "Ed25519"})
        case _:
            raise Invalid


def _rsa(jwk: Mapping[str, Any]) -> RSAPublicKey:
    exponent, modulus = (int.from_bytes(_minimal(jwk[name]), "big") for name in ("e", "n"))
    if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() > _LONGEST_EXPONENT_BITS:
        raise Invalid
    return RSAPublicNumbers(exponent, modulus).public_key()


def _minimal(text: str) -> bytes:
    """A number has one spelling (RFC 7518 §2), or one key would have two thumbprints."""
    octets = base64url.decode(text)
    if octets[:1] in (b"", b"\0"):
        raise Invalid
    return octets


def _sized(text: str) -> bytes:
    octets = base64url.decode(text)
    if len(octets) != _COORDINATE_BYTES:
        raise Invalid
    return octets


def _verify(public: Public, algorithm: str, signature: bytes, content: bytes) -> None:
    """Raises InvalidSignature or ValueError."""
    if isinstance(public, RSAPublicKey):
        public.verify(signature, content, _PSS if algorithm == "PS256" else PKCS1v15(), _SHA256)
    elif isinstance(public, Ed25519PublicKey):
        public.verify(signature, content)
    elif len(signature) == 2 * _COORDINATE_BYTES:
        r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]))
        public.verify(encode_dss_signature(r, s), content, ECDSA(_SHA256))
    else:
        raise InvalidSignature
