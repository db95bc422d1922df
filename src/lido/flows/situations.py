"""How a sign-in stands: what the step table may look at, and whether a step still fits the account."""

from lido import errors
from lido.call import Call
from lido.flows import passkeys, unknown_users
from lido.flows.progress import INVALID, Progress, stale
from lido.flows.scenes import Scene
from lido.records import DeviceStatus, Factor, Status
from lido.rules import first_factors, second_factors, steps, strength
from lido.rules.steps import Ask, DeviceRule, Refuse, Situation
from lido.rules.usernames import LONGEST_NAME, fold


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
    return Situation(
        challenge=first,
        proofs=progress.proofs,
        status=user.status if user else 0,
        enabled=user is not None and user.enabled,
        temporary=temporary,
        temporary_expired=row is not None and row.expires_at is not None and row.expires_at <= call.now,
        mfa=mfa,
        choice=progress.choice,
        first_factors=_strong(scene, _choices(call, scene), progress) if chooses else (),
        second=progress.second,
        second_factors=active,
        preferred=second_factors.preferred(user) if active and user else None,
        to_set_up=second_factors.to_set_up(settings) if mfa == "ON" else (),
        passkey_mfa=second_factors.passkeys_are_mfa(settings),
        recovery_codes=user is not None and bool(user.factors & Factor.RECOVERY_CODES),
        factor_is_missing=user is not None and second_factors.is_missed(scene.pool, user),
        device=_device_rule(scene),
        device_begun=progress.device_begun,
        defined=progress.defined,
        targets=progress.targets,
        voluntary=steps.is_voluntary(progress.door),
    )


def has_choice(call: Call, scene: Scene) -> bool:
    """Whether there is a first factor to choose, however strong."""
    return bool(_choices(call, scene))


def _choices(call: Call, scene: Scene) -> tuple[str, ...]:
    pool, user, has_password = scene.pool, scene.user, scene.password is not None
    if user is None:
        can_have_passkey = passkeys.has_relying_party(call, pool)
        pretended = unknown_users.user(call, pool, scene.typed, scene.name_key, can_have_passkey=can_have_passkey)
        user, has_password = pretended.user, pretended.has_password
    return first_factors.available(pool, user, has_password=has_password)


def _strong(scene: Scene, choices: tuple[str, ...], progress: Progress) -> tuple[str, ...]:
    """Those from which what was asked for can be reached, by anybody: second factors of users are not told here.

    Where it is a wish that none of them fulfils, all.
    """
    least, settings = min(progress.targets, default=0), scene.pool.settings
    strong = tuple(name for name in choices if strength.strongest(settings, (name,)) >= least)
    return choices if not strong and steps.is_voluntary(progress.door) else strong


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


def require_same(call: Call, scene: Scene, progress: Progress) -> None:
    """The account under the same password and epoch as when the step was made. Raises NotAuthorized."""
    gone = scene.user is None and not unknown_users.is_subject(progress.subject)
    if gone or progress.state != state(scene):
        raise stale(call, scene.pool.pool_id, progress)


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
