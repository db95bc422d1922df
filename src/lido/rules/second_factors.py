"""What counts as proof, and which second factors somebody has: the parts of the step table that speak of MFA.

Factors go by the wire name of the challenge that asks for them.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from lido.records import Factor, Pool, PoolSettings, User
from lido.rules import options

FactorName = Literal[
    "pwd",
    "srp",
    "sms",
    "email_otp",
    "totp",
    "passkey",
    "passkey_uv",
    "custom",
    "device",
    "recovery",
    "link",
    "signup_code",
    "fed",
]
Medium = Literal["", "SMS", "EMAIL"]

FIRST_FACTORS = frozenset(
    {"pwd", "srp", "sms", "email_otp", "passkey", "passkey_uv", "custom", "link", "signup_code", "fed"}
)

CHALLENGES = {
    Factor.SMS: "SMS_MFA",
    Factor.TOTP: "SOFTWARE_TOKEN_MFA",
    Factor.EMAIL: "EMAIL_OTP",
    Factor.PASSKEY_MFA: "WEB_AUTHN",
}
"""The challenge that asks for each second factor; `UserMFASettingList` has the same names."""
SECOND_FACTORS = tuple(CHALLENGES.values())
"""Every challenge that asks for a second factor, in the order in which they are offered."""

# A pool's own triggers may let in by the password alone, so their word is nothing beside it.
_KINDS = {"pwd": "password", "srp": "password", "custom": "password", "passkey": "passkey", "passkey_uv": "passkey"}
_KINDS_ASKED = {"SMS_MFA": "SMS", "EMAIL_OTP": "EMAIL", "SOFTWARE_TOKEN_MFA": "totp", "WEB_AUTHN": "passkey"}
_PASSKEY_MFA = "MULTI_FACTOR_WITH_USER_VERIFICATION"


class Proof(Struct, frozen=True, array_like=True):
    """One thing that was shown, and when; `medium` is the one that a delivered code or link came over.

    `backup_eligible`: a passkey that may be copied to other devices.
    """

    factor: FactorName
    at: int
    medium: Medium = ""
    backup_eligible: bool = False


def kind(proof: Proof) -> str:
    """What two proofs must not share to be two factors. Whatever came over one medium is one kind."""
    return proof.medium or _KINDS.get(proof.factor, proof.factor)


def is_new(challenge: str, proofs: Iterable[Proof]) -> bool:
    """Whether that second factor is of another kind than everything that was shown."""
    return _KINDS_ASKED[challenge] not in {kind(proof) for proof in proofs}


def suffice(proofs: tuple[Proof, ...], *, passkey_mfa: bool, device_suppresses: bool) -> bool:
    """Whether these proofs are two factors.

    `passkey_mfa`: a passkey that verified its user is both; `device_suppresses`: a remembered device stands for the
    second.
    """
    factors = {proof.factor for proof in proofs}
    if (passkey_mfa and "passkey_uv" in factors) or (device_suppresses and "device" in factors):
        return True
    return len({kind(proof) for proof in proofs if proof.factor != "device"}) > 1


def passkeys_are_mfa(settings: PoolSettings) -> bool:
    """Whether the pool takes a passkey with user verification for two factors."""
    return settings.webauthn is not None and settings.webauthn.factor_configuration == _PASSKEY_MFA


def active(settings: PoolSettings, user: User) -> tuple[str, ...]:
    """The second factors of the user that this pool can ask for, in the order in which they are offered.

    Where MFA is required, a phone number is one without having been chosen, for a user who has no other.
    """
    if settings.shape.mfa_configuration in (None, "OFF"):
        return ()
    bits = user.factors
    if settings.shape.mfa_configuration != "ON" and not bits & ~(Factor.PASSWORD | Factor.PASSKEY):
        return ()
    possible = {
        Factor.SMS: settings.sms_mfa is not None and user.phone_number is not None,
        # Whoever has an authenticator keeps it when the pool stops offering them.
        Factor.TOTP: True,
        Factor.EMAIL: settings.email_mfa is not None and user.email is not None,
        Factor.PASSKEY_MFA: bool(bits & Factor.PASSKEY) and passkeys_are_mfa(settings),
    }
    found = tuple(name for bit, name in CHALLENGES.items() if bits & bit and possible[bit])
    if not found and settings.shape.mfa_configuration == "ON" and possible[Factor.SMS]:
        return (CHALLENGES[Factor.SMS],)
    return found


def is_missing(settings: PoolSettings, user: User) -> bool:
    """Whether the user switched second factors on, and this pool can ask for none of them: an address or the pool's
    way to it is gone. A pool without MFA misses none.
    """
    asks = settings.shape.mfa_configuration not in (None, "OFF")
    return asks and any(user.factors & bit for bit in CHALLENGES) and not active(settings, user)


def is_missed(pool: Pool, user: User) -> bool:
    """Whether what `is_missing` keeps the user out (option `missing_second_factor`)."""
    return is_missing(pool.settings, user) and options.text(pool, "missing_second_factor") == "refuse"


def are_needed(pool: Pool, user: User) -> bool:
    """Whether a second factor will be asked for: by the pool, or because the user has one or misses one."""
    is_required = pool.settings.shape.mfa_configuration == "ON"
    return is_required or bool(active(pool.settings, user)) or is_missed(pool, user)


def preferred(user: User) -> str | None:
    """The second factor that the user asked to be asked for."""
    return CHALLENGES.get(Factor(user.preferred_factor)) if user.preferred_factor else None


def possible(settings: PoolSettings) -> frozenset[str]:
    """The second factors that some user of the pool may have. Authenticators stay when the pool stops offering them."""
    if settings.shape.mfa_configuration in (None, "OFF"):
        return frozenset()
    passkeys = ("WEB_AUTHN",) if passkeys_are_mfa(settings) else ()
    return frozenset(("SOFTWARE_TOKEN_MFA", *to_set_up(settings), *passkeys))


def to_set_up(settings: PoolSettings) -> tuple[str, ...]:
    """The second factors that the pool offers. A phone number is given to users by operators only."""
    offered = {
        "SMS_MFA": settings.sms_mfa is not None,
        "SOFTWARE_TOKEN_MFA": settings.software_token_mfa,
        "EMAIL_OTP": settings.email_mfa is not None,
    }
    return tuple(name for name, is_offered in offered.items() if is_offered)
