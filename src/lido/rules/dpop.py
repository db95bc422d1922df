"""Proofs of possession of a key (DPoP, RFC 9449): a token made for one request, signed with the key that it carries."""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from msgspec import Struct

from lido.rules import base64url, jws

TYPE = "dpop+jwt"
WINDOW_SECONDS = 60
"""By how much a proof may be older, or its maker's clock be ahead."""

_LONGEST_JTI = 256
_PORTS = {"http": 80, "https": 443}


class Invalid(ValueError):
    """The proof is malformed, forged, for another request, or not of now."""


class Proof(Struct, frozen=True):
    """Which key was proven (`jkt`, RFC 7638), by a proof of that name, made at that second."""

    jkt: str
    jti: str
    iat: int


def read(text: str, *, method: str, url: str, now_seconds: int, access_token: str | None = None) -> Proof:
    """The proof for that request (RFC 9449 §4.3), which brings `access_token` if one is given.

    Whether it comes for the first time is the caller's question. Raises Invalid.
    """
    try:
        unproven = jws.Unproven(text)
        jwk = unproven.header.get("jwk")
        said = unproven.prove([jws.read_key(jwk)])
    except jws.Invalid:
        raise Invalid from None
    jti, iat = said.get("jti"), said.get("iat")
    if unproven.header.get("typ") != TYPE or not isinstance(jwk, dict):
        raise Invalid
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
        raise Invalid
    if type(iat) is not int or abs(now_seconds - iat) > WINDOW_SECONDS:
        raise Invalid
    if said.get("htm") != method or _place(said.get("htu")) != _place(url):
        raise Invalid
    if access_token is not None and not _is_of(said.get("ath"), access_token):
        raise Invalid
    return Proof(jws.thumbprint(jwk), jti, iat)


def _place(url: object) -> tuple[str, str | None, int | None, str]:
    """What is compared of an address: not its query and fragment, not the case of its host, not the usual port."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Invalid
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid from None
    if parts.scheme not in _PORTS or "@" in parts.netloc:
        raise Invalid
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path


def _is_of(ath: object, access_token: str) -> bool:
    made = base64url.encode(sha256(access_token.encode("utf-8", "surrogatepass")).digest())
    return isinstance(ath, str) and hmac.compare_digest(ath.encode("utf-8", "surrogatepass"), made.encode())
