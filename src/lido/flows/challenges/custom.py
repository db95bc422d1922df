"""CUSTOM_CHALLENGE: a question of the pool's own, made and judged by its triggers."""

from typing import Final

import msgspec

from lido import errors
from lido.flows import custom_auth, progress, triggers, unknown_users
from lido.flows.challenges import Carrier, Guard, Judgement, Offer, Right, Turn
from lido.rules import custom_challenges
from lido.rules.custom_challenges import Created, Round
from lido.rules.steps import CUSTOM

NAME: Final = CUSTOM
GUARD: Guard = "lockout"
CARRIER: Carrier = "session"


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What only the triggers may know of the question that was put."""

    private: dict[str, str]
    metadata: str | None


_decode = msgspec.msgpack.Decoder(_Kept).decode


def offer(turn: Turn, /) -> Offer:
    """The question that CreateAuthChallenge makes. Raises the refusals of triggers."""
    scene, told = turn.scene, custom_auth.told(turn.scene)
    event = custom_challenges.create_auth_challenge(
        told.username,
        scene.client.client_id,
        told.attributes,
        turn.progress.rounds,
        user_not_found=scene.user is None,
        client_metadata=turn.call.client_metadata,
    )
    made: Created = triggers.ask(turn.call, scene.pool, event, custom_challenges.created)
    kept = msgspec.msgpack.encode(_Kept(made.private, made.metadata))
    return Offer({**made.public, "USERNAME": _shown_name(turn)}, secret=kept)


def _shown_name(turn: Turn) -> str:
    """The username; of strangers one that a user found by that name might have."""
    scene = turn.scene
    if scene.user is None:
        return unknown_users.srp_identity(turn.call, scene.pool, scene.typed, scene.name_key)
    return scene.user.username


def answer(turn: Turn, /) -> Judgement:
    """Asks VerifyAuthChallengeResponse about `ANSWER`, once. Raises InvalidParameter, NotAuthorized for a question
    that was answered, and the refusals of triggers.
    """
    scene, told, given = turn.scene, custom_auth.told(turn.scene), turn.required("ANSWER")
    if len(given) > custom_challenges.LONGEST_ANSWER:
        raise errors.InvalidParameter("ANSWER is too long.")
    kept = _decode(turn.progress.secret)
    with turn.call.db.read() as tx:
        progress.refuse_spent(tx, scene.pool.pool_id, turn.progress)

    def judge() -> Right:
        event = custom_challenges.verify_auth_challenge(
            told.username,
            scene.client.client_id,
            told.attributes,
            kept.private,
            given,
            user_not_found=scene.user is None,
            client_metadata=turn.call.client_metadata,
        )
        is_correct = triggers.ask(turn.call, scene.pool, event, custom_challenges.is_correct)
        return Right(scene, round=Round(NAME, is_correct, kept.metadata))

    return judge
