"""What a client's assertion must say of itself (RFC 7523 §3, OpenID Connect Core 9)."""

from collections.abc import Collection, Mapping
from typing import Any

from lido.rules import jws

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE_SECONDS = 300
LEEWAY_SECONDS = 10
"""By how much the client's clock may be off."""
_LONGEST_JTI = 256


class Invalid(ValueError):
    """The assertion is not for here, not from this client, or not for now."""


def named_by(assertion: str) -> str:
    """The client that an assertion says it is of; '' for what cannot be read. Nothing of it is proven."""
    try:
        sub = jws.Unproven(assertion).claims.get("sub")
    except jws.Invalid:
        return ""
    return sub if isinstance(sub, str) else ""


def check(claims: Mapping[str, Any], client_id: str, audiences: Collection[str], now_seconds: int) -> tuple[str, int]:
    """The assertion's `jti`, which may be used once, and its end in seconds. Raises Invalid.

    `audiences` are this server's names. An assertion that somebody else may take too is refused: he could bring it.
    """
    said = claims.get("aud")
    named = said if isinstance(said, list) else [said]
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise Invalid
    if not named or any(not isinstance(audience, str) or audience not in audiences for audience in named):
        raise Invalid
    jti, exp = claims.get("jti"), claims.get("exp")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI or type(exp) is not int:
        raise Invalid
    if not now_seconds < exp <= now_seconds + LONGEST_LIFE_SECONDS + LEEWAY_SECONDS:
        raise Invalid
    if any(name in claims and not _is_past(claims[name], now_seconds) for name in ("nbf", "iat")):
        raise Invalid
    return jti, exp


def _is_past(moment: object, now_seconds: int) -> bool:
    return type(moment) is int and moment <= now_seconds + LEEWAY_SECONDS
