"""OAuth scopes: which exist, which a request may have, and which attributes they open."""

from collections.abc import Collection, Mapping, Sequence

from lido import errors
from lido.records import Pool
from lido.rules import options
from lido.rules.schema import STANDARD_NAMES

OPENID = "openid"
OF_IDENTITY = (OPENID, "email", "phone", "profile")
STANDARD = (*OF_IDENTITY, "aws.cognito.signin.user.admin")
REGISTER = "aws.cognito/dcr/register"
"""Opens the endpoint at which clients register; never given to one that registered itself."""
_WITHOUT_MEANING = frozenset({"offline_access"})
"""What generic clients ask for to get a refresh token, which codes always give here."""
_BEYOND_COGNITO = frozenset({"address"})
_OF_OPENID = frozenset({"email", "phone", "profile"}) | _BEYOND_COGNITO
_COVERED = {
    "address": frozenset({"address"}),
    "email": frozenset({"email", "email_verified"}),
    "phone": frozenset({"phone_number", "phone_number_verified"}),
}
_NOT_IN_PROFILE = _COVERED["address"] | _COVERED["email"] | _COVERED["phone"]


def beyond_cognito(pool: Pool) -> frozenset[str]:
    """Scopes of OpenID Connect Core 5.4 that Cognito lacks, in pools whose answers are standard."""
    return _BEYOND_COGNITO if options.is_on(pool, "standard_answers") else frozenset()


def requested(text: str | None, allowed: Collection[str]) -> tuple[str, ...] | None:
    """The scopes of a request (RFC 6749 §3.3), each once; all that are allowed where it names none. None: refuse.

    Those of OpenID Connect count only together with `openid`.
    """
    if text is None or not text.strip(" "):
        return tuple(allowed)
    named = tuple(dict.fromkeys(name for name in text.split(" ") if name and name not in _WITHOUT_MEANING))
    is_whole = OPENID in named or _OF_OPENID.isdisjoint(named)
    return named if named and is_whole and set(named) <= set(allowed) else None


def of_machine(asked: Sequence[str], allowed: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The scopes of a client that asks for itself, each once: all that it may have where it names none.

    Only those of resource servers count (`known`), so that one that was deleted is nobody's. Raises OAuthError:
    `invalid_scope` for one that does not exist, `invalid_grant` for one that is not the client's, or when none is left.
    """
    if any(name not in known for name in asked):
        raise errors.OAuthError("invalid_scope")
    granted = tuple(dict.fromkeys(asked)) if asked else tuple(name for name in allowed if name in known)
    if not granted or not set(granted) <= set(allowed):
        raise errors.OAuthError("invalid_grant")
    return granted


def covered(attributes: Mapping[str, str], scopes: Collection[str], *, is_consented: bool = False) -> dict[str, str]:
    """The attributes that these scopes open; `openid` alone opens all (userInfo endpoint).

    `is_consented`: people were asked, so scopes open what they were told and no more (Core 5.4): `openid` nothing,
    `profile` nothing of the pool's own.
    """
    opening = _OF_OPENID.intersection(scopes)
    if not opening and not is_consented:
        return dict(attributes) if OPENID in scopes else {}
    known = {name: value for name, value in attributes.items() if not is_consented or name in STANDARD_NAMES}
    return {name: value for name, value in known.items() if name == "sub" or _covers(opening, name)}


def _covers(opening: Collection[str], name: str) -> bool:
    return any(name not in _NOT_IN_PROFILE if scope == "profile" else name in _COVERED[scope] for scope in opening)
