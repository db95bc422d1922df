"""One-time codes: their form, how long they live, how often they may be asked for and tried."""

from enum import StrEnum
from typing import NamedTuple

RANDOM_BYTES = 16


class Purpose(StrEnum):
    """What a code, or an old password (CHANGE), proves; worth nothing for another purpose."""

    SIGN_UP = "sign_up"
    ATTRIBUTE = "attribute"
    RESET = "reset"
    MFA = "mfa"
    FIRST_FACTOR = "first_factor"
    TOTP = "totp"
    CHANGE = "change"


class Rule(NamedTuple):
    """The rule of one purpose. None: the sign-in session's life, or nothing to ask for."""

    digits: int
    lifetime_seconds: int | None
    asked_per_hour: int | None
    tried_per_hour: int


# Cognito documents 5 and 15 for the first two, 5 to 20 for reset (both together), messages of MFA and
# first factors; it documents no tries of MFA codes, and a session's own limit is three answers.
RULES = {
    Purpose.SIGN_UP: Rule(6, 86_400, 5, 15),
    Purpose.ATTRIBUTE: Rule(6, 86_400, 5, 15),
    Purpose.RESET: Rule(6, 3_600, 5, 15),
    Purpose.MFA: Rule(6, None, 20, 60),
    Purpose.FIRST_FACTOR: Rule(8, None, 20, 60),
    Purpose.TOTP: Rule(6, None, None, 30),
    Purpose.CHANGE: Rule(0, None, None, 5),
}


def code_digits(random_bytes: bytes, count: int = 6) -> str:
    """A code of `count` decimal digits from 16 random bytes; no digit is likelier by more than 2^-100."""
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError(f"a code needs {RANDOM_BYTES} random bytes")
    return f"{int.from_bytes(random_bytes, 'big') % 10**count:0{count}d}"


def mask_email(address: str) -> str:
    """`f***@e***`: the first letters of the local part and of the domain."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def mask_phone(number: str) -> str:
    """`+*******9934`: the last four digits, and always seven stars."""
    return f"+*******{number[-4:]}"
