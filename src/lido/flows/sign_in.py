"""Signing in: `start` and `answer` lead from step to step until somebody is signed in. Every door uses these two.

The engine reads who it is in one statement, lets the challenge judge the answer,
asks rules/steps.py what comes next, and settles the try. What is handed out to
whoever is signed in is another room's business (flows/tokens.py).
"""

from base64 import b64encode

from msgspec import Struct, structs

from lido import errors
from lido.call import Call
from lido.flows import (
    access,
    challenges,
    custom_auth,
    lockout,
    magic_links,
    migration,
    networks,
    progress,
    scenes,
    sign_in_triggers,
    sign_up_session,
    situations,
    step_up,
    tries,
    triggers,
)
from lido.flows.challenges import Challenge, Effect, Offer, Right, Turn, Wrong
from lido.flows.progress import INVALID, Progress
from lido.flows.scenes import Attempt, Scene, required
from lido.flows.settling import Step
from lido.flows.srp_exchange import block_of
from lido.records import Status
from lido.rules import first_factors, password_policy, steps
from lido.rules.app_clients import Terms
from lido.rules.custom_challenges import Round
from lido.rules.steps import Ask, Door, Enter, Flow, Proof, Refuse
from lido.storage import lockouts
from lido.storage.database import Transaction

_SECRET_BLOCK_SECONDS = 60


class NextChallenge(Struct, frozen=True):
    """The person must answer this; `session` is what carries the sign-in on, None where a parameter does.

    `available` are the first factors to choose from, where that is the question.
    """

    name: str
    parameters: dict[str, str]
    session: str | None
    available: tuple[str, ...] = ()


class SignedIn(Struct, frozen=True):
    """Who it is, how that was proven (`proofs`), and how far the sign-in had come (`progress`: device, wishes).

    Whoever hands something out runs `settle` in the same transaction; otherwise nothing of this sign-in becomes true.
    """

    scene: Scene
    proofs: tuple[Proof, ...]
    auth_time: int
    effects: tuple[Effect, ...]
    reserved: bool
    progress: Progress

    def settle(self, tx: Transaction) -> None:
        """Spend the step, make true what comes with it, forget earlier failures. Raises to refuse after all."""
        for effect in self.effects:
            effect(tx)
        pool_id = self.scene.pool.pool_id
        lockouts.forgive(tx, pool_id, self.scene.subject, reserved=int(self.reserved))
        networks.answered(tx, pool_id, self.progress.asked_from)

    def abandon(self, call: Call) -> None:
        """Nothing was handed out: the reserved try counts for nothing."""
        if self.reserved:
            lockout.release(call, self.scene.pool.pool_id, self.scene.subject)


Outcome = NextChallenge | SignedIn


def start(call: Call, attempt: Attempt, flow_name: str, session: str | None = None) -> Outcome:
    """Begin a sign-in by that flow; `session` is what a sign-up or a link left, for the flow that offers a choice.

    Raises InvalidParameter (flow, parameters), ResourceNotFound, NotAuthorized, UserNotFound where the client does not
    hide it, PasswordResetRequired, UserNotConfirmed, InvalidUserPoolConfiguration, TooManyRequests, and the refusals of
    triggers.
    """
    flow = _flow(flow_name, attempt.door)
    typed = required(attempt.given, "USERNAME")
    chooses = flow.first == "SELECT_CHALLENGE"
    with call.db.read() as tx:
        scene = scenes.by_name(call, tx, attempt, typed)
        _require_allowed(scene.terms, flow, attempt.door)
        _check_secret(call, tx, scene, attempt, typed)
    scene.network.require_left()
    hides = access.hides_users(scene.pool, scene.client)
    if migration.may_bring(scene) and (flow.at_once or (chooses and _choice(attempt) == "PASSWORD")):
        scene = _migrated(call, scene, attempt)
    if scene.user is None and not hides:
        networks.fail_alone(call, scene.network)
        raise errors.UserNotFound
    asked_from = sign_in_triggers.count(call, scene, by_custom_auth=flow.first == steps.CUSTOM)
    call = sign_in_triggers.before(call, scene)
    if chooses and session:
        return _with_proof(call, attempt, session, typed, asked_from)
    begun = Progress(
        step=flow.first,
        flow=flow.name,
        door=attempt.door,
        subject=scene.subject,
        state=situations.state(scene),
        typed=typed,
        expires_at=0,
        choice=_choice(attempt) if chooses else "",
        device_key=scenes.named_device(attempt.given),
        asked_from=asked_from,
    )
    scene = scenes.with_device(call, scene, begun.device_key)
    if chooses or attempt.door == "pages":
        begun = step_up.begin(call, scene, begun, attempt.given)
    if custom_auth.is_one(begun):
        begun = custom_auth.begin(call, scene, begun, attempt.given)
    situation = situations.of(call, scene, begun)
    has_no_choice = chooses and not begun.proofs and scene.user is not None and not situation.first_factors
    if has_no_choice and not hides and situation.status == Status.UNCONFIRMED:
        raise errors.UserNotConfirmed
    if has_no_choice and hides and not situations.has_choice(call, scene):
        # Whoever has nothing to choose from must not be told from nobody.
        scene = scenes.as_nobody(call, scene)
        begun = structs.replace(begun, subject=scene.subject, state=situations.state(scene))
        situation = situations.of(call, scene, begun)
    turn = Turn(call, scene, begun, attempt.given, situation)
    if custom_auth.is_one(begun):
        return _go_on(Step(turn, (), reserved=False), Right(scene, progress=begun))
    return _begin(turn, at_once=flow.at_once)


def answer(call: Call, attempt: Attempt, challenge_name: str, session: str | None) -> Outcome:
    """Answer the challenge of that name, which `session` (or a SECRET_BLOCK) carries.

    Raises what `start` raises, and whatever the challenge does.
    """
    challenge = challenges.registry().get(challenge_name)
    if challenge is None:
        raise errors.NotAuthorized(INVALID)
    named = required(attempt.given, "USERNAME")
    blob = _blob(challenge, session, attempt)
    with call.db.read() as tx:
        scene, begun = scenes.resumed(call, tx, attempt, challenge_name, blob)
        _check_secret(call, tx, scene, attempt, named)
    if begun.door != attempt.door:
        raise errors.NotAuthorized(INVALID)
    if not begun.proofs:
        scene.network.require_left()
    situations.require_same(call, scene, begun)
    situations.require_called(call, scene, named)
    _require_allowed(scene.terms, steps.FLOWS[begun.flow], attempt.door)
    if migration.may_bring(scene) and migration.is_password(challenge_name, attempt.given):
        scene = _migrated(call, scene, attempt)
        begun = structs.replace(begun, subject=scene.subject, state=situations.state(scene))
        if scene.user is not None:  # the trigger heard of nobody when this began
            sign_in_triggers.before(sign_in_triggers.without_metadata(call), scene)
    if not begun.device_key:
        begun = structs.replace(begun, device_key=scenes.named_device(attempt.given))
    scene = scenes.with_device(call, scene, begun.device_key)
    scenes.require_known_device(scene, attempt.given)
    situation = situations.of(call, scene, begun)
    situations.require_due(situation, begun)
    if attempt.given.get(steps.RECOVERY) and steps.takes_recovery_code(situation):
        challenge = challenges.find(steps.RECOVERY)
    return _judge(Turn(call, scene, begun, attempt.given, situation), challenge, spend=True)


def _migrated(call: Call, scene: Scene, attempt: Attempt) -> Scene:
    """The scene with the user whom the pool's trigger brings for the password; as it was where none came along."""
    password = attempt.given.get("PASSWORD")
    if not password:
        return scene
    password_policy.refuse_malformed(password)
    try:
        migration.at_sign_in(call, scene.pool, scene.client, scene.typed, password, subject=scene.subject)
    except errors.PasswordResetRequired:  # the password was right
        raise
    except errors.Fault:
        networks.fail_alone(call, scene.network)
        raise
    with call.db.read() as tx:
        return scenes.by_name(call, tx, attempt, scene.typed)


def _flow(name: str, door: Door) -> Flow:
    flow = steps.FLOWS.get(steps.ALIASES.get(name, name))
    if flow is None or door not in flow.doors:
        raise errors.InvalidParameter("Initiate Auth method not supported.")
    return flow


def _require_allowed(terms: Terms, flow: Flow, door: Door) -> None:
    is_our_form = door == "pages" and flow.at_once
    if flow.permission not in terms.flows and not is_our_form:
        if flow.name == "CUSTOM_AUTH":
            raise errors.InvalidParameter("CUSTOM_AUTH is not enabled for the client.")
        raise errors.InvalidParameter(f"{flow.name} flow not enabled for this client")


def _check_secret(call: Call, tx: Transaction, scene: Scene, attempt: Attempt, named: str) -> None:
    """What an app sends must prove the client's secret; pages are Lido's own, and no browser knows it."""
    if attempt.door != "pages":
        access.check_secret_hash(call, tx, scene.client, named, attempt.given.get("SECRET_HASH"))


def _choice(attempt: Attempt) -> str:
    choice = attempt.given.get("PREFERRED_CHALLENGE", "")
    return choice if choice in first_factors.CHOICES else ""


def _begin(turn: Turn, *, at_once: bool) -> Outcome:
    """The flow's first challenge: judged where its answer came with the request, else presented."""
    following = steps.next_step(turn.situation)
    if not isinstance(following, Ask):  # of whoever has proven nothing the table always asks
        raise errors.NotAuthorized
    further = structs.replace(turn, progress=structs.replace(turn.progress, step=following.challenge))
    challenge = challenges.find(following.challenge)
    if at_once or _is_answered(further):
        return _judge(further, challenge, spend=False)
    offer = challenge.offer(further)
    if offer.effects:
        Step(turn, (), reserved=False).settle("challenged", following.challenge, effects=offer.effects)
    return _present(further, challenge, offer)


def _is_answered(turn: Turn) -> bool:
    """Whether the answer to the first factor came along with its choice."""
    return turn.progress.step == "PASSWORD" and bool(turn.given.get("PASSWORD"))


def _with_proof(call: Call, attempt: Attempt, session: str, named: str, asked_from: str) -> Outcome:
    """The first factor came before: the code that confirmed a sign-up, or a link that leads in on any device."""
    blob = _read(session, attempt)
    with call.db.read() as tx:
        scene, begun = scenes.resumed(call, tx, attempt, progress.PROVEN, blob)
    situations.require_same(call, scene, begun)
    situations.require_called(call, scene, named)
    by_link = magic_links.is_one(begun)
    if by_link:
        begun = magic_links.opened(call, scene, begun)
    if attempt.given.get(step_up.TOKEN):
        raise errors.InvalidParameter(f"{step_up.TOKEN} and Session cannot both be given.")
    device_key, targets = scenes.named_device(attempt.given), step_up.targets(scene, attempt.door, attempt.given)
    begun = structs.replace(begun, door=attempt.door, device_key=device_key, targets=targets, asked_from=asked_from)
    scene = scenes.with_device(call, scene, begun.device_key)
    turn = Turn(call, scene, begun, attempt.given, situations.of(call, scene, begun))
    effects = (_spending(turn),) if by_link else (_spending(turn), sign_up_session.require_first(scene))
    return _go_on(Step(turn, (), reserved=False), Right(scene, effects=effects))


def _read(session: str | None, attempt: Attempt) -> bytes:
    client_id, blob = progress.read(session)
    if client_id != attempt.client_id:
        raise errors.NotAuthorized(INVALID)
    return blob


def _blob(challenge: Challenge, session: str | None, attempt: Attempt) -> bytes:
    return block_of(attempt.given) if challenge.CARRIER == "secret block" else _read(session, attempt)


def _spending(turn: Turn) -> Effect:
    def spend(tx: Transaction) -> None:
        progress.spend(tx, turn.scene.pool.pool_id, turn.progress)
        step_up.require_alive(tx, turn.scene, turn.progress)

    return spend


def _judge(turn: Turn, challenge: Challenge, *, spend: bool) -> Outcome:
    """Judge the answer and go on from there. `spend` is false where the answer came without a step to spend."""
    judgement = challenge.answer(turn)
    call, scene = turn.call, turn.scene
    step = Step(turn, (_spending(turn),) if spend else (), reserved=challenge.GUARD == "lockout")
    if step.reserved:
        step.reserve()
    elif challenge.GUARD == "budget":
        tries.take(call, scene, turn.progress)
    try:
        verdict = judgement()
    except triggers.JUDGED as refusal:
        # Functions raise at wrong answers too: to count none of these would give guesses away.
        step.settle("refused", type(refusal).__name__, failed=True)
        raise
    except BaseException:
        step.abandon()
        raise
    if isinstance(verdict, Wrong):
        can_be_guessed = challenge.GUARD != "none"
        step.settle("refused", "wrong answer", failed=can_be_guessed, spend=challenge.GUARD != "budget")
        raise verdict.fault(verdict.sentence)
    return _go_on(step, verdict)


def _go_on(step: Step, verdict: Right) -> Outcome:
    call, scene, going = step.turn.call, verdict.scene, verdict.progress or step.turn.progress
    proofs = (*going.proofs, verdict.proof) if verdict.proof else going.proofs
    further = structs.replace(going, proofs=proofs, state=situations.state(scene))
    if custom_auth.is_one(further) and verdict.progress is None and further.defined != steps.TOKENS:
        further = _decided(step, verdict, further)
    situation = situations.of(call, scene, further)
    following = steps.next_step(situation)
    match following:
        case Enter():
            effects = (*step.spent, *verdict.effects)
            return SignedIn(scene, proofs, call.now, effects, step.reserved, further)
        case Ask(name):
            further = structs.replace(further, step=name)
            return _ask(step, verdict, Turn(call, scene, further, step.turn.given, situation))
        case Refuse(fault, sentence):
            refusal = fault(sentence)
            step.settle("refused", refusal.message, failed=_failed(verdict))
            raise refusal


def _decided(step: Step, verdict: Right, further: Progress) -> Progress:
    """What the pool's triggers decide after that answer."""
    latest = verdict.round or Round(step.turn.progress.step, result=True)
    try:
        return custom_auth.decide(step.turn.call, verdict.scene, further, latest)
    except errors.Fault as fault:
        _break_off(step, verdict, fault)
        raise


def _failed(verdict: Right) -> bool:
    """Whether the answer was wrong, although the sign-in may go on."""
    return verdict.round is not None and not verdict.round.result


def _break_off(step: Step, verdict: Right, fault: errors.Fault) -> None:
    """What follows could not be had. A wrong guess counts all the same; a right answer may be given again."""
    if _failed(verdict):
        step.settle("refused", type(fault).__name__, failed=True)  # what a function raised is for the caller alone
    else:
        step.abandon()


def _ask(step: Step, verdict: Right, turn: Turn) -> Outcome:
    """The next challenge. A step that proved and changed nothing is not spent: it may be answered again."""
    is_spent = verdict.proof is not None or bool(verdict.effects) or verdict.round is not None
    try:
        challenge = challenges.find(turn.progress.step)
        if not turn.progress.proofs and _is_answered(turn):
            return _judge(turn, challenge, spend=bool(step.spent))
        offer = challenge.offer(turn)
    except errors.Fault as fault:
        _break_off(step, verdict, fault)
        raise
    if is_spent or offer.effects:
        effects, failed = (*verdict.effects, *offer.effects), _failed(verdict)
        step.settle("challenged", challenge.NAME, effects=effects, failed=failed, spend=is_spent)
    return _present(turn, challenge, offer)


def _present(turn: Turn, challenge: Challenge, offer: Offer) -> NextChallenge:
    """The challenge for the person's hands, with the progress sealed into what carries it."""
    call, scene = turn.call, turn.scene
    pool_id, client_id = scene.pool.pool_id, scene.client.client_id
    in_block = challenge.CARRIER == "secret block"
    life_seconds = _SECRET_BLOCK_SECONDS if in_block else scene.terms.session_seconds
    going = structs.replace(turn.progress, expires_at=call.clock.now() + life_seconds * 1000, secret=offer.secret)
    blob = progress.seal(call, pool_id, client_id, going)
    if in_block:
        return NextChallenge(challenge.NAME, offer.parameters | {"SECRET_BLOCK": b64encode(blob).decode()}, None)
    blob = progress.shortened(call, pool_id, blob, going.expires_at)
    return NextChallenge(challenge.NAME, offer.parameters, progress.write(client_id, blob), offer.available)
