"""What people type to say who they are: forms of usernames, e-mail addresses and phone numbers, and their keys.

A key is what two spellings of one name share. Code points that Unicode may still
change, or that nobody sees, are refused, so that a stored key stays true for ever.
"""

import re
import unicodedata
from collections.abc import Collection

from lido import errors
from lido.records import Folding, HandleKind

LONGEST_NAME = 2048
LONGEST_SEARCH = 256
LONGEST_KEY_BYTES = 2400
"""PostgreSQL's index rows have 2704 bytes, for pool and key."""

_REFUSED = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_EMAIL = re.compile(
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)"
)
_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")
_PHONE_LIKE = re.compile(r"\+[0-9]+")


def fold(value: str, folding: int) -> str:
    """The value as a pool with this folding rule compares it."""
    if value.isascii():
        return value.lower() if folding == Folding.INSENSITIVE else value
    if folding == Folding.INSENSITIVE:
        return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return unicodedata.normalize("NFC", value)


def _check_visible(name: str) -> None:
    if not 0 < len(name) <= LONGEST_NAME or any(unicodedata.category(letter) in _REFUSED for letter in name):
        raise errors.InvalidParameter("Username contains characters that are not allowed.")


def name_key(name: str, folding: int) -> str:
    """The key under which a name is stored and found; `folding` is of records.Folding.

    Raises InvalidParameter for white space, for unassigned, control, format,
    surrogate and private-use code points, and for a key that no index can hold.
    """
    _check_visible(name)
    key = fold(name, folding)
    if len(key.encode()) > LONGEST_KEY_BYTES:
        raise errors.InvalidParameter("Username is too long.")
    return key


def email_key(value: str, folding: int) -> str:
    """The key of an e-mail address. Raises InvalidParameter when it is none."""
    check_email(value)
    return fold(value, folding)


def cut_key(value: str, folding: int) -> str:
    """The value as a search column holds it: folded, at most 256 code points. Refuses nothing."""
    return fold(value, folding)[:LONGEST_SEARCH]


def prefix_end(prefix: str) -> str | None:
    """The least text above every text that starts with `prefix`, by code points; None when there is none."""
    for length in range(len(prefix), 0, -1):
        last = ord(prefix[length - 1])
        if last < 0x10FFFF:
            # The surrogates have no place in UTF-8, so the next letter after U+D7FF is U+E000.
            following = 0xE000 if 0xD7FF <= last < 0xE000 else last + 1
            return prefix[: length - 1] + chr(following)
    return None


def looks_like_email(value: str) -> bool:
    """Could it be read as an e-mail address? Wider than `check_email`, so that no username hides one."""
    local, at, domain = unicodedata.normalize("NFKC", value[:LONGEST_NAME]).partition("@")
    return bool(local and at and domain)


def looks_like_phone(value: str) -> bool:
    """Could it be read as a phone number? Wider than `check_phone`, so that no username hides one."""
    return _PHONE_LIKE.fullmatch(unicodedata.normalize("NFKC", value[:LONGEST_NAME])) is not None


def _is_email(value: str) -> bool:
    match = _EMAIL.fullmatch(value) if len(value) <= 320 else None
    return match is not None and len(match[1]) <= 64 and len(match[2]) <= 253


def check_email(value: str) -> None:
    """Refuses whatever is not exactly one ASCII address `dot-atom@domain` (RFC 5321 4.1.2, lengths of 4.5.3.1).

    Quoted local parts, address literals and letters beyond ASCII are refused: they
    are where one text means two recipients. Raises InvalidParameter.
    """
    if not _is_email(value):
        raise errors.InvalidParameter("Invalid email address format.")


def check_phone(value: str) -> None:
    """Refuses whatever is not E.164: `+` and up to 15 digits. Raises InvalidParameter."""
    if _PHONE.fullmatch(value) is None:
        raise errors.InvalidParameter("Invalid phone number format.")


def check_username(
    username: str, *, alias_attributes: Collection[str], username_attributes: Collection[str]
) -> HandleKind:
    """What a name chosen at sign-up is in a pool with these settings. Raises InvalidParameter."""
    _check_visible(username)
    if username_attributes:
        return _username_attribute(username, username_attributes)
    if "email" in alias_attributes and looks_like_email(username):
        raise errors.InvalidParameter(
            "Username cannot be of email format, since user pool is configured for email alias."
        )
    if "phone_number" in alias_attributes and looks_like_phone(username):
        raise errors.InvalidParameter(
            "Username cannot be of phone number format, since user pool is configured for phone number alias."
        )
    return HandleKind.USERNAME


def _username_attribute(username: str, username_attributes: Collection[str]) -> HandleKind:
    if "email" in username_attributes and _is_email(username):
        return HandleKind.EMAIL
    if "phone_number" in username_attributes and _PHONE.fullmatch(username):
        return HandleKind.PHONE_NUMBER
    if "phone_number" not in username_attributes:
        raise errors.InvalidParameter("Username should be an email.")
    if "email" not in username_attributes:
        raise errors.InvalidParameter("Username should be a phone number.")
    raise errors.InvalidParameter("Username should be either an email or a phone number.")
