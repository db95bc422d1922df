"""Token exchange (RFC 8693): which scopes are left of a token, who acts for whom, and how long what it gives lives."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

Kind = Literal["access", "id"]

_MOST_ACTORS = 8
"""How many may stand behind one another in `act`."""


class Refused(Exception):
    """The exchange may not be; `error` is the code of RFC 8693 §2.2.2 and RFC 6749 §5.2."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Party(Struct, frozen=True):
    """Whom a token is about, and the client that it was issued to."""

    sub: str
    client_id: str


def scopes(
    asked: Sequence[str], of_subject: Sequence[str], of_client: Collection[str], known: Collection[str]
) -> tuple[str, ...]:
    """What is asked for, or all that the subject's token has, as far as that token and the client have it.

    `known` are the scopes that exist. Raises Refused where nothing is left of something.
    """
    named = tuple(dict.fromkeys(asked or of_subject))
    left = tuple(name for name in named if name in of_subject and name in of_client and name in known)
    if named and not left:
        raise Refused("invalid_scope")
    return left


def acting(subject: Mapping[str, Any], actor: Party | None, client_id: str) -> dict[str, Any] | None:
    """The claim `act`: the actor, and behind it those for whom the subject's token was made before (§4.1).

    Whoever the claim `may_act` of the subject's token names is the only one to act (§4.4); without an actor that is
    the client. Raises Refused.
    """
    allowed, before = subject.get("may_act"), subject.get("act")
    if allowed is not None and not _is_named(allowed, actor.sub if actor else client_id):
        raise Refused("invalid_request")
    if actor is None:
        return before if isinstance(before, dict) else None
    if _depth(before) >= _MOST_ACTORS:
        raise Refused("invalid_request")
    own = {"sub": actor.sub, "client_id": actor.client_id}
    return own | ({"act": before} if isinstance(before, dict) else {})


def expiry(now_seconds: int, life_seconds: int, *sources: Mapping[str, Any]) -> int:
    """When it ends, in seconds since 1970: never after the tokens that it was made of."""
    return min(now_seconds + life_seconds, *(int(source["exp"]) for source in sources))


def audience(
    kind: Kind, audience: str | None, resource: str | None, client_id: str, targets: Collection[str]
) -> str | None:
    """The claim `aud`: one of `targets`. ID tokens are for the client that asks and for nobody else. Raises Refused."""
    if audience is not None and resource is not None:
        raise Refused("invalid_request")
    named = audience if resource is None else resource
    if kind == "id" and (resource is not None or named not in (None, client_id)):
        raise Refused("invalid_target")
    if named is not None and named != client_id and named not in targets:
        raise Refused("invalid_target")
    return named


def _is_named(allowed: object, sub: str) -> bool:
    return isinstance(allowed, dict) and allowed.get("sub") == sub


def _depth(claim: object) -> int:
    depth = 0
    while isinstance(claim, dict):
        claim, depth = claim.get("act"), depth + 1
    return depth
