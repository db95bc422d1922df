"""The string that leads from a sign-up to the first sign-in: the code that confirmed counts as first factor, once."""

from lido import errors
from lido.call import Call
from lido.flows import progress, scenes, situations
from lido.flows.challenges import Effect
from lido.flows.progress import EXPIRED, INVALID, PROVEN, Progress
from lido.flows.scenes import Attempt, Scene
from lido.records import Client, User
from lido.rules.app_clients import terms_of
from lido.rules.second_factors import Medium, Proof
from lido.rules.steps import FLOWS
from lido.storage import sessions
from lido.storage.database import Transaction

SIGNED_UP = "SIGN_UP"

_FLOW = FLOWS["USER_AUTH"]
_UNKNOWN_STATE = bytes(8)


def after_sign_up(call: Call, client: Client, user: User, typed: str) -> str | None:
    """The session of a new user, to be shown with the code; None where the client allows no choice-based sign-in."""
    terms = terms_of(client)
    if _FLOW.permission not in terms.flows:
        return None
    begun = Progress(
        step=SIGNED_UP,
        flow=_FLOW.name,
        door="client",
        subject=user.sub,
        state=_UNKNOWN_STATE,
        typed=typed,
        expires_at=call.now + terms.session_seconds * 1000,
    )
    return progress.write(client.client_id, progress.seal(call, client.pool_id, client.client_id, begun))


def require_of(call: Call, client_id: str, sub: str, session: str) -> None:
    """Refuse a `session` that no sign-up of this user through this client left, lately or not. Raises NotAuthorized."""
    named, blob = progress.read(session)
    if named != client_id:
        raise errors.NotAuthorized(INVALID)
    try:
        with call.db.read() as tx:
            _, begun = scenes.resumed(call, tx, Attempt("client", client_id, {}), SIGNED_UP, blob)
    except errors.NotAuthorized as refusal:
        # The code lives for a day, the session for minutes: whoever reads mail later is not refused.
        if refusal.message == EXPIRED:
            return
        raise
    if begun.subject != sub:
        raise errors.NotAuthorized(INVALID)


def after_confirmation(call: Call, client_id: str, sub: str, typed: str, medium: Medium) -> str | None:
    """The session that signs in whoever showed the code that came over `medium`; None where the client forbids it."""
    with call.db.read() as tx:
        scene = scenes.by_name(call, tx, Attempt("client", client_id, {}), sub)
    if scene.user is None or _FLOW.permission not in scene.terms.flows:
        return None
    going = Progress(
        step=PROVEN,
        flow=_FLOW.name,
        door="client",
        subject=sub,
        state=situations.state(scene),
        typed=typed,
        expires_at=call.clock.now() + scene.terms.session_seconds * 1000,
        proofs=(Proof("signup_code", call.now, medium),),
    )
    return progress.write(client_id, progress.seal(call, scene.pool.pool_id, client_id, going))


def require_first(scene: Scene) -> Effect:
    """Refuses unless the user never signed in before: NotAuthorized."""

    def effect(tx: Transaction) -> None:
        if scene.user is None or sessions.exists(tx, scene.pool.pool_id, scene.user.sub):
            raise errors.NotAuthorized(INVALID)

    return effect
