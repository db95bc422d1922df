"""Requests that use every member of their shape, made from botocore's service model."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.session import get_session
from tests.operations.test_checking import texts

from lido.shapes import Text

SERVICE = "cognito-idp"
MODEL = get_session().get_service_model(SERVICE)

Examples = Mapping[str, Any]
"""Values by the name of a member, or by the end of its way (`EmailConfiguration.From`); the longest end decides."""


class Turns(tuple[Any, ...]):
    """One value for each turn, the first again after the last."""

    __slots__ = ()


class _LeftOut:
    """The member stays away, as another excludes it."""


LEFT_OUT = _LeftOut()


def document(operation: str, examples: Examples, turn: int = 0) -> dict[str, Any]:
    """A request with all members that the examples do not leave out; another turn gives other values."""
    shape = MODEL.operation_model(operation).input_shape
    return dict(_made(shape, examples, turn, ()))


def _made(shape: Shape, examples: Examples, turn: int, way: tuple[str, ...]) -> Any:
    known, value = _example(examples, way)
    if known:
        return value[turn % len(value)] if isinstance(value, Turns) else value
    match shape:
        case StructureShape():
            made = {name: _made(part, examples, turn, (*way, name)) for name, part in shape.members.items()}
            return {name: value for name, value in made.items() if value is not LEFT_OUT}
        case ListShape():
            return [_made(shape.member, examples, turn, way)]
        case MapShape():
            return {_made(shape.key, examples, turn, way): _made(shape.value, examples, turn, way)}
        case StringShape():
            told = shape.metadata
            if shape.enum:
                return shape.enum[turn % len(shape.enum)]
            samples = texts(Text(told.get("min"), told.get("max"), told.get("pattern"), ()))
            return samples[turn % len(samples)]
    return _plain(shape, turn)


def _plain(shape: Shape, turn: int) -> Any:
    match shape.type_name:
        case "boolean":
            return turn % 2 == 0
        case "integer" | "long" | "double":
            return max(shape.metadata.get("min", 0), 1) + turn
        case "blob":
            return b"bytes %d" % turn
        case _:
            raise NotImplementedError(f"give an example of {shape.name}")


def _example(examples: Examples, way: tuple[str, ...]) -> tuple[bool, Any]:
    for start in range(len(way)):
        end = ".".join(way[start:])
        if end in examples:
            return True, examples[end]
    return False, None


def members(operation: str) -> set[str]:
    """The ways to all members of a request, down to the last."""
    return set(_ways(MODEL.operation_model(operation).input_shape, ""))


def _ways(shape: Shape, way: str) -> Iterator[str]:
    match shape:
        case StructureShape() if not shape.is_document_type:
            for name, part in shape.members.items():
                yield f"{way}{name}"
                yield from _ways(part, f"{way}{name}.")
        case ListShape():
            yield from _ways(shape.member, way)
        case MapShape():
            yield from _ways(shape.value, way)


def sent(operation: str, request: Mapping[str, Any]) -> set[str]:
    """The ways to the members that a request has."""
    return set(_sent(MODEL.operation_model(operation).input_shape, request, ""))


def _sent(shape: Shape, value: Any, way: str) -> Iterator[str]:
    match shape:
        case StructureShape() if not shape.is_document_type:
            for name, part in value.items():
                yield f"{way}{name}"
                yield from _sent(shape.members[name], part, f"{way}{name}.")
        case ListShape():
            for part in value:
                yield from _sent(shape.member, part, way)
        case MapShape():
            for part in value.values():
                yield from _sent(shape.value, part, way)


def differences(sent: Any, told: Any, way: str = "") -> list[str]:
    """What of the things sent is not told equal. The order of a list is none: most of these are sets."""
    if isinstance(sent, dict) and isinstance(told, dict):
        return [line for name in sent for line in differences(sent[name], told.get(name), f"{way}.{name}")]
    if isinstance(sent, list) and isinstance(told, list) and _in_order(sent) == _in_order(told):
        return []
    return [] if sent == told else [f"{way.removeprefix('.')}: {sent!r} is told as {told!r}"]


def _in_order(things: list[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True, default=repr) for each in things)
