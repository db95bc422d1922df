"""Signing in: `start` and `answer` lead from step to step until somebody is signed in. Every door uses these two.

The engine reads who it is in one statement, lets the challenge judge the answer,
asks rules/steps.py what comes next, and settles the try. What is handed out to
whoever is signed in is another room's business (flows/tokens.py).
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, structs

from lido import errors
from lido.call import Call
from lido.flows import access, lockout, progress, scenes, triggers, unknown_users
from lido.flows.challenges import Challenge, Effect, Offer, Right, Turn, Wrong, registry
from lido.flows.challenges.password_verifier import block_of
from lido.flows.events import Fact, tell
from lido.flows.progress import INVALID, Progress
from lido.flows.scenes import Attempt, Scene, required
from lido.records import Status
from lido.rules import base64url, steps
from lido.rules.app_clients import Terms
from lido.rules.steps import Ask, Door, Enter, Flow, Proof, Refuse
from lido.rules.usernames import fold
from lido.storage import lockouts
from lido.storage.database import Transaction

_SECRET_BLOCK_SECONDS = 60
_TRIGGERS = ("PreAuthentication", "PostAuthentication", "PreTokenGeneration")


class NextChallenge(Struct, frozen=True):
    """The person must answer this; `session` is what carries the sign-in on, None where a parameter does."""

    name: str
    parameters: dict[str, str]
    session: str | None


class SignedIn(Struct, frozen=True):
    """Who it is, and how that was proven.

    Whoever hands something out runs `settle` in the same transaction; otherwise nothing of this sign-in becomes true.
    """

    scene: Scene
    proofs: tuple[Proof, ...]
    auth_time: int
    effects: tuple[Effect, ...]
    reserved: bool

    def settle(self, tx: Transaction) -> None:
        """Spend the step, make true what comes with it, forget earlier failures. Raises to refuse after all."""
        for effect in self.effects:
            effect(tx)
        lockouts.forgive(tx, self.scene.pool.pool_id, self.scene.subject, reserved=int(self.reserved))

    def abandon(self, call: Call) -> None:
        """Nothing was handed out: the reserved try counts for nothing."""
        if self.reserved:
            lockout.release(call, self.scene.pool.pool_id, self.scene.subject)


Outcome = NextChallenge | SignedIn


def start(call: Call, attempt: Attempt, flow_name: str) -> Outcome:
    """Begin a sign-in by that flow.

    Raises InvalidParameter (flow, parameters), ResourceNotFound, NotAuthorized, UserNotFound where the client does not
    hide it, PasswordResetRequired, UserNotConfirmed, UnexpectedLambda, InvalidUserPoolConfiguration, TooManyRequests.
    """
    flow = _flow(flow_name, attempt.door)
    typed = required(attempt.given, "USERNAME")
    with call.db.read() as tx:
        scene = scenes.by_name(call, tx, attempt, typed)
        _require_allowed(scene.terms, flow)
        access.check_secret_hash(call, tx, scene.client, typed, attempt.given.get("SECRET_HASH"))
    if scene.user is None:
        if flow.at_once:
            triggers.require_none(scene.pool, "UserMigration")
        if not access.hides_users(scene.pool, scene.client):
            raise errors.UserNotFound
    triggers.require_none(scene.pool, *_TRIGGERS)
    begun = Progress(
        step=flow.first,
        flow=flow.name,
        door=attempt.door,
        subject=scene.subject,
        state=_state(scene),
        typed=typed,
        expires_at=0,
    )
    turn, challenge = Turn(call, scene, begun, attempt.given), registry()[flow.first]
    if flow.at_once:
        return _judge(turn, challenge, spend=False)
    return _present(turn, challenge, challenge.offer(turn))


def answer(call: Call, attempt: Attempt, challenge_name: str, session: str | None) -> Outcome:
    """Answer the challenge of that name, which `session` (or a SECRET_BLOCK) carries.

    Raises what `start` raises, and whatever the challenge does.
    """
    challenge = registry().get(challenge_name)
    if challenge is None:
        raise errors.NotAuthorized(INVALID)
    named = required(attempt.given, "USERNAME")
    blob = _blob(challenge, session, attempt.given)
    with call.db.read() as tx:
        scene, begun = scenes.resumed(call, tx, attempt, challenge_name, blob)
        access.check_secret_hash(call, tx, scene.client, named, attempt.given.get("SECRET_HASH"))
    triggers.require_none(scene.pool, *_TRIGGERS)
    _require_same(scene, begun, attempt.door, named)
    _require_due(call, scene, begun)
    return _judge(Turn(call, scene, begun, attempt.given), challenge, spend=True)


def _flow(name: str, door: Door) -> Flow:
    if name in steps.NOT_BUILT_FLOWS:
        raise errors.InvalidParameter(steps.NOT_BUILT.format(name))
    flow = steps.FLOWS.get(steps.ALIASES.get(name, name))
    if flow is None or door not in flow.doors:
        raise errors.InvalidParameter("Initiate Auth method not supported.")
    return flow


def _require_allowed(terms: Terms, flow: Flow) -> None:
    if flow.permission not in terms.flows:
        raise errors.InvalidParameter(f"{flow.name} flow not enabled for this client")


def _blob(challenge: Challenge, session: str | None, given: Mapping[str, str]) -> bytes:
    if challenge.CARRIER == "secret block":
        return block_of(given)
    if not session:
        raise errors.InvalidParameter("Missing required parameter Session")
    try:
        return base64url.decode(session)
    except ValueError:
        raise errors.NotAuthorized(INVALID) from None


def _require_same(scene: Scene, begun: Progress, door: Door, named: str) -> None:
    """The same person, at the same door, under the same password and epoch as when it began."""
    gone = scene.user is None and not unknown_users.is_subject(begun.subject)
    if gone or begun.door != door or begun.state != _state(scene):
        raise errors.NotAuthorized(INVALID)
    if scene.user is not None and not _is_called(scene, named):
        raise errors.NotAuthorized(INVALID)


def _state(scene: Scene) -> bytes:
    """The account's epoch and its password's version: what any change that matters raises."""
    epoch = scene.user.epoch if scene.user else 0
    version = scene.password.version if scene.password else 0
    return epoch.to_bytes(4, "big") + version.to_bytes(4, "big")


def _is_called(scene: Scene, named: str) -> bool:
    user, folding = scene.user, scene.pool.folding
    if user is None:
        return False
    names = (scene.typed, user.username, user.sub, user.email, user.phone_number)
    return fold(named, folding) in {fold(name, folding) for name in names if name}


def _require_due(call: Call, scene: Scene, begun: Progress) -> None:
    """The table must ask for exactly this challenge, as the account stands now."""
    step = steps.next_step(_situation(call, scene, begun.flow, begun.proofs))
    if isinstance(step, Refuse):
        raise step.fault(step.sentence)
    if step != Ask(begun.step):
        raise errors.NotAuthorized(INVALID)


def _situation(call: Call, scene: Scene, flow: str, proofs: tuple[Proof, ...]) -> steps.Situation:
    user, row = scene.user, scene.password
    temporary = (user is not None and user.status == Status.FORCE_CHANGE_PASSWORD) or (
        row is not None and row.temporary
    )
    return steps.Situation(
        challenge=steps.FLOWS[flow].first,
        proofs=proofs,
        status=user.status if user else 0,
        enabled=user is not None and user.enabled,
        factors=user.factors if user else 0,
        temporary=temporary,
        temporary_expired=row is not None and row.expires_at is not None and row.expires_at <= call.now,
        mfa=scene.pool.settings.shape.mfa_configuration or "OFF",
    )


def _judge(turn: Turn, challenge: Challenge, *, spend: bool) -> Outcome:
    """Judge the answer and go on from there. `spend` is false where the answer came without a step to spend."""
    judgement = challenge.answer(turn)
    call, scene, begun = turn.call, turn.scene, turn.progress
    spent: tuple[Effect, ...] = (lambda tx: progress.spend(tx, scene.pool.pool_id, begun),) if spend else ()
    step = _Step(turn, spent, reserved=challenge.GUARD == "lockout")
    if step.reserved:
        lockout.reserve(call, scene.pool.pool_id, scene.subject)
    try:
        verdict = judgement()
    except BaseException:
        step.abandon()
        raise
    if isinstance(verdict, Wrong):
        step.settle("refused", "wrong answer", failed=True)
        raise errors.NotAuthorized(verdict.sentence)
    return _go_on(step, verdict)


class _Step(Struct, frozen=True):
    """The step that was just judged, and what settling it takes."""

    turn: Turn
    spent: tuple[Effect, ...]
    reserved: bool

    def settle(
        self,
        kind: Literal["challenged", "refused"],
        reason: str,
        *,
        effects: tuple[Effect, ...] = (),
        failed: bool = False,
    ) -> None:
        """Spend the step, make `effects` true, count the try if it `failed`, and tell: one transaction."""
        call, scene, begun = self.turn.call, self.turn.scene, self.turn.progress
        pool_id, sub = scene.pool.pool_id, scene.user.sub if scene.user else ""
        fact = Fact(client_id=scene.client.client_id, reason=reason, names=[begun.flow, begun.step])
        try:
            with call.db.write() as tx:
                for effect in (*self.spent, *effects):
                    effect(tx)
                if failed and self.reserved:
                    lockouts.fail(tx, pool_id, scene.subject, call.clock.now())
                elif self.reserved:
                    lockouts.release(tx, pool_id, scene.subject)
                tell(call, tx, pool_id, kind, sub, fact)
        except errors.Fault:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Nothing was decided: the reserved try counts for nothing."""
        if self.reserved:
            lockout.release(self.turn.call, self.turn.scene.pool.pool_id, self.turn.scene.subject)


def _go_on(step: _Step, verdict: Right) -> Outcome:
    call, scene, begun = step.turn.call, verdict.scene, step.turn.progress
    proofs = (*begun.proofs, verdict.proof) if verdict.proof else begun.proofs
    following = steps.next_step(_situation(call, scene, begun.flow, proofs))
    match following:
        case Enter():
            return SignedIn(scene, proofs, call.now, (*step.spent, *verdict.effects), step.reserved)
        case Ask(name):
            further = structs.replace(begun, step=name, proofs=proofs, state=_state(scene))
            turn, challenge = Turn(call, scene, further, {}), registry()[name]
            offer = challenge.offer(turn)
            step.settle("challenged", name, effects=verdict.effects)
            return _present(turn, challenge, offer)
        case Refuse(fault, sentence):
            refusal = fault(sentence)
            step.settle("refused", refusal.message)
            raise refusal


def _present(turn: Turn, challenge: Challenge, offer: Offer) -> NextChallenge:
    """The challenge for the person's hands, with the progress sealed into what carries it."""
    call, scene = turn.call, turn.scene
    in_block = challenge.CARRIER == "secret block"
    life_seconds = _SECRET_BLOCK_SECONDS if in_block else scene.terms.session_seconds
    going = structs.replace(turn.progress, expires_at=call.clock.now() + life_seconds * 1000, secret=offer.secret)
    blob = progress.seal(call, scene.pool.pool_id, scene.client.client_id, going)
    if in_block:
        return NextChallenge(challenge.NAME, offer.parameters | {"SECRET_BLOCK": b64encode(blob).decode()}, None)
    return NextChallenge(challenge.NAME, offer.parameters, base64url.encode(blob))
