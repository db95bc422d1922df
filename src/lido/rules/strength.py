"""How strongly somebody signed in: the claims `amr` and `acr`, from what was shown."""

from collections.abc import Iterable, Mapping
from typing import Final

from lido.records import Pool, PoolSettings
from lido.rules import options, second_factors
from lido.rules.second_factors import Proof
from lido.shapes import idp

METHODS: Final[Mapping[str, str]] = {
    "pwd": "pwd",
    "srp": "pwd",
    "totp": "otp",
    "recovery": "otp",
    "sms": "sms",
    "email_otp": "email_otp",
    "link": "email_otp",
    "fed": "fed",
}
"""The method that each proof is told as; a device that is remembered is not told."""
_BY_MEDIUM = {"SMS": "sms", "EMAIL": "email_otp"}
_DELIVERED = frozenset({"sms", "email_otp"})
_ONE_CODE = _DELIVERED | {"link", "signup_code", "totp"}
_SHOWN_BY: Final[Mapping[str, str]] = {
    "PASSWORD": "pwd",
    "PASSWORD_SRP": "pwd",
    "EMAIL_OTP": "email_otp",
    "SMS_OTP": "sms",
    "SMS_MFA": "sms",
    "SOFTWARE_TOKEN_MFA": "totp",
    "WEB_AUTHN": "passkey",
    "EMAIL_LINK": "link",
}
"""The proof that each first or second factor gives."""
LEVELS = (1, 2, 3, 4)


def amr(proofs: tuple[Proof, ...], *, passkey_mfa: bool = False) -> tuple[str, ...]:
    """RFC 8176 methods in the order in which they were shown, and `mfa` where they are two kinds.

    `passkey_mfa`: the pool takes a passkey that verified its user for two.
    """
    methods = [method for method in map(_method, proofs) if method]
    if second_factors.suffice(proofs, passkey_mfa=passkey_mfa, device_suppresses=False):
        methods.append("mfa")
    return tuple(dict.fromkeys(methods))


def _method(proof: Proof) -> str:
    if proof.factor in ("passkey", "passkey_uv"):
        # A key that may be copied to other devices is one in software (RFC 8176 §2).
        return "swk" if proof.backup_eligible else "hwk"
    if proof.factor == "signup_code":
        return _BY_MEDIUM.get(proof.medium, "")
    return METHODS.get(proof.factor, "")


def level(proofs: tuple[Proof, ...]) -> int:
    """The highest level reached: 1 password; 2 one code; 3 passkey, or password and a delivered code; 4 password
    and authenticator. 0 for what has none. Neither a device nor a recovery code raises it.
    """
    return _level(_shown(proofs))


def level_with(proofs: tuple[Proof, ...], factors: Iterable[str]) -> int:
    """The level that would be reached with these factors (wire names) on top."""
    return _level(_shown(proofs) | {_SHOWN_BY[factor] for factor in factors})


def _shown(proofs: tuple[Proof, ...]) -> frozenset[str]:
    return frozenset("pwd" if proof.factor == "srp" else proof.factor for proof in proofs)


def strongest(settings: PoolSettings, first: Iterable[str]) -> int:
    """The highest level that any user of the pool can reach who begins with one of these first factors."""
    return reach(first, second_factors.possible(settings))


def reach(first: Iterable[str], second: Iterable[str]) -> int:
    """The highest level of a sign-in that begins with one of these first factors and may add one of those."""
    more = [(), *((name,) for name in second)]
    return max((level_with((), (name, *added)) for name in first for added in more), default=0)


def _level(shown: frozenset[str]) -> int:
    if {"pwd", "totp"} <= shown:
        return 4
    if {"passkey", "passkey_uv"} & shown or ("pwd" in shown and _DELIVERED & shown):
        return 3
    if _ONE_CODE & shown:
        return 2
    return 1 if "pwd" in shown else 0


def acr(proofs: tuple[Proof, ...], names: Mapping[str, idp.AcrLevelConfigType] | None) -> str | None:
    """The name of the level reached, as the pool's AcrConfiguration has it, else `urn:cognito:loa:N`; None for none."""
    reached = level(proofs)
    return name(reached, names) if reached else None


def name(level: int, names: Mapping[str, idp.AcrLevelConfigType] | None) -> str:
    """What the pool calls a level."""
    named = (names or {}).get(f"Level{level}")
    return named.acr_value if named else default_name(level)


def default_name(level: int) -> str:
    """What Cognito calls a level."""
    return f"urn:cognito:loa:{level}"


def levels_called(values: str, names: Mapping[str, idp.AcrLevelConfigType] | None) -> tuple[int, ...]:
    """The levels that a list of `acr` values asks for, in its order (OpenID Connect Core 3.1.2.1, `acr_values`).

    Values are parted by blanks; unknown ones mean nothing.
    """
    known = {name(level, names): level for level in LEVELS}
    return tuple(dict.fromkeys(known[value] for value in values.split(" ") if value in known))


def is_told(pool: Pool) -> bool:
    """Whether the pool's tokens tell it: by its own option, or because its levels have names."""
    return bool(pool.settings.shape.acr_configuration) or options.is_on(pool, "strength_claims")
