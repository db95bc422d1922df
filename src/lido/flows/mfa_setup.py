"""Setting an authenticator up in the middle of a sign-in, by operations that take its session.

`open_setup` says who sets it up; `continue_setup` gives the session that goes on from there.
"""

from msgspec import structs

from lido import errors
from lido.call import Call
from lido.flows import progress, scenes, situations
from lido.flows.progress import INVALID, Progress
from lido.flows.scenes import Attempt, Scene
from lido.rules.steps import Proof

_STEP = "MFA_SETUP"


def open_setup(call: Call, session: str | None) -> tuple[Scene, Progress]:
    """Who must set up a second factor, as they stand now, and how far their sign-in has come.

    Raises InvalidParameter without a session, NotAuthorized for one of another step, an expired one, or one that the
    account has left behind; ResourceNotFound when the client is gone, and what the account's state refuses.
    """
    client_id, blob = progress.read(session)
    with call.db.read() as tx:
        try:
            scene, begun = scenes.resumed(call, tx, Attempt("client", client_id, {}), _STEP, blob)
        except errors.ResourceNotFound:
            raise errors.NotAuthorized(INVALID) from None
    call.charge(scene.pool.pool_id)
    situations.require_same(call, scene, begun)
    situations.require_due(situations.of(call, scene, begun), begun)
    return scene, begun


def continue_setup(
    call: Call, scene: Scene, begun: Progress, *, secret: bytes = b"", enrolled: Proof | None = None
) -> str:
    """The session that goes on: with `secret` sealed in it, to be read from `Progress.secret`; or, once the
    authenticator is `enrolled`, the one that answers MFA_SETUP. Whoever enrols spends `begun` in that transaction.
    """
    life_ms = scene.terms.session_seconds * 1000
    going = structs.replace(begun, expires_at=call.clock.now() + life_ms, secret=secret)
    if enrolled is not None:
        going = structs.replace(going, proofs=(*begun.proofs, enrolled), second=_STEP)
    client_id = scene.client.client_id
    return progress.write(client_id, progress.seal(call, scene.pool.pool_id, client_id, going))
