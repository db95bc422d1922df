"""How a sign-in stands: what the step table may look at, and whether a step still fits the account."""

from lido import errors
from lido.call import Call
from lido.flows import unknown_users
from lido.flows.progress import INVALID, Progress
from lido.flows.scenes import Scene
from lido.records import DeviceStatus, Factor, Status
from lido.rules import first_factors, options, second_factors, steps, strength
from lido.rules.steps import Ask, DeviceRule, Refuse, Situation
from lido.rules.usernames import LONGEST_NAME, fold, looks_like_phone


def of(call: Call, scene: Scene, progress: Progress) -> Situation:
    """The situation of that person, who has come so far."""
    user, row, settings = scene.user, scene.password, scene.pool.settings
    temporary = (user is not None and user.status == Status.FORCE_CHANGE_PASSWORD) or (
        row is not None and row.temporary
    )
    mfa = settings.shape.mfa_configuration or "OFF"
    first = steps.FLOWS[progress.flow].first
    chooses = first == "SELECT_CHALLENGE" and not progress.proofs
    active = second_factors.active(settings, user) if user else ()
    missing = user is not None and second_factors.is_missing(settings, user)
    is_missed = missing and options.text(scene.pool, "missing_second_factor") == "refuse"
    needs_mfa = mfa == "ON" or bool(active) or is_missed
    return Situation(
        challenge=first,
        proofs=progress.proofs,
        status=user.status if user else 0,
        enabled=user is not None and user.enabled,
        temporary=temporary,
        temporary_expired=row is not None and row.expires_at is not None and row.expires_at <= call.now,
        mfa=mfa,
        choice=progress.choice,
        first_factors=_strong(scene, _choices(call, scene, needs_mfa=needs_mfa), progress.targets) if chooses else (),
        second=progress.second,
        second_factors=active,
        preferred=second_factors.preferred(user) if active and user else None,
        to_set_up=second_factors.to_set_up(settings) if mfa == "ON" else (),
        passkey_mfa=second_factors.passkeys_are_mfa(settings),
        recovery_codes=user is not None and bool(user.factors & Factor.RECOVERY_CODES),
        factor_is_missing=is_missed,
        device=_device_rule(scene),
        device_begun=progress.device_begun,
        defined=progress.defined,
        targets=progress.targets,
    )


def _choices(call: Call, scene: Scene, *, needs_mfa: bool) -> tuple[str, ...]:
    if scene.user is None:
        chance = unknown_users.digest(call, "first factors", scene.pool.pool_id, scene.name_key)[0]
        by_phone = looks_like_phone(scene.typed)
        return first_factors.pretended(scene.pool, by_phone=by_phone, has_passkey=chance % 2 == 0)
    has_password = scene.password is not None
    return first_factors.available(scene.pool, scene.user, has_password=has_password, needs_mfa=needs_mfa)


def _strong(scene: Scene, choices: tuple[str, ...], targets: tuple[int, ...]) -> tuple[str, ...]:
    """Those from which what was asked for can be reached, by anybody: second factors of users are not told here."""
    least, settings = min(targets, default=0), scene.pool.settings
    return tuple(name for name in choices if strength.strongest(settings, (name,)) >= least)


def _device_rule(scene: Scene) -> DeviceRule:
    config = scene.pool.settings.shape.device_configuration
    if config is None or scene.device is None or scene.device.status != DeviceStatus.REMEMBERED:
        return "none"
    return "suppresses" if config.challenge_required_on_new_device else "remembered"


def state(scene: Scene) -> bytes:
    """The account's epoch and its password's version: what any change that matters raises."""
    epoch = scene.user.epoch if scene.user else 0
    version = scene.password.version if scene.password else 0
    return epoch.to_bytes(4, "big") + version.to_bytes(4, "big")


def require_same(scene: Scene, progress: Progress) -> None:
    """The account under the same password and epoch as when the step was made. Raises NotAuthorized."""
    gone = scene.user is None and not unknown_users.is_subject(progress.subject)
    if gone or progress.state != state(scene):
        raise errors.NotAuthorized(INVALID)


def require_called(call: Call, scene: Scene, name: str) -> None:
    """That user must be called so; nobody answers to the names that a user would. Raises NotAuthorized."""
    user, folding = scene.user, scene.pool.folding
    names: tuple[str | None, ...]
    if user is None:
        names = (scene.typed, unknown_users.srp_identity(call, scene.pool, scene.typed, scene.name_key))
    else:
        names = (scene.typed, user.username, user.sub, user.email, user.phone_number)
    # Folding what is longer than any name would only take time.
    if len(name) > LONGEST_NAME or fold(name, folding) not in {fold(known, folding) for known in names if known}:
        raise errors.NotAuthorized(INVALID)


def require_due(situation: Situation, progress: Progress) -> None:
    """The table must ask for exactly the step that was made. Raises NotAuthorized, or the refusal of the table."""
    step = steps.next_step(situation)
    if isinstance(step, Refuse):
        raise step.fault(step.sentence)
    if step != Ask(progress.step):
        raise errors.NotAuthorized(INVALID)
