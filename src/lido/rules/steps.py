"""Which step of a sign-in comes next: one table, and the flows that lead into it.

The first row that matches decides. A challenge is answered only while the table,
asked with what has been proven and how the account stands now, asks for exactly
that challenge: so no step can be skipped, replayed or reordered.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from lido import errors
from lido.records import Status
from lido.rules import first_factors, second_factors, strength
from lido.rules.second_factors import FIRST_FACTORS as FIRST_FACTORS
from lido.rules.second_factors import SECOND_FACTORS
from lido.rules.second_factors import Proof as Proof

Door = Literal["client", "admin", "pages"]
DeviceRule = Literal["none", "remembered", "suppresses"]
"""Of the device that was named: unknown; known; known, and proving it stands for the second factor."""

NOT_BUILT = "{} is not built yet, see docs/compatibility.md."
CUSTOM = "CUSTOM_CHALLENGE"
"""The first challenge of the flow in which the pool's own triggers decide."""
TOKENS = "TOKENS"
REFUSAL = "REFUSAL"
"""What those triggers may decide instead of a challenge."""
MISSING = "None of the second factors of the user is available."
TOO_WEAK = "The requested authentication context class cannot be reached."
_OUT_OF_REACH = 5
_PASSWORDS = ("pwd", "srp")
RECOVERY = "RECOVERY_CODE"
"""The challenge that is never asked for: its answer is taken in place of a second factor's."""


class Flow(Struct, frozen=True):
    """One way to begin: the client's flag it needs, the doors where it may, its first challenge.

    `at_once`: the answer to that challenge comes with the request itself. Lido's own pages ask for a password whatever
    the client's flags say, as Cognito's do.
    """

    name: str
    permission: str
    doors: frozenset[Door]
    first: str
    at_once: bool = False


_CLIENTS: frozenset[Door] = frozenset({"client"})
_PAGES: frozenset[Door] = frozenset({"pages"})
_OPERATORS: frozenset[Door] = frozenset({"admin"})
_CHOICE = "SELECT_CHALLENGE"
# The names of the others are their challenges'; that of a link would be one that no SDK may answer.
_CHALLENGES = {"PASSWORD_SRP": "PASSWORD_VERIFIER", first_factors.LINK: "EMAIL_OTP"}

FLOWS = {
    flow.name: flow
    for flow in (
        Flow("USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", _CLIENTS | _PAGES, "PASSWORD", at_once=True),
        Flow("ADMIN_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", _OPERATORS, "PASSWORD", at_once=True),
        Flow("USER_SRP_AUTH", "ALLOW_USER_SRP_AUTH", _CLIENTS | _OPERATORS, "PASSWORD_VERIFIER"),
        Flow("USER_AUTH", "ALLOW_USER_AUTH", _CLIENTS | _PAGES | _OPERATORS, _CHOICE),
        Flow("CUSTOM_AUTH", "ALLOW_CUSTOM_AUTH", _CLIENTS | _OPERATORS, CUSTOM),
    )
}
ALIASES = {"ADMIN_NO_SRP_AUTH": "ADMIN_USER_PASSWORD_AUTH"}
"""Older names of flows."""


class Situation(Struct, frozen=True):
    """All that the table may look at.

    `challenge` is the flow's first, `choice` the first factor chosen where the flow asks for a choice, `second` the
    second one chosen (or MFA_SETUP, while an authenticator is being set up). `mfa` is the pool's MfaConfiguration,
    `to_set_up` what its users may set up. `device_begun`: the first half of the device's proof was given.
    `factor_is_missing`: the user has second factors of which none can be asked for, and gets in by nothing less.
    `defined` is what the pool's triggers decided (CUSTOM_AUTH): a challenge, TOKENS or REFUSAL.
    `targets` are the levels of strength that were asked for (rules/strength.py), the best first; where they are
    `voluntary`, who can reach none of them, or has lost the factor that would, gets in as if none had been asked for.
    """

    challenge: str
    proofs: tuple[Proof, ...]
    status: int
    enabled: bool
    temporary: bool
    temporary_expired: bool
    mfa: Literal["OFF", "OPTIONAL", "ON"]
    choice: str = ""
    first_factors: tuple[str, ...] = ()
    second: str = ""
    second_factors: tuple[str, ...] = ()
    preferred: str | None = None
    to_set_up: tuple[str, ...] = ()
    passkey_mfa: bool = False
    recovery_codes: bool = False
    factor_is_missing: bool = False
    device: DeviceRule = "none"
    device_begun: bool = False
    defined: str = ""
    targets: tuple[int, ...] = ()
    voluntary: bool = False


def is_voluntary(door: Door) -> bool:
    """Whether a strength that was asked for there is a wish: `acr_values` is one (OpenID Connect Core 3.1.2.1)."""
    return door == "pages"


class Ask(Struct, frozen=True):
    """The person must answer this challenge."""

    challenge: str


class Enter(Struct, frozen=True):
    """Everything is proven: the person is signed in."""


class Refuse(Struct, frozen=True):
    """Nothing that was proven leads in."""

    fault: type[errors.Fault]
    sentence: str | None = None


Step = Ask | Enter | Refuse


class _Row(Struct, frozen=True):
    matches: Callable[[Situation], bool]
    step: Callable[[Situation], Step]


def _says(step: Step) -> Callable[[Situation], Step]:
    return lambda _: step


def _knows_nobody(now: Situation) -> bool:
    return not any(proof.factor in FIRST_FACTORS for proof in now.proofs)


def _first(now: Situation) -> Step:
    if now.challenge == CUSTOM:
        return _as_defined(now)
    if now.challenge != _CHOICE or now.choice not in now.first_factors:
        return Ask(now.challenge)
    return Ask(_CHALLENGES.get(now.choice, now.choice))


def _as_defined(now: Situation) -> Step:
    if now.defined == TOKENS and now.status == Status.CONFIRMED:
        return Enter()
    return Refuse(errors.NotAuthorized) if now.defined in ("", TOKENS, REFUSAL) else Ask(now.defined)


def _is_let_in_by_password(now: Situation) -> bool:
    return now.defined == TOKENS and any(proof.factor in _PASSWORDS for proof in now.proofs)


def _device_is_unproven(now: Situation) -> bool:
    return all(proof.factor != "device" for proof in now.proofs)


def _device(now: Situation) -> Step:
    return Ask("DEVICE_PASSWORD_VERIFIER" if now.device_begun else "DEVICE_SRP_AUTH")


def _needs_second_factor(now: Situation) -> bool:
    if _is_too_weak(now):
        return True
    if now.mfa != "ON" and (now.mfa == "OFF" or not now.second_factors):
        return False
    return not _are_two_factors(now)


def _are_two_factors(now: Situation) -> bool:
    return second_factors.suffice(now.proofs, passkey_mfa=now.passkey_mfa, device_suppresses=now.device == "suppresses")


def _is_too_weak(now: Situation) -> bool:
    if not now.targets or (now.voluntary and any(proof.factor == "recovery" for proof in now.proofs)):
        return False
    out_of_reach = 0 if now.voluntary else _OUT_OF_REACH
    return strength.level(now.proofs) < (target(now) or out_of_reach)


def _second(now: Situation) -> Step:
    usable = can_choose(now)
    if not usable and _is_too_weak(now):
        return Refuse(errors.NotAuthorized, TOO_WEAK)
    if not usable:
        return _set_up(now)
    if now.second in usable:
        return Ask(now.second)
    if now.preferred in usable:
        return Ask(now.preferred)
    return Ask(usable[0] if len(usable) == 1 else "SELECT_MFA_TYPE")


def _set_up(now: Situation) -> Step:
    # Whoever has a factor, if only one that does not count here, must not get around it with a new one.
    if now.second_factors or now.mfa != "ON":
        return Refuse(errors.NotAuthorized)
    return Ask("EMAIL_OTP" if now.second == "EMAIL_OTP" and "EMAIL_OTP" in can_set_up(now) else "MFA_SETUP")


_EXPIRED = "Temporary password has expired and must be reset by an administrator."
_TABLE = (
    _Row(_knows_nobody, _first),
    # The state of an account is told only to whoever has proven a first factor.
    _Row(lambda now: not now.enabled, _says(Refuse(errors.NotAuthorized, "User is disabled."))),
    _Row(lambda now: now.status == Status.RESET_REQUIRED, _says(Refuse(errors.PasswordResetRequired))),
    _Row(lambda now: now.status == Status.UNCONFIRMED, _says(Refuse(errors.UserNotConfirmed))),
    _Row(lambda now: now.temporary and now.temporary_expired, _says(Refuse(errors.NotAuthorized, _EXPIRED))),
    _Row(lambda now: now.temporary, _says(Ask("NEW_PASSWORD_REQUIRED"))),
    # After a password second factors follow as ever; else only where those triggers say so.
    _Row(lambda now: now.challenge == CUSTOM and not _is_let_in_by_password(now), _as_defined),
    _Row(lambda now: now.second == "MFA_SETUP", _says(Ask("MFA_SETUP"))),
    _Row(lambda now: now.device == "suppresses" and _device_is_unproven(now) and not _is_too_weak(now), _device),
    _Row(lambda now: now.factor_is_missing and not _are_two_factors(now), _says(Refuse(errors.NotAuthorized, MISSING))),
    _Row(_needs_second_factor, _second),
    _Row(lambda now: now.device != "none" and _device_is_unproven(now), _device),
    _Row(lambda now: now.status == Status.CONFIRMED, _says(Enter())),
    _Row(lambda _: True, _says(Refuse(errors.NotAuthorized))),
)
CHALLENGES = frozenset(
    {flow.first for flow in FLOWS.values()}
    | {_CHALLENGES.get(name, name) for name in first_factors.CHOICES}
    | set(SECOND_FACTORS)
    | {"NEW_PASSWORD_REQUIRED", "MFA_SETUP", "SELECT_MFA_TYPE", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"}
)
"""Every challenge that the table can ask for."""


def next_step(now: Situation) -> Step:
    """What comes next, by the first row that matches."""
    return next(row.step(now) for row in _TABLE if row.matches(now))


def can_choose(now: Situation) -> tuple[str, ...]:
    """The second factors that somebody may choose from (`MFAS_CAN_CHOOSE`), of whom each reaches what was asked for."""
    new = _new_second_factors(now)
    if not _is_too_weak(now):
        return new
    least = target(now) or _OUT_OF_REACH
    return tuple(name for name in new if strength.level_with(now.proofs, (name,)) >= least)


def _new_second_factors(now: Situation) -> tuple[str, ...]:
    return tuple(name for name in now.second_factors if second_factors.is_new(name, now.proofs))


def target(now: Situation) -> int | None:
    """The first level asked for that was reached, or that one more factor of the user reaches."""
    best = max(strength.level_with(now.proofs, more) for more in ((), *((name,) for name in _new_second_factors(now))))
    return next((level for level in now.targets if level <= best), None)


def attainable(now: Situation) -> int | None:
    """The first level asked for that somebody who begins anew reaches with the factors they have."""
    best = strength.reach(now.first_factors, now.second_factors)
    return next((level for level in now.targets if level <= best), None)


def can_set_up(now: Situation) -> tuple[str, ...]:
    """The second factors that somebody who has none may set up (`MFAS_CAN_SETUP`).

    Where a strength is a wish, those that fulfil it, if any does.
    """
    new = tuple(name for name in now.to_set_up if second_factors.is_new(name, now.proofs))
    if not now.voluntary:
        return new
    reached = {name: strength.level_with(now.proofs, (name,)) for name in new}
    least = next((level for level in now.targets if level <= max(reached.values(), default=0)), 0)
    return tuple(name for name in new if reached[name] >= least)


def takes_recovery_code(now: Situation) -> bool:
    """Whether a recovery code is taken in place of the second factor that is being asked for."""
    step = next_step(now)
    return (
        now.recovery_codes
        and bool(now.second_factors)
        and not _knows_nobody(now)
        and isinstance(step, Ask)
        and step.challenge in SECOND_FACTORS
        and (now.voluntary or not _is_too_weak(now))  # for it proves less than what it stands for
    )
