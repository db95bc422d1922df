"""The file of a user import: its header, its rows, and Cognito's sentences about those that cannot be read."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from lido import errors
from lido.rules.schema import Attribute

USERNAME = "cognito:username"
MFA_ENABLED = "cognito:mfa_enabled"
PASSWORD_HASH = "cognito:password_hash"  # noqa: S105 - the name of a column
LONGEST_ROW = 16_000
LONGEST_ROW_BYTES = 4 * LONGEST_ROW
MOST_ROWS = 500_000
LONGEST_FILE_BYTES = 100 * 1024 * 1024
SUCCEEDED = "The import succeeded."
NOT_VERIFIED = (
    "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)."
)

_NOT_IMPORTED = frozenset({"sub", "identities"})
_SEPARATOR = re.compile(r"(?<!\\),")
_AMERICAN = re.compile(r"(0[1-9]|1[0-2])/(0[1-9]|[12][0-9]|3[01])/([0-9]{4})")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Unreadable(ValueError):
    """No line of the file can be read; the sentence says why, in at most 128 characters (CompletionMessageType)."""


class Row(Struct, frozen=True):
    """What a line says of a user; attributes without a value are left out."""

    username: str
    mfa_enabled: bool
    attributes: dict[str, str]
    password_hash: str | None = None

    def __repr__(self) -> str:
        return "Row(…)"


def header(schema: Mapping[str, Attribute]) -> list[str]:
    """The columns of a pool's file (GetCSVHeader): its attributes in their order, then Cognito's own two."""
    return [*(name for name in schema if name not in _NOT_IMPORTED), MFA_ENABLED, USERNAME]


def read_header(line: bytes | None, expected: Collection[str], *, with_hashes: bool) -> tuple[str, ...]:
    """The columns in the order of the file; None is a line longer than any may be. Raises Unreadable."""
    if line is None:
        raise Unreadable("The header of the CSV file is too long.")
    if line.startswith(_MARKS) or b"\0" in line:
        raise Unreadable("The CSV file must be encoded in UTF-8 without a byte order mark.")
    try:
        columns = tuple(_cells(line))
    except errors.InvalidParameter as fault:
        raise Unreadable(f"The header of the CSV file cannot be read: {fault.message}") from None
    wanted = {*expected, PASSWORD_HASH} if with_hashes else set(expected)
    missing = [name for name in (*expected, PASSWORD_HASH) if name in wanted and name not in columns]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise Unreadable(f"The header of the CSV file lacks the column {missing[0]}{others}.")
    if len(set(columns)) < len(columns):
        raise Unreadable("The header of the CSV file names a column twice.")
    if len(columns) > len(wanted):
        raise Unreadable("The header of the CSV file names columns that the user pool does not know.")
    return columns


def read_row(columns: tuple[str, ...], line: bytes | None) -> Row:
    """What a line says. None is a line longer than any may be. Raises InvalidParameter with the row's own sentence."""
    if line is None:
        raise errors.InvalidParameter(f"The row is longer than {LONGEST_ROW} characters.")
    cells = _cells(line)
    if len(cells) != len(columns):
        raise errors.InvalidParameter(f"The row has {len(cells)} columns and the header {len(columns)}.")
    given = {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
    username, mfa_enabled = given.pop(USERNAME, ""), given.pop(MFA_ENABLED, "").lower()
    if not username:
        raise errors.InvalidParameter(f"{USERNAME} is required.")
    if mfa_enabled not in ("true", "false"):
        raise errors.InvalidParameter(f"{MFA_ENABLED} must be true or false.")
    password_hash = given.pop(PASSWORD_HASH, None)
    return Row(username, mfa_enabled == "true", _as_stored(given), password_hash)


def check_mfa(row: Row, configuration: str) -> None:
    """`cognito:mfa_enabled` must say what the pool says (ON, OFF), unless that leaves it open. InvalidParameter."""
    if configuration != "OPTIONAL" and row.mfa_enabled != (configuration == "ON"):
        said = "true" if configuration == "ON" else "false"
        raise errors.InvalidParameter(f"{MFA_ENABLED} must be {said}: MFA is {configuration} in the user pool.")


def check_verified(proven: Iterable[str], auto_verified: Collection[str]) -> None:
    """One of the addresses that the pool verifies must be among those `proven`. Raises InvalidParameter."""
    if not any(name in auto_verified for name in proven):
        raise errors.InvalidParameter(NOT_VERIFIED)


def report_line(outcome: str, line: int, sentence: str) -> str:
    """A line of the report, as Cognito's log has it."""
    return f"[{outcome}] Line Number {line} - {sentence}"


def _cells(line: bytes) -> list[str]:
    try:
        text = line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        raise errors.InvalidParameter("The row is not encoded in UTF-8.") from None
    if len(text) > LONGEST_ROW:
        raise errors.InvalidParameter(f"The row is longer than {LONGEST_ROW} characters.")
    if "\\," in text:
        cells = [cell.replace("\\,", ",").strip(" \t") for cell in _SEPARATOR.split(text)]
    else:
        cells = [cell.strip(" \t") for cell in text.split(",")]
    if not text.isprintable() and any(unicodedata.category(letter) == "Cc" for cell in cells for letter in cell):
        raise errors.InvalidParameter("The row contains control characters.")
    # A program that quotes values would leave its quotation marks in them.
    if '"' in text and any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells):
        raise errors.InvalidParameter("Values must not be enclosed in quotation marks.")
    return cells


def _as_stored(given: dict[str, str]) -> dict[str, str]:
    """Flags in lower case, a birthdate as tokens have it."""
    american = _AMERICAN.fullmatch(given.get("birthdate", ""))
    if american:
        given["birthdate"] = f"{american[3]}-{american[1]}-{american[2]}"
    for name in ("email_verified", "phone_number_verified"):
        if name in given:
            given[name] = given[name].lower()
    return given
