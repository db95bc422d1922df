"""Which step of a sign-in comes next: one table, and the flows that lead into it.

The first row that matches decides. A challenge is answered only while the table,
asked with what has been proven and how the account stands now, asks for exactly
that challenge: so no step can be skipped, replayed or reordered.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from lido import errors
from lido.records import Factor, Status

Door = Literal["client", "admin", "pages"]
FactorName = Literal["pwd", "srp"]
FIRST_FACTORS = frozenset({"pwd", "srp"})
_SECOND_FACTORS = Factor.TOTP | Factor.SMS | Factor.EMAIL | Factor.PASSKEY_MFA

NOT_BUILT = "{} is not built yet, see docs/compatibility.md."


class Flow(Struct, frozen=True):
    """One way to begin: the client's flag it needs, the doors where it may, its first challenge.

    `at_once`: the answer to that challenge comes with the request itself.
    """

    name: str
    permission: str
    doors: frozenset[Door]
    first: str
    at_once: bool = False


_SELF_SERVICE: frozenset[Door] = frozenset({"client", "pages"})
_OPERATORS: frozenset[Door] = frozenset({"admin"})

FLOWS = {
    flow.name: flow
    for flow in (
        Flow("USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", _SELF_SERVICE, "PASSWORD", at_once=True),
        Flow("ADMIN_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", _OPERATORS, "PASSWORD", at_once=True),
        Flow("USER_SRP_AUTH", "ALLOW_USER_SRP_AUTH", _SELF_SERVICE | _OPERATORS, "PASSWORD_VERIFIER"),
    )
}
ALIASES = {"ADMIN_NO_SRP_AUTH": "ADMIN_USER_PASSWORD_AUTH"}
"""Older names of flows."""
NOT_BUILT_FLOWS = frozenset({"USER_AUTH", "CUSTOM_AUTH"})


class Proof(Struct, frozen=True, array_like=True):
    """One thing that was shown, and when."""

    factor: FactorName
    at: int


class Situation(Struct, frozen=True):
    """All that the table may look at. `challenge` is the flow's first; `mfa` the pool's MfaConfiguration."""

    challenge: str
    proofs: tuple[Proof, ...]
    status: int
    enabled: bool
    factors: int
    temporary: bool
    temporary_expired: bool
    mfa: Literal["OFF", "OPTIONAL", "ON"]


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


def _needs_second_factor(now: Situation) -> bool:
    return now.mfa == "ON" or (now.mfa != "OFF" and bool(now.factors & _SECOND_FACTORS))


_EXPIRED = "Temporary password has expired and must be reset by an administrator."
_TABLE = (
    _Row(lambda now: not any(p.factor in FIRST_FACTORS for p in now.proofs), lambda now: Ask(now.challenge)),
    # The state of an account is told only to whoever has proven a first factor.
    _Row(lambda now: not now.enabled, _says(Refuse(errors.NotAuthorized, "User is disabled."))),
    _Row(lambda now: now.status == Status.RESET_REQUIRED, _says(Refuse(errors.PasswordResetRequired))),
    _Row(lambda now: now.status == Status.UNCONFIRMED, _says(Refuse(errors.UserNotConfirmed))),
    _Row(lambda now: now.temporary and now.temporary_expired, _says(Refuse(errors.NotAuthorized, _EXPIRED))),
    _Row(_needs_second_factor, _says(Refuse(errors.InvalidUserPoolConfiguration, NOT_BUILT.format("Second factor")))),
    _Row(lambda now: now.temporary, _says(Ask("NEW_PASSWORD_REQUIRED"))),
    _Row(lambda now: now.status == Status.CONFIRMED, _says(Enter())),
    _Row(lambda _: True, _says(Refuse(errors.NotAuthorized))),
)
CHALLENGES = frozenset({flow.first for flow in FLOWS.values()} | {"NEW_PASSWORD_REQUIRED"})
"""Every challenge that the table can ask for."""


def next_step(now: Situation) -> Step:
    """What comes next, by the first row that matches."""
    return next(row.step(now) for row in _TABLE if row.matches(now))
