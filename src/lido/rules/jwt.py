"""JSON web tokens, RS256 and nothing else: sign, verify, publish keys (RFC 7515, 7517, 7519)."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from lido.rules import base64url

MAXIMUM_LENGTH = 16_384

_MINIMUM_BITS = 2048
_PADDING = PKCS1v15()
_DIGEST = SHA256()
_USUAL_HEADER = 256
# Each of these would change how the rest of the token is read.
_REFUSED_HEADERS = ("crit", "b64", "zip")


class Invalid(ValueError):
    """The token is malformed, forged or not from here. Callers have their own sentence for it."""


class Expired(Invalid):
    """The token was right, and its time is over."""


class SigningKey:
    """An RSA private key with its `kid`; what does not change from token to token is made once."""

    __slots__ = ("_header", "_private", "kid", "public_key")

    def __init__(self, private: RSAPrivateKey, kid: str) -> None:
        if private.key_size < _MINIMUM_BITS:
            raise ValueError(f"a signing key has at least {_MINIMUM_BITS} bits")
        self._private = private
        self._header = _segment({"kid": kid, "alg": "RS256"}) + "."
        self.kid = kid
        self.public_key = private.public_key()

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r})"

    @classmethod
    def load(cls, pkcs8: bytes, kid: str) -> "SigningKey":
        """The key in unencrypted PKCS #8, PEM or DER, as we once made it; a foreign one would have to be checked.

        ValueError when unreadable or below 2048 bits, TypeError when it is not RSA.
        """
        load = load_pem_private_key if pkcs8.startswith(b"-----BEGIN") else load_der_private_key
        # Our own, and sealed since: proving its primes again would take 30 ms.
        private = load(pkcs8, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(private, RSAPrivateKey):
            raise TypeError("not an RSA key")
        return cls(private, kid)

    def sign(self, claims: Mapping[str, object], typ: str | None = None) -> str:
        """The compact token of `claims`, with exactly the header Cognito sends: kid and alg; `typ` for other kinds."""
        header = self._header if typ is None else _segment({"kid": self.kid, "alg": "RS256", "typ": typ}) + "."
        content = header + _segment(claims)
        return content + "." + base64url.encode(self._private.sign(content.encode("ascii"), _PADDING, _DIGEST))


def sign(claims: Mapping[str, object], key: SigningKey, typ: str | None = None) -> str:
    """The compact token of `claims` under `key`; `typ` is the type that its header names, None for Cognito's."""
    return key.sign(claims, typ)


def half_hash(token: str) -> str:
    """`at_hash` of an access token beside an ID token under RS256 (OpenID Connect Core 3.1.3.6)."""
    return base64url.encode(hashlib.sha256(token.encode("ascii")).digest()[:16])


def thumbprint(public: RSAPublicKey) -> str:
    """A `kid` as Cognito's look, 44 characters ending in "=": the key's SHA-256 thumbprint (RFC 7638)."""
    members = _members(public)
    canonical = msgspec.json.encode({"e": members["e"], "kty": "RSA", "n": members["n"]})
    return b64encode(hashlib.sha256(canonical).digest()).decode("ascii")


def public_jwk(key: SigningKey) -> dict[str, str]:
    """The public half, as jwks.json lists it."""
    members = _members(key.public_key)
    return {"alg": "RS256", "e": members["e"], "kid": key.kid, "kty": "RSA", "n": members["n"], "use": "sig"}


class Unproven:
    """A token that was read and may still be anybody's. Its claims say where to look for the proof, and no more."""

    __slots__ = ("_content", "_signature", "claims")

    def __init__(self, token: str) -> None:
        """Invalid for what is no token; `exp` and `iat` are whole numbers afterwards."""
        if len(token) > MAXIMUM_LENGTH or not token.isascii() or token.count(".") != 2:
            raise Invalid
        self._content, _, self._signature = token.rpartition(".")
        try:
            self.claims = read_object(self._content.partition(".")[2])
        except (ValueError, RecursionError):
            raise Invalid from None
        if type(self.claims.get("exp")) is not int or type(self.claims.get("iat")) is not int:
            raise Invalid

    def prove(self, keys: Mapping[str, RSAPublicKey]) -> dict[str, Any]:
        """The claims, if one of `keys` (by kid) signed them; Invalid otherwise.

        No key comes from the token. Whether it is still time is `check_times`' question.
        """
        header = self._content.partition(".")[0]
        try:
            key = _named_key(header, keys)
            key.verify(base64url.decode(self._signature), self._content.encode("ascii"), _PADDING, _DIGEST)
        except (InvalidSignature, ValueError, RecursionError):
            raise Invalid from None
        return self.claims


def verify(token: str, keys: Mapping[str, RSAPublicKey]) -> dict[str, Any]:
    """The claims of a token signed by one of `keys` (by kid); Invalid for anything else."""
    return Unproven(token).prove(keys)


def check_times(claims: Mapping[str, Any], now_seconds: int, *, leeway_seconds: int = 0) -> None:
    """Expired from `exp` on; Invalid before `nbf`, where there is one (RFC 7519, 4.1.4 and 4.1.5)."""
    if now_seconds >= claims["exp"] + leeway_seconds:
        raise Expired
    if "nbf" in claims and (type(claims["nbf"]) is not int or now_seconds + leeway_seconds < claims["nbf"]):
        raise Invalid


def _segment(value: Mapping[str, object]) -> str:
    return base64url.encode(msgspec.json.encode(value))


def _members(public: RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {name: base64url.encode(_octets(number)) for name, number in (("e", numbers.e), ("n", numbers.n))}


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _named_key(header: str, keys: Mapping[str, RSAPublicKey]) -> RSAPublicKey:
    # All tokens of a key have one header, so it need not be read each time; what is overlong is none of ours.
    kid = _kid(header) if len(header) <= _USUAL_HEADER else _kid.__wrapped__(header)
    if kid not in keys:
        raise Invalid
    return keys[kid]


@lru_cache(maxsize=1024)
def _kid(header: str) -> str:
    """The `kid` of an acceptable header; Invalid, which is not remembered, for any other."""
    members = read_object(header)
    kid = members.get("kid")
    if members.get("alg") != "RS256" or not isinstance(kid, str):
        raise Invalid
    if any(name in members for name in _REFUSED_HEADERS):
        raise Invalid
    return kid


def read_object(segment: str) -> dict[str, Any]:
    """The JSON object of a header or of claims. Raises ValueError (Invalid too) or RecursionError for anything else."""
    octets = base64url.decode(segment)
    value = msgspec.json.decode(octets)
    # What we would write in the same way holds no name twice; only other writers' tokens need the slow look.
    if msgspec.json.encode(value) != octets:
        value = _STRICT.decode(octets.decode())
    if not isinstance(value, dict):
        raise Invalid
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Invalid
    return members


def _refuse(_constant: str) -> NoReturn:
    raise Invalid


# msgspec would take the last of two equal names; two readers of one token must not differ.
_STRICT = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=_refuse)
