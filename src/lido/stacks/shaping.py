"""Properties in the types that the operations take: templates write numbers and truths as texts, and the reverse."""

from typing import Any

from lido.shapes import List, Map, Number, Plain, Structure, Text
from lido.shapes.constraints import CONSTRAINTS
from lido.stacks import TemplateError
from lido.stacks.values import Unknown

NAMES = "Names"
"""The shape of a list of names that no operation takes as such."""
_OURS = {NAMES: List("StringType")}
_SERVICE = "cognito-idp"
_TRUTHS = {"true": True, "false": False}


def shaped(shape: str, value: Any, path: str) -> Any:
    """The value as the service model has it. Raises TemplateError for a member that it has not, or another type."""
    if isinstance(value, Unknown):
        return value
    constraint = _OURS.get(shape) or CONSTRAINTS[_SERVICE][shape]
    match constraint:
        case Structure():
            return _structure(constraint, value, path)
        case List():
            if not isinstance(value, list):
                raise TemplateError(f"{path} is a list.")
            return [shaped(constraint.element, each, f"{path}[{index}]") for index, each in enumerate(value)]
        case Map():
            if not isinstance(value, dict):
                raise TemplateError(f"{path} is a mapping.")
            return {str(name): shaped(constraint.value, each, f"{path}.{name}") for name, each in value.items()}
        case Number():
            return _number(value, path)
        case Plain(kind="boolean"):
            found = _TRUTHS.get(str(value).lower())
            if found is None:
                raise TemplateError(f"{path} is true or false.")
            return found
        case Text():
            return _text(constraint, value, path)
        case _:
            return value


def _structure(constraint: Structure, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TemplateError(f"{path} is a mapping.")
    strange = sorted(set(map(str, value)) - set(constraint.members))
    if strange:
        raise TemplateError(f"{path} has no member {strange[0]}.")
    return {name: shaped(constraint.members[name], each, f"{path}.{name}") for name, each in value.items()}


def _number(value: Any, path: str) -> int:
    try:
        number = int(float(value))
        if isinstance(value, bool) or number != float(value):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise TemplateError(f"{path} is a whole number.") from None
    return number


def _text(constraint: Text, value: Any, path: str) -> str:
    if isinstance(value, (dict, list)) or value is None:
        raise TemplateError(f"{path} is a text.")
    if isinstance(value, bool):
        # YAML reads ON and OFF without quotes as truths.
        words = ("ON", "true") if value else ("OFF", "false")
        return words[0] if words[0] in constraint.values else words[1]
    return value if isinstance(value, str) else str(value)
