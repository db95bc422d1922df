"""Step-up: a choice-based sign-in that must reach a strength, from nothing or from what a session has shown already.

`TARGET_ACR_VALUES` names the levels that will do, the best first; `ACCESS_TOKEN` is the session to go on from, and
`MAX_AGE` how old what it has shown may be. Whoever asks for a strength is never given tokens without it, but at the
pages, where it is a wish.
"""

from collections.abc import Mapping

from msgspec import structs

from lido import errors
from lido.call import Call
from lido.flows import access, grants, situations
from lido.flows.progress import INVALID, Progress
from lido.flows.scenes import Scene
from lido.rules import first_factors, steps, strength
from lido.rules.steps import FIRST_FACTORS, Door, Proof
from lido.storage import sessions
from lido.storage.database import Transaction

TARGET, AGE, TOKEN = "TARGET_ACR_VALUES", "MAX_AGE", "ACCESS_TOKEN"
_LONGEST_TARGET = 1_024
_MOST_SECONDS_DIGITS = 10
_PASSWORDS = ("pwd", "srp")


def begin(call: Call, scene: Scene, begun: Progress, given: Mapping[str, str]) -> Progress:
    """The sign-in with the strength that the request asks for, and with what the session of its token has shown.

    Raises InvalidParameter for a wish that is malformed, fulfilled already or out of reach, NotAuthorized for a token
    that is not this user's.
    """
    wished = structs.replace(begun, targets=targets(scene, begun.door, given))
    if not given.get(TOKEN):
        return wished
    session_id, shown = _shown(call, scene, given)
    anew = situations.of(call, scene, wished)
    onward = situations.of(call, scene, structs.replace(wished, proofs=shown))
    within_reach = [level for level in (steps.target(onward) if shown else None, steps.attainable(anew)) if level]
    if not within_reach:
        raise errors.InvalidParameter(steps.TOO_WEAK)
    best = min(within_reach, key=wished.targets.index)
    if strength.level(shown) >= best:
        raise errors.InvalidParameter("The access token already has the requested authentication context class.")
    goes_on = shown and steps.target(onward) == best
    return structs.replace(wished, proofs=shown, session_id=session_id) if goes_on else wished


def require_alive(tx: Transaction, scene: Scene, begun: Progress) -> None:
    """The session that a step-up goes on from must not have ended meanwhile. Raises NotAuthorized."""
    if not begun.session_id or scene.user is None:
        return
    session = sessions.find(tx, scene.pool.pool_id, scene.user.sub, begun.session_id)
    if session is None or session.revoked_at is not None:
        raise errors.NotAuthorized(INVALID)


def targets(scene: Scene, door: Door, given: Mapping[str, str]) -> tuple[int, ...]:
    """The levels that a request asks for, the best first; () for none. Raises InvalidParameter.

    What no user of the pool could reach is refused here, unless it is a wish; what this one cannot, only after a first
    factor was proven.
    """
    named, shape = given.get(TARGET, ""), scene.pool.settings.shape
    if not any(given.get(name) for name in (TARGET, AGE, TOKEN)):
        return ()
    _seconds(given)
    if given.get(TOKEN) and not named:
        raise errors.InvalidParameter(f"{TOKEN} requires {TARGET}.")
    levels = strength.levels_called(named[:_LONGEST_TARGET], shape.acr_configuration)
    if steps.is_voluntary(door):
        return levels
    if named and not levels:
        raise errors.InvalidParameter(f"{TARGET} has no value that this user pool knows.")
    if levels and min(levels) > strength.strongest(scene.pool.settings, first_factors.allowed(scene.pool)):
        raise errors.InvalidParameter(steps.TOO_WEAK)
    return levels


def _seconds(given: Mapping[str, str]) -> int | None:
    text = given.get(AGE)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_SECONDS_DIGITS):
        raise errors.InvalidParameter(f"{AGE} must be a number of seconds.")
    return int(text)


def _shown(call: Call, scene: Scene, given: Mapping[str, str]) -> tuple[str, tuple[Proof, ...]]:
    """The token's session, and what it has shown that still counts: () where its first factor does not any more."""
    owner = access.signed_in_user(call, given[TOKEN])
    user = scene.user
    # A token of another client would carry what was shown there into this one.
    if user is None or owner.user.sub != user.sub or owner.client.client_id != scene.client.client_id:
        raise errors.NotAuthorized("Invalid Access Token")
    with call.db.read() as tx:
        session = sessions.find(tx, user.pool_id, user.sub, str(owner.claims.get("origin_jti", "")))
    if session is None:
        return "", ()
    age_seconds = _seconds(given)
    oldest = 0 if age_seconds is None else call.now - age_seconds * 1000
    password_set_at = scene.password.set_at if scene.password else call.now + 1
    proofs = tuple(
        proof
        for proof in grants.read(session).proofs
        if proof.at >= (max(oldest, password_set_at) if proof.factor in _PASSWORDS else oldest)
    )
    # A remembered device is proven anew each time; what followed a first factor cannot stand without it.
    is_whole = bool(proofs) and proofs[0] == grants.read(session).proofs[0] and proofs[0].factor in FIRST_FACTORS
    return session.id, tuple(proof for proof in proofs if proof.factor != "device") if is_whole else ()
