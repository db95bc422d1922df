"""The attributes that a user pool knows: the standard ones and what a pool changes or adds.

Attributes are dictionaries with the members of Cognito's SchemaAttributeType.
"""

import copy
import re
from collections.abc import Iterable, Sequence
from typing import TypedDict

import msgspec

from lido import errors
from lido.shapes import idp


class StringConstraints(TypedDict, total=False):
    """Bounds of a length, as numeric strings."""

    MinLength: str
    MaxLength: str


class NumberConstraints(TypedDict, total=False):
    """Bounds of a value, as numeric strings."""

    MinValue: str
    MaxValue: str


class Attribute(TypedDict, total=False):
    """One SchemaAttributeType."""

    Name: str
    AttributeDataType: str
    DeveloperOnlyAttribute: bool
    Mutable: bool
    Required: bool
    StringAttributeConstraints: StringConstraints
    NumberAttributeConstraints: NumberConstraints


MOST_CUSTOM = 50
TYPES = ("String", "Number", "DateTime", "Boolean")
CUSTOM = "custom:"
DEVELOPER = "dev:custom:"

_CLASSIC_ORDER = (
    "sub",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
    "identities",
)
_WHOLE = re.compile(r"-?[0-9]{1,309}")
_LENGTH = re.compile(r"[0-9]{1,309}")


def _standard(name: str) -> Attribute:
    attribute: Attribute = {
        "Name": name,
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": name != "sub",
        "Required": name == "sub",
    }
    match name:
        case "email_verified" | "phone_number_verified":
            attribute["AttributeDataType"] = "Boolean"
        case "updated_at":
            attribute["AttributeDataType"] = "Number"
            attribute["NumberAttributeConstraints"] = {"MinValue": "0"}
        case "identities":
            attribute["StringAttributeConstraints"] = {}
        case "birthdate":
            attribute["StringAttributeConstraints"] = {"MinLength": "10", "MaxLength": "10"}
        case _:
            shortest = "1" if name == "sub" else "0"
            attribute["StringAttributeConstraints"] = {"MinLength": shortest, "MaxLength": "2048"}
    return attribute


_STANDARD = {name: _standard(name) for name in _CLASSIC_ORDER}
STANDARD_NAMES = frozenset(_STANDARD)


def standard_attributes() -> list[Attribute]:
    """The standard attributes of a new pool, in Cognito's classic order; fresh copies."""
    return [copy.deepcopy(attribute) for attribute in _STANDARD.values()]


def custom_name(name: str, *, developer_only: bool = False) -> str:
    """The full name of a custom attribute: `custom:tier`, `dev:custom:tier`."""
    return (DEVELOPER if developer_only else CUSTOM) + name


def by_name(attributes: Iterable[idp.SchemaAttributeType] | None) -> dict[str, Attribute]:
    """A pool's schema by full name, as rules/attributes.py takes it."""
    found: list[Attribute] = msgspec.to_builtins(list(attributes or ()))
    return {attribute["Name"]: attribute for attribute in found}


def merge(wanted: Sequence[Attribute]) -> list[Attribute]:
    """The schema of a new pool whose CreateUserPool asked for these: standard ones, then custom ones.

    A standard attribute may become required or immutable and may get other
    bounds; `sub` and `identities` stay as they are. Raises InvalidParameter.
    """
    _require_names(wanted)
    merged = {attribute["Name"]: attribute for attribute in standard_attributes()}
    for attribute in wanted:
        if attribute["Name"] in _STANDARD:
            merged[attribute["Name"]] = _overridden(attribute)
    overridden = [attribute["Name"] for attribute in wanted if attribute["Name"] in _STANDARD]
    custom = [_custom(attribute) for attribute in wanted if attribute["Name"] not in _STANDARD]
    _refuse_duplicates(overridden + [_bare(attribute) for attribute in custom])
    _refuse_too_many(custom)
    return [*merged.values(), *custom]


def add(existing: Sequence[Attribute], additions: Sequence[Attribute]) -> list[Attribute]:
    """The attributes that AddCustomAttributes appends to an existing schema. Raises InvalidParameter."""
    _require_names(additions)
    custom = [_custom(attribute) for attribute in additions]
    _refuse_duplicates([_bare(attribute) for attribute in custom])
    taken = {_bare(attribute): attribute["Name"] for attribute in existing if ":" in attribute["Name"]}
    for attribute in custom:
        if _bare(attribute) in taken:
            raise errors.InvalidParameter(
                f"{_bare(attribute)}: Existing attribute already has name {taken[_bare(attribute)]}."
            )
    _refuse_too_many([*taken, *custom])
    return custom


def _require_names(attributes: Iterable[Attribute]) -> None:
    # The service model lets them be left out.
    if not all(attribute.get("Name") for attribute in attributes):
        raise errors.InvalidParameter("Invalid schema attribute: the name is missing.")


def _bare(attribute: Attribute) -> str:
    """The name that a developer-only attribute shares with its open namesake."""
    return attribute["Name"].removeprefix("dev:")


def _refuse_duplicates(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise errors.InvalidParameter(
                f"Duplicate custom attribute names {name} are not allowed in a user pool schema."
            )
        seen.add(name)


def _refuse_too_many(custom: Sequence[object]) -> None:
    if len(custom) > MOST_CUSTOM:
        raise errors.InvalidParameter(f"A user pool cannot have more than {MOST_CUSTOM} custom attributes.")


def _overridden(wanted: Attribute) -> Attribute:
    name = wanted["Name"]
    attribute = copy.deepcopy(_STANDARD[name])
    other_type = wanted.get("AttributeDataType") not in (None, attribute["AttributeDataType"])
    if other_type or wanted.get("DeveloperOnlyAttribute"):
        raise errors.InvalidParameter(
            f"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {name}"
        )
    if name in ("sub", "identities"):
        return attribute
    attribute["Mutable"] = wanted.get("Mutable", attribute["Mutable"])
    attribute["Required"] = wanted.get("Required", attribute["Required"])
    _take_constraints(attribute, wanted)
    return attribute


def _custom(wanted: Attribute) -> Attribute:
    if wanted.get("AttributeDataType") not in TYPES:
        raise errors.InvalidParameter(
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
        )
    if wanted.get("Required"):
        raise errors.InvalidParameter("Required custom attributes are not supported currently.")
    developer_only = wanted.get("DeveloperOnlyAttribute", False)
    attribute: Attribute = {
        "Name": custom_name(wanted["Name"], developer_only=developer_only),
        "AttributeDataType": wanted["AttributeDataType"],
        "DeveloperOnlyAttribute": developer_only,
        "Mutable": wanted.get("Mutable", True),
        "Required": False,
    }
    if attribute["AttributeDataType"] == "String":
        attribute["StringAttributeConstraints"] = {}
    if attribute["AttributeDataType"] == "Number":
        attribute["NumberAttributeConstraints"] = {}
    _take_constraints(attribute, wanted)
    return attribute


def _take_constraints(attribute: Attribute, wanted: Attribute) -> None:
    """Constraints of another type than the attribute's say nothing and are dropped."""
    if attribute["AttributeDataType"] == "String" and "StringAttributeConstraints" in wanted:
        lengths = wanted["StringAttributeConstraints"]
        _check_lengths(attribute["Name"], lengths)
        attribute["StringAttributeConstraints"] = lengths.copy()
    if attribute["AttributeDataType"] == "Number" and "NumberAttributeConstraints" in wanted:
        values = wanted["NumberAttributeConstraints"]
        _check_bounds(attribute["Name"], values)
        attribute["NumberAttributeConstraints"] = values.copy()


def _check_lengths(name: str, lengths: StringConstraints) -> None:
    least, most = lengths.get("MinLength", "0"), lengths.get("MaxLength", "2048")
    if not _LENGTH.fullmatch(least) or not _LENGTH.fullmatch(most) or int(most) > 2048:
        raise errors.InvalidParameter(f"Invalid StringAttributeConstraints for schema attribute {name}")
    if int(most) < int(least):
        raise errors.InvalidParameter(f"Attribute {name} cannot have a max length shorter than it's min length")


def _check_bounds(name: str, values: NumberConstraints) -> None:
    given = [bound for bound in (values.get("MinValue"), values.get("MaxValue")) if bound is not None]
    if any(not _WHOLE.fullmatch(bound) or abs(int(bound)) > 2**1023 for bound in given):
        raise errors.InvalidParameter(f"Invalid NumberAttributeConstraints for schema attribute {name}")
    if len(given) == 2 and int(given[1]) < int(given[0]):
        raise errors.InvalidParameter(f"Attribute {name} cannot have a max value smaller than it's min value")
