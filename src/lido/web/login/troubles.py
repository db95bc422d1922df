"""What went wrong, as the person is told it: a refusal becomes a sentence, the field it belongs to, and a status."""

import re

from msgspec import Struct

from lido import errors
from lido.flows.progress import EXPIRED, INVALID, USED
from lido.web.login.sentences import say

_LIMITS = (errors.LimitExceeded, errors.TooManyRequests, errors.TooManyFailedAttempts)
_STALE = frozenset({INVALID, EXPIRED, USED})
# "user.email: …", "…: email: The attribute is required", "Invalid attributes given, email is missing"
_ATTRIBUTE = re.compile(r"(?:^|[ .])((?:custom:)?[A-Za-z_]+): |given, (\S+) is missing")
_TOO_LONG = "1 validation error detected: Value at 'password'"
_NAMES = frozenset({"username", "password", "code"})


class Trouble(Struct, frozen=True):
    """A sentence, the name of the form's field that it is about ("" for the whole form), and the HTTP status."""

    sentence: str
    field: str = ""
    status: int = 200


class StartAgain(Exception):
    """A step that cannot be gone on from: the page says so and leads back to the beginning."""


def missing(field: str) -> Trouble:
    """A field that must be filled in was not."""
    key = f"trouble.missing.{field}"
    return Trouble(say(key if field in _NAMES else "trouble.missing"), field)


def of(fault: errors.Fault) -> Trouble:
    """What a refusal means to the person. Raises StartAgain for that of a step which is over."""
    match fault:
        case errors.NotAuthorized() if fault.message in _STALE:
            raise StartAgain
        case _ if isinstance(fault, _LIMITS):
            return Trouble(say("trouble.limit"), status=429)
        case errors.CodeMismatch() | errors.EnableSoftwareTokenMFA():
            return Trouble(say("trouble.code"), "code")
        case errors.ExpiredCode():
            return Trouble(fault.message, "code")
        case errors.InvalidPassword() | errors.PasswordHistoryPolicyViolation():
            return Trouble(fault.message, "password")
        case errors.UserNotFound() | errors.UsernameExists():
            return Trouble(fault.message, "username")
        case errors.InvalidParameter():
            return _invalid(fault.message)
        case _:
            return Trouble(fault.message)


def _invalid(sentence: str) -> Trouble:
    if sentence.startswith(_TOO_LONG):
        return Trouble(say("trouble.long"), "password")
    if sentence.startswith("Username"):
        return Trouble(sentence, "username")
    if sentence.startswith("Invalid password"):
        return Trouble(sentence, "password")
    named = _ATTRIBUTE.search(sentence)
    field = (named[1] or named[2]) if named else ""
    return Trouble(sentence.removeprefix(f"user.{field}: ").strip(), field)
