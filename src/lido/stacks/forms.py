"""The forms in which templates write functions: what each takes, before anything is evaluated."""

from collections.abc import Callable
from typing import Any

from lido.stacks import TemplateError


def _is_text(argument: Any) -> bool:
    return isinstance(argument, str)


def _is_list(*lengths: int) -> Callable[[Any], bool]:
    return lambda argument: isinstance(argument, list) and len(argument) in lengths


def _is_attribute(argument: Any) -> bool:
    if isinstance(argument, str):
        return "." in argument
    return _is_list(2)(argument) and isinstance(argument[0], str)


def _is_sub(argument: Any) -> bool:
    if isinstance(argument, str):
        return True
    return _is_list(2)(argument) and isinstance(argument[0], str) and is_names(argument[1])


def _begins_with_text(*lengths: int) -> Callable[[Any], bool]:
    return lambda argument: _is_list(*lengths)(argument) and isinstance(argument[0], str)


def is_names(value: Any) -> bool:
    """Whether it is a mapping of names."""
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


_FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Ref": (_is_text, "a name"),
    "Condition": (_is_text, "the name of a condition"),
    "Fn::GetAtt": (_is_attribute, "a resource and an attribute"),
    "Fn::Sub": (_is_sub, "a text, or a text and a mapping"),
    "Fn::Join": (_begins_with_text(2), "a list of 2, of which the first is a text"),
    "Fn::Split": (_begins_with_text(2), "a list of 2, of which the first is a text"),
    "Fn::If": (_begins_with_text(3), "a list of 3, of which the first is the name of a condition"),
    "Fn::Select": (_is_list(2), "a list of 2"),
    "Fn::FindInMap": (_is_list(3, 4), "a list of 3"),
    "Fn::Equals": (_is_list(2), "a list of 2"),
    "Fn::Not": (_is_list(1), "a list of 1"),
    "Fn::And": (_is_list(*range(1, 11)), "a list of up to 10"),
    "Fn::Or": (_is_list(*range(1, 11)), "a list of up to 10"),
}


def function_in(value: Any) -> tuple[str, Any] | None:
    """The function that a value is, and its argument; None for a plain value. Raises TemplateError for another form."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name, argument = next(iter(value.items()))
    if name != "Ref" and not (isinstance(name, str) and name.startswith("Fn::")):
        return None
    return name, checked(name, argument)


def checked(name: str, argument: Any) -> Any:
    """The argument, if it has the form that the function takes. Raises TemplateError."""
    is_right, form = _FORMS.get(name, (None, ""))
    if is_right is not None and not is_right(argument):
        raise TemplateError(f"{name} takes {form}.")
    return argument
