"""The filter of ListUsers: one attribute, `=` or `^=`, one quoted value."""

import re
from typing import Literal, NamedTuple

from lido import errors

LONGEST = 256
SEARCHABLE = frozenset(
    {
        "cognito:user_status",
        "email",
        "family_name",
        "given_name",
        "name",
        "phone_number",
        "preferred_username",
        "status",
        "sub",
        "username",
    }
)

# Each class excludes what may follow it, so matching takes one pass.
_FORM = re.compile(r'\s*([^\s="^]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')


class Filter(NamedTuple):
    """`attribute` equals (`=`) or starts with (`^=`) `value`."""

    attribute: str
    operator: Literal["=", "^="]
    value: str


def parse(text: str) -> Filter | None:
    """What a filter asks for; None when it is empty. Raises InvalidParameter (ListUsers)."""
    if not text:
        return None
    match = _FORM.fullmatch(text) if len(text) <= LONGEST else None
    if match is None or any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise errors.InvalidParameter("Error while parsing filter")
    attribute, operator, value = match.groups()
    if attribute not in SEARCHABLE:
        raise errors.InvalidParameter(f"Invalid search attribute: {attribute}")
    return Filter(attribute, "=" if operator == "=" else "^=", _ESCAPE.sub(r"\1", value))
