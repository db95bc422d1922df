"""Which second factors a user has switched on and prefers, and what may become of that (SetUserMFAPreference)."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from lido import errors
from lido.records import Factor, Pool, PoolSettings, User
from lido.rules import first_factors, second_factors
from lido.rules.second_factors import CHALLENGES
from lido.shapes import idp

Authenticator = Literal["none", "waiting", "verified"]
"""How far a user has come with an authenticator app: its first code proves it."""

_NO_CONFIG = "User does not have delivery config set to turn on {}"
_NOT_READY = {
    "none": "User has not set up software token mfa",
    "waiting": "User has not verified software token mfa",
}
_ADDRESSED = Factor.SMS | Factor.TOTP | Factor.EMAIL


class Wish(Struct, frozen=True):
    """What is asked for one factor; None leaves as it is."""

    enabled: bool | None = None
    preferred: bool | None = None


class Preferences(Struct, frozen=True):
    """The factors that are on, and the preferred one."""

    factors: int
    preferred: int | None


def switched_on(user: User) -> list[str]:
    """`UserMFASettingList`."""
    return [name for factor, name in CHALLENGES.items() if user.factors & factor]


def configured(pool: Pool, user: User) -> list[idp.AuthFactorType]:
    """`ConfiguredUserAuthFactors`: what the user can prove with, first or second."""
    first, bits = first_factors.allowed(pool), user.factors
    has: dict[idp.AuthFactorType, object] = {
        "PASSWORD": "PASSWORD" in first and bits & Factor.PASSWORD,
        "EMAIL_OTP": bits & Factor.EMAIL or ("EMAIL_OTP" in first and user.email_verified),
        "SMS_OTP": bits & Factor.SMS or ("SMS_OTP" in first and user.phone_verified),
        "WEB_AUTHN": bits & Factor.PASSKEY and ("WEB_AUTHN" in first or bits & Factor.PASSKEY_MFA),
        "SOFTWARE_TOKEN": bits & Factor.TOTP,
    }
    return [name for name, is_there in has.items() if is_there]


def decide(
    settings: PoolSettings, user: User, authenticator: Authenticator, wishes: Mapping[Factor, Wish]
) -> Preferences:
    """What the user's factors become. A wish for what is so already is always granted. Raises InvalidParameter."""
    wanted = [factor for factor, wish in wishes.items() if wish.preferred]
    if len(wanted) > 1:
        raise errors.InvalidParameter("Only one MFA method can be preferred.")
    factors = user.factors
    for factor, wish in wishes.items():
        if wish.enabled:
            if not user.factors & factor:
                _require_possible(settings, user, authenticator, factor)
            factors |= factor
        elif wish.enabled is not None and user.factors & factor:
            if settings.shape.mfa_configuration == "ON":
                raise errors.InvalidParameter(
                    f"MFA is required in this user pool, {CHALLENGES[factor]} cannot be turned off."
                )
            factors &= ~factor
    if any(not factors & factor for factor in wanted):
        raise errors.InvalidParameter(_NO_CONFIG.format(CHALLENGES[wanted[0]]))
    if factors != user.factors and factors & Factor.PASSKEY_MFA and not factors & _ADDRESSED:
        raise errors.InvalidParameter("Passkey MFA needs another active MFA method.")
    return Preferences(factors, _preferred_after(user, factors, wishes, wanted))


def without(user: User, factor: Factor) -> Preferences:
    """What the user's factors become when one is taken away."""
    left = None if user.preferred_factor == factor else user.preferred_factor
    return Preferences(user.factors & ~factor, left)


def _preferred_after(user: User, factors: int, wishes: Mapping[Factor, Wish], wanted: list[Factor]) -> int | None:
    if wanted:
        return int(wanted[0])
    present = user.preferred_factor
    if present is None or not factors & present:
        return None
    wish = wishes.get(Factor(present))
    return None if wish is not None and wish.preferred is False else present


def _require_possible(settings: PoolSettings, user: User, authenticator: Authenticator, factor: Factor) -> None:
    possible = {
        Factor.SMS: settings.sms_mfa is not None and user.phone_number is not None,
        Factor.TOTP: settings.software_token_mfa,
        Factor.EMAIL: settings.email_mfa is not None and user.email is not None,
        Factor.PASSKEY_MFA: second_factors.passkeys_are_mfa(settings),
    }
    if not possible[factor]:
        raise errors.InvalidParameter(_NO_CONFIG.format(CHALLENGES[factor]))
    if factor == Factor.TOTP and authenticator != "verified":
        raise errors.InvalidParameter(_NOT_READY[authenticator])
