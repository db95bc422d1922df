"""Sign-ins whose course the pool decides itself (CUSTOM_AUTH): DefineAuthChallenge is asked before every step."""

from collections.abc import Mapping

from msgspec import Struct, structs

from lido import errors
from lido.call import Call
from lido.flows import triggers
from lido.flows.progress import Progress
from lido.flows.scenes import Scene
from lido.records import User
from lido.rules import custom_challenges, second_factors, steps, trigger_events
from lido.rules.custom_challenges import Defined, Round
from lido.rules.second_factors import Proof
from lido.rules.trigger_events import UNRECOGNIZABLE

SRP_A = "SRP_A"
_MOST_ROUNDS = 100


class Told(Struct, frozen=True):
    """Whom the triggers are told of; of strangers they hear what was typed."""

    username: str
    attributes: dict[str, str]


def told(scene: Scene) -> Told:
    """The person of a scene as triggers hear of them."""
    if scene.user is None:
        return Told(scene.typed, {})
    return Told(scene.user.username, trigger_events.attributes(scene.pool, scene.user))


def is_one(progress: Progress) -> bool:
    """Whether the pool's triggers decide the course of this sign-in."""
    return steps.FLOWS[progress.flow].first == steps.CUSTOM


def begin(call: Call, scene: Scene, begun: Progress, given: Mapping[str, str]) -> Progress:
    """The first decision. A client that shows a password first says so by CHALLENGE_NAME and brings SRP_A.

    Raises UnexpectedLambda where the pool names no triggers for it, and the refusals of triggers.
    """
    if not all(triggers.is_named(scene.pool, name) for name in ("DefineAuthChallenge", "CreateAuthChallenge")):
        raise errors.UnexpectedLambda(triggers.NOT_CONFIGURED)
    with_password = given.get("CHALLENGE_NAME") == SRP_A
    return decide(call, scene, begun, Round(SRP_A, result=True) if with_password else None)


def decide(call: Call, scene: Scene, going: Progress, latest: Round | None) -> Progress:
    """The progress with its latest round, and what DefineAuthChallenge decides to come next.

    Raises the refusals of triggers, InvalidLambdaResponse for a challenge that cannot follow.
    """
    rounds = (*going.rounds, latest) if latest else going.rounds
    if len(rounds) > _MOST_ROUNDS:  # all of them travel with every step
        return structs.replace(going, defined=steps.REFUSAL)
    whom = told(scene)
    event = custom_challenges.define_auth_challenge(
        whom.username,
        scene.client.client_id,
        whom.attributes,
        rounds,
        user_not_found=scene.user is None,
        client_metadata=call.client_metadata,
    )
    answer = triggers.ask(call, scene.pool, event, custom_challenges.defined)
    further = structs.replace(going, rounds=rounds, defined=_decision(scene, rounds, answer))
    if further.defined != steps.TOKENS:
        return further
    return structs.replace(further, proofs=(*further.proofs, Proof("custom", call.now)))


def _decision(scene: Scene, rounds: tuple[Round, ...], answer: Defined) -> str:
    # SRP_A is what the client says of itself. Functions that look only at the last result must let nobody in by it.
    has_begun_only = bool(rounds) and rounds[-1].name == SRP_A
    if answer.fail or (answer.issue and (scene.user is None or has_begun_only)):
        return steps.REFUSAL
    if answer.issue:
        return steps.TOKENS
    if answer.challenge not in _possible(scene, rounds):
        raise errors.InvalidLambdaResponse(UNRECOGNIZABLE)
    return answer.challenge


def _possible(scene: Scene, rounds: tuple[Round, ...]) -> set[str]:
    """What may come next: a question, the password where it was begun, a second factor after something was shown."""
    possible = {steps.CUSTOM}
    if rounds and rounds[-1].name == SRP_A:
        possible.add("PASSWORD_VERIFIER")
    if scene.user is not None and any(each.result and each.name != SRP_A for each in rounds):
        possible.update(_second_factors(scene, scene.user))
    return possible


def _second_factors(scene: Scene, user: User) -> tuple[str, ...]:
    return second_factors.active(scene.pool.settings, user)
