"""Broken constraints → Cognito's sentence about them.

A request is checked as a dictionary, against the table of the service model, before it becomes a struct:
Cognito names every violation at once. Wrong JSON types are refused as they are met.
"""

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import msgspec

from lido import errors
from lido.operations.values import NOT_NULL, each, mismatch, size_test, value_test
from lido.shapes import Constraint, List, Map, Structure, Text, identity, idp
from lido.shapes.constraints import CONSTRAINTS

ECHO_LIMIT = 1024
ECHO_DEPTH = 3
VIOLATION_LIMIT = 50
SIZE_LIMIT = 10_000  # of lists and maps that the model leaves unbounded

Violations = list[str]
# A value, its path and the list that receives the violations.
Check = Callable[[Any, str, Violations], None]
Request = TypeVar("Request")

_SHAPES = {"cognito-idp": idp, "cognito-identity": identity}


def request(service: str, shape_name: str, document: dict[str, Any]) -> Any:
    """The request as its struct of `lido.shapes`, after the check. Faults: InvalidParameter, Serialization."""
    check(service, shape_name, document)
    return to_struct(getattr(_SHAPES[service], shape_name), document)


def check(service: str, shape_name: str, document: dict[str, Any]) -> None:
    """Refuses a request, given as decoded JSON, that the service model does not allow; unknown members are ignored.

    `service` is `cognito-idp` or `cognito-identity`, `shape_name` the type of the request.
    Faults: InvalidParameter with all violations, Serialization for a JSON type that does not fit.
    """
    violations: Violations = []
    _check(service, shape_name, sensitive=False)(document, "", violations)
    if violations:
        number = "1 validation error" if len(violations) == 1 else f"{len(violations)} validation errors"
        raise errors.InvalidParameter(f"{number} detected: {'; '.join(violations)}")


def to_struct(shape: type[Request], document: dict[str, Any]) -> Request:
    """A checked request as its struct of `lido.shapes`. Faults: Serialization, only where `check` was left out."""
    try:
        # Not strict: the check lets pass nothing else that fits so than whole floats, for integers.
        return msgspec.convert(document, shape, strict=False)
    except (msgspec.ValidationError, OverflowError):
        # msgspec's sentence may quote the value.
        raise errors.Serialization from None


@cache
def _check(service: str, shape_name: str, *, sensitive: bool) -> Check:
    """The check of one shape; `sensitive` when what holds it is."""
    constraint = CONSTRAINTS[service][shape_name]
    match constraint:
        case Structure():
            return _structure(service, constraint, sensitive=sensitive or constraint.sensitive)
        case List():
            return _list(service, constraint, sensitive=sensitive or constraint.sensitive)
        case Map():
            return _map(service, constraint, sensitive=sensitive or constraint.sensitive)
        case _:
            return _scalar(constraint, sensitive=sensitive)


def _structure(service: str, structure: Structure, *, sensitive: bool) -> Check:
    members = [
        (wire_name, wire_name[:1].lower() + wire_name[1:], wire_name in structure.required, shape_name)
        for wire_name, shape_name in structure.members.items()
    ]
    checks = [(*member[:3], _check(service, member[3], sensitive=sensitive)) for member in members]

    def check_structure(value: Any, path: str, violations: Violations) -> None:
        if type(value) is not dict:
            raise mismatch(value, "a structure")
        for wire_name, name, required, check_member in checks:
            member = value.get(wire_name)
            if member is not None:
                check_member(member, f"{path}.{name}" if path else name, violations)
            elif required:
                _report(violations, "null ", f"{path}.{name}" if path else name, NOT_NULL)

    return check_structure


def _list(service: str, constraint: List, *, sensitive: bool) -> Check:
    hidden = sensitive or _holds_secrets(service, constraint.element)
    element = CONSTRAINTS[service][constraint.element]
    size = size_test(constraint.minimum, constraint.maximum or SIZE_LIMIT)
    check_element = _check(service, constraint.element, sensitive=sensitive)
    test = None if isinstance(element, Structure | List | Map) else value_test(element)

    def check_list(value: Any, path: str, violations: Violations) -> None:
        if type(value) is not list:
            raise mismatch(value, "a list")
        broken = size(len(value))
        for constraint_text in broken:
            _report(violations, _echo(value, hidden=hidden), path, constraint_text)
        if broken and len(value) > SIZE_LIMIT:
            return
        if test is not None:
            if any(item is None or test(item) for item in value):
                _report(violations, _echo(value, hidden=hidden), path, each("Member", element))
            return
        for position, item in enumerate(value, start=1):
            if item is None:
                _report(violations, "null ", f"{path}.{position}.member", NOT_NULL)
            else:
                check_element(item, f"{path}.{position}.member", violations)

    return check_list


def _map(service: str, constraint: Map, *, sensitive: bool) -> Check:
    hidden = sensitive or _holds_secrets(service, constraint.key) or _holds_secrets(service, constraint.value)
    key_constraint, value_constraint = (CONSTRAINTS[service][name] for name in (constraint.key, constraint.value))
    size = size_test(constraint.minimum, constraint.maximum or SIZE_LIMIT)
    test_key = value_test(key_constraint)
    check_value = _check(service, constraint.value, sensitive=sensitive)
    test_value = None if isinstance(value_constraint, Structure | List | Map) else value_test(value_constraint)

    def check_map(value: Any, path: str, violations: Violations) -> None:
        if type(value) is not dict:
            raise mismatch(value, "a map")
        broken = size(len(value))
        for constraint_text in broken:
            _report(violations, _echo(value, hidden=hidden), path, constraint_text)
        if broken and len(value) > SIZE_LIMIT:
            return
        _drop_nulls(value)
        if any(test_key(key) for key in value):
            _report(violations, _echo(value, hidden=hidden), path, each("Map keys", key_constraint))
        if test_value is not None:
            if any(test_value(item) for item in value.values()):
                _report(violations, _echo(value, hidden=hidden), path, each("Map value", value_constraint))
            return
        for key, item in value.items():
            # A key that is too long has been reported; it need not be repeated in full.
            place = f"{path}.{key[:ECHO_LIMIT]}.member"
            check_value(item, place, violations)

    return check_map


def _drop_nulls(entries: dict[str, Any]) -> None:
    """An entry that is null counts as absent, like a member: browsers send what they have not stored as null."""
    for key in [key for key, item in entries.items() if item is None]:
        del entries[key]


def _scalar(constraint: Constraint, *, sensitive: bool) -> Check:
    test = value_test(constraint)
    hidden = sensitive or (isinstance(constraint, Text) and constraint.sensitive)

    def check_scalar(value: Any, path: str, violations: Violations) -> None:
        for constraint_text in test(value):
            _report(violations, _echo(value, hidden=hidden), path, constraint_text)

    return check_scalar


def _report(violations: Violations, value: str, path: str, constraint_text: str) -> None:
    if len(violations) < VIOLATION_LIMIT:
        violations.append(f"Value {value}at '{path}' failed to satisfy constraint: {constraint_text}")


def _echo(value: Any, *, hidden: bool) -> str:
    """The value as Cognito quotes it, with the blank that follows; nothing where it is secret."""
    return "" if hidden else f"'{_java(value, ECHO_DEPTH)}' "


def _java(value: Any, depth: int) -> str:
    """As Java prints it: `[a, b]`, `{a=b}`; cut where it is long or deep."""
    match value:
        case str():
            return value[:ECHO_LIMIT]
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case float() if value.is_integer():
            return str(int(value))[:ECHO_LIMIT]
        case list() | dict() if depth == 0:
            return "..."
        case list():
            return f"[{', '.join(_java(item, depth - 1) for item in value[:ECHO_LIMIT])}"[:ECHO_LIMIT] + "]"
        case dict():
            pairs = islice(value.items(), ECHO_LIMIT)
            text = ", ".join(f"{key[:ECHO_LIMIT]}={_java(item, depth - 1)}" for key, item in pairs)
            return f"{{{text}"[:ECHO_LIMIT] + "}"
        case _:
            return str(value)[:ECHO_LIMIT]


def _holds_secrets(service: str, shape_name: str) -> bool:
    constraint = CONSTRAINTS[service][shape_name]
    match constraint:
        case Structure():
            inner = [*constraint.members.values()]
        case List():
            inner = [constraint.element]
        case Map():
            inner = [constraint.key, constraint.value]
        case _:
            return isinstance(constraint, Text) and constraint.sensitive
    return constraint.sensitive or any(_holds_secrets(service, name) for name in inner)
