"""Values of a user's attributes: what the schema allows, and who may write, delete and read them.

A schema is a mapping from full name to its SchemaAttributeType; values are the
strings that travel on the wire. Every refusal is InvalidParameter unless said.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from lido import errors
from lido.rules.schema import CUSTOM, DEVELOPER, STANDARD_NAMES, Attribute
from lido.rules.usernames import check_email, check_phone

VERIFIED = frozenset({"email_verified", "phone_number_verified"})
LONGEST = 2048
ALREADY_PROVIDED = "Cannot modify an already provided {}"

_OURS_ALONE = frozenset({"sub", "identities"})
_NEVER_WRITABLE = _OURS_ALONE | VERIFIED
_UNTYPED = "Attributes did not conform to the schema: Type for attribute {%s} could not be determined"
_NUMBER = re.compile(r"-?[0-9]{1,309}(?:\.[0-9]{1,309})?")
_DATE = re.compile(r"[0-9]{4}-(?:0[0-9]|1[0-2])-(?:[0-2][0-9]|3[01])")
_SECONDS = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


def is_true(value: str) -> bool:
    """The truth of a Boolean attribute: `true` in any case; anything else is false."""
    return value.lower() == "true"


def split_deletions(values: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The values to set, and the names that an empty string deletes."""
    return {name: value for name, value in values.items() if value}, [name for name in values if not values[name]]


def without_null(values: Mapping[str, str | None]) -> dict[str, str]:
    """The same values, after refusing what has none; an empty string is one, and deletes."""
    for name, value in values.items():
        if value is None:
            raise errors.InvalidParameter(f"Attribute value for {name} must not be null")
    return {name: value for name, value in values.items() if value is not None}


def check_values(schema: Mapping[str, Attribute], values: Mapping[str, str | None]) -> None:
    """Refuses unknown attributes and values that are not of their type or within their bounds."""
    _check_known(schema, values)
    for name, value in values.items():
        if value is None:
            raise errors.InvalidParameter(f"Attribute value for {name} must not be null")
        _check_value(schema[name], value)


def check_sign_up(schema: Mapping[str, Attribute], values: Mapping[str, str | None]) -> None:
    """`check_values`, and every required attribute must be there (SignUp). `sub` is ours to give."""
    check_values(schema, values)
    missing = [
        name
        for name, attribute in schema.items()
        if attribute.get("Required") and name != "sub" and not values.get(name)
    ]
    _refuse_clauses(f"{name}: The attribute is required\n" for name in missing)


def check_update(schema: Mapping[str, Attribute], present: Mapping[str, str], changes: Mapping[str, str]) -> None:
    """`check_values`, and an immutable attribute keeps the value it has; `present` is what the user has now."""
    check_values(schema, changes)
    for name, value in changes.items():
        if not schema[name].get("Mutable", True) and name in present and present[name] != value:
            raise errors.InvalidParameter(
                f"user.{name}: Attribute cannot be updated. (changing an immutable attribute)"
            )


def check_required_answers(required: Iterable[str], present: Mapping[str, str], given: Mapping[str, str]) -> None:
    """The rule of NEW_PASSWORD_REQUIRED: give exactly the required attributes that have no value yet.

    Raises InvalidParameter for a missing one, NotAuthorized for one that has a value.
    """
    for name in required:
        if name in given and present.get(name):
            raise errors.NotAuthorized(ALREADY_PROVIDED.format(name))
        if not given.get(name) and not present.get(name):
            raise errors.InvalidParameter(f"Invalid attributes given, {name} is missing")


def check_user_may_write(
    names: Iterable[str], write_attributes: Collection[str] | None, *, signing_up: bool = False
) -> None:
    """Which attributes users may write through an app client; None is a client without a list.

    Nobody writes `sub`, `identities` or the verified flags for himself, nor what
    belongs to the operator (`dev:`) or to Cognito (`cognito:`). Raises
    InvalidParameter or NotAuthorized.
    """
    for name in names:
        if name in _NEVER_WRITABLE and not signing_up:
            raise errors.InvalidParameter(f"Cannot modify the non-mutable attribute {name}")
        listed = write_attributes is None or name in write_attributes
        if name in _NEVER_WRITABLE or name.startswith(("dev:", "cognito:")) or not listed:
            raise errors.NotAuthorized("A client attempted to write unauthorized attribute")


def check_operator_may_write(names: Iterable[str]) -> None:
    """Operators write everything but `sub` and `identities`, which are Lido's own."""
    for name in names:
        if name in _OURS_ALONE or name.startswith("cognito:"):
            raise errors.InvalidParameter(f"Cannot modify the non-mutable attribute {name}")


def check_deletable(schema: Mapping[str, Attribute], names: Iterable[str]) -> None:
    """Refuses to delete attributes that are unknown, required or immutable."""
    names = list(names)
    unknown = [name for name in names if name not in schema]
    if unknown:
        clauses = "".join(f"user.{name}: Attribute does not exist in the schema.\n" for name in unknown)
        raise errors.InvalidParameter(f"Invalid user attributes: {clauses}")
    for name in names:
        if schema[name].get("Required"):
            raise errors.InvalidParameter(f"Invalid user attributes: {name}: Required attribute cannot be deleted.")
        if not schema[name].get("Mutable", True) or name in _NEVER_WRITABLE:
            raise errors.InvalidParameter(f"Cannot modify the non-mutable attribute {name}")


def readable(values: Mapping[str, str], read_attributes: Collection[str] | None) -> dict[str, str]:
    """The values that an app client may see, in their order; None is a client without a list."""
    return {name: value for name, value in values.items() if _is_readable(name, read_attributes)}


def _is_readable(name: str, read_attributes: Collection[str] | None) -> bool:
    if name.startswith("dev:"):
        return False
    return read_attributes is None or name in _OURS_ALONE or name in read_attributes


def check_client_lists(
    schema: Mapping[str, Attribute],
    read_attributes: Iterable[str] | None,
    write_attributes: Iterable[str] | None,
    doing: str = "creating",
) -> None:
    """Refuses lists of an app client that name what does not exist or may never be given; `doing` as the sentence."""
    for name in read_attributes or ():
        if name not in schema or name.startswith(DEVELOPER):
            raise errors.InvalidParameter(f"Invalid read attributes specified while {doing} a client")
    for name in write_attributes or ():
        if name not in schema or name.startswith(DEVELOPER) or name in _NEVER_WRITABLE:
            raise errors.InvalidParameter(f"Invalid write attributes specified while {doing} a client")


def _refuse_clauses(clauses: Iterable[str]) -> None:
    text = "".join(clauses)
    if text:
        raise errors.InvalidParameter(f"Attributes did not conform to the schema: {text}")


def _check_known(schema: Mapping[str, Attribute], names: Iterable[str]) -> None:
    unknown = [name for name in names if name not in schema]
    for name in unknown:
        if not name.startswith((CUSTOM, DEVELOPER)) and name not in STANDARD_NAMES:
            raise errors.InvalidParameter(_UNTYPED % name)
    _refuse_clauses(f"{name}: Attribute does not exist in the schema.\n" for name in unknown)


def _check_value(attribute: Attribute, value: str) -> None:
    name = attribute["Name"]
    if len(value) > LONGEST:
        raise errors.InvalidParameter(f"user.{name}: String attributes cannot have a length of more than {LONGEST}")
    # Neither has a place in a database's text.
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise errors.InvalidParameter(f"user.{name}: Attribute value contains characters that are not allowed.")
    # An empty string deletes; whether it may is the question of `check_deletable`.
    if value:
        _check_type(attribute, name, value)


def _check_type(attribute: Attribute, name: str, value: str) -> None:
    match attribute["AttributeDataType"]:
        case "String":
            _check_string(attribute, name, value)
        case "Number":
            _check_number(attribute, name, value)
        case "Boolean" if value.lower() not in ("true", "false"):
            raise errors.InvalidParameter(f"user.{name}: Boolean attributes must be true or false.")
        case "DateTime" if not _is_moment(value):
            raise errors.InvalidParameter(f"user.{name}: DateTime attributes must be an ISO 8601 time.")


def _check_string(attribute: Attribute, name: str, value: str) -> None:
    bounds = attribute.get("StringAttributeConstraints", {})
    least, most = int(bounds.get("MinLength", "0")), int(bounds.get("MaxLength", str(LONGEST)))
    if len(value) > most:
        raise errors.InvalidParameter(f"user.{name}: String attributes cannot have a length of more than {most}")
    if len(value) < least:
        raise errors.InvalidParameter(f"user.{name}: String attributes cannot have a length of less than {least}")
    if name == "email":
        check_email(value)
    if name == "phone_number":
        check_phone(value)
    if name == "birthdate" and not _DATE.fullmatch(value):
        raise errors.InvalidParameter("user.birthdate: Attribute value must be a date of the form YYYY-MM-DD.")


def _check_number(attribute: Attribute, name: str, value: str) -> None:
    if not _NUMBER.fullmatch(value):
        raise errors.InvalidParameter(f"user.{name}: Number attributes must be numbers.")
    bounds = attribute.get("NumberAttributeConstraints", {})
    if "MaxValue" in bounds and Decimal(value) > int(bounds["MaxValue"]):
        raise errors.InvalidParameter(
            f"user.{name}: Number attributes cannot have a value of more than {bounds['MaxValue']}"
        )
    if "MinValue" in bounds and Decimal(value) < int(bounds["MinValue"]):
        raise errors.InvalidParameter(
            f"user.{name}: Number attributes cannot have a value of less than {bounds['MinValue']}"
        )


def _is_moment(value: str) -> bool:
    """ISO 8601, or seconds since 1970."""
    if len(value) > 64 or _SECONDS.fullmatch(value):
        return len(value) <= 64
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
