"""Which passwords a pool accepts, and the sentence for those it does not."""

import re
from collections.abc import Iterable

import msgspec

from lido import errors
from lido.rules import common_passwords

MAXIMUM_LENGTH = 256
SYMBOLS = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-")

# SignUp and the administrators' operations use the first, everything that changes a password the second.
DID_NOT_CONFORM = "Password did not conform with policy: "
DOES_NOT_CONFORM = "Password does not conform to policy: "

_UPPERCASE = re.compile("[A-Z]")
_LOWERCASE = re.compile("[a-z]")
_DIGIT = re.compile("[0-9]")
_CONTEXT_WORD = re.compile(r"[^\W_]{4,}")


class Policy(msgspec.Struct, frozen=True):
    """The values of a pool's PasswordPolicy; the defaults are Cognito's."""

    minimum_length: int = 8
    uppercase: bool = True
    lowercase: bool = True
    digits: bool = True
    symbols: bool = True


def check(
    policy: Policy,
    password: str,
    *,
    prefix: str = DID_NOT_CONFORM,
    context: Iterable[str] = (),
    refuse_common: bool = False,
) -> None:
    """Refuse a password that `policy` does not accept: InvalidPassword with the first violation.

    `context` are words a guesser knows (username, pool name); `refuse_common`
    refuses the commonest passwords: both belong to the profile `secure`.
    InvalidParameter when longer than 256 characters or not encodable as UTF-8.
    """
    refuse_malformed(password)
    tail = _violation(policy, password) or _guessable(password, context, refuse_common=refuse_common)
    if tail:
        raise errors.InvalidPassword(prefix + tail)


def refuse_malformed(password: str) -> None:
    """InvalidParameter for text that no password may be: over 256 characters, or half a surrogate pair."""
    if len(password) > MAXIMUM_LENGTH:
        raise errors.InvalidParameter(
            "1 validation error detected: Value at 'password' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAXIMUM_LENGTH}"
        )
    try:
        password.encode()
    except UnicodeEncodeError:
        raise errors.InvalidParameter("Invalid password.") from None


def has_symbol(password: str) -> bool:
    """Whether one of Cognito's symbols occurs; a space counts where it is neither first nor last."""
    return not SYMBOLS.isdisjoint(password) or " " in password[1:-1]


def _violation(policy: Policy, password: str) -> str | None:
    if len(password) < policy.minimum_length:
        return "Password not long enough"
    if policy.uppercase and not _UPPERCASE.search(password):
        return "Password must have uppercase characters"
    if policy.lowercase and not _LOWERCASE.search(password):
        return "Password must have lowercase characters"
    if policy.digits and not _DIGIT.search(password):
        return "Password must have numeric characters"
    if policy.symbols and not has_symbol(password):
        return "Password must have symbol characters"
    return None


def _guessable(password: str, context: Iterable[str], *, refuse_common: bool) -> str | None:
    if refuse_common and common_passwords.is_common(password):
        return "Password is too common"
    folded = password.casefold()
    if any(word in folded for phrase in context for word in _CONTEXT_WORD.findall(phrase.casefold())):
        return "Password must not contain your username or the name of the service"
    return None
