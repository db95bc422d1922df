"""One value against its constraint: a type that does not fit is refused, broken limits are named in Cognito's words."""

import binascii
import math
from collections.abc import Callable
from typing import Any

from lido import errors
from lido.operations.patterns import matcher
from lido.shapes import Binary, Constraint, Number, Plain, Text

DOCUMENT_DEPTH_LIMIT = 32
LATEST_TIMESTAMP = 253_402_300_799  # the end of the year 9999
NOT_NULL = "Member must not be null"

Broken = tuple[str, ...]
# A value → the constraints it breaks.
Test = Callable[[Any], Broken]


def value_test(constraint: Constraint) -> Test:
    """The test of a value that holds no others. Faults of the test: Serialization, InvalidParameter for NUL."""
    match constraint:
        case Text():
            return _text(constraint)
        case Number():
            return _number(constraint)
        case Binary():
            return _binary(constraint)
        case Plain():
            return _PLAIN[constraint.kind]
        case _:
            raise TypeError(f"{constraint} is no value")


def _text(constraint: Text) -> Test:
    size = size_test(constraint.minimum, constraint.maximum)
    maximum = constraint.maximum if constraint.maximum is not None else math.inf
    matches = matcher(constraint.pattern) if constraint.pattern else None
    pattern_text = f"Member must satisfy regular expression pattern: {constraint.pattern}"
    values, values_text = frozenset(constraint.values), _values_text(constraint)

    def test_text(value: Any) -> Broken:
        if type(value) is not str:
            raise mismatch(value, "a String")
        _require_unicode(value)
        broken = size(len(value))
        # What is too long is not worth the time of a pattern.
        if matches is not None and len(value) <= maximum and not matches(value):
            broken += (pattern_text,)
        if values and value not in values:
            broken += (values_text,)
        return broken

    return test_text


def _number(constraint: Number) -> Test:
    limit = 1 << (constraint.bits - 1)
    minimum = constraint.minimum if constraint.minimum is not None else -limit
    maximum = constraint.maximum if constraint.maximum is not None else limit - 1
    kind = "an Integer" if constraint.bits == 32 else "a Long"

    def test_number(value: Any) -> Broken:
        is_whole = type(value) is int or (type(value) is float and value.is_integer())
        if not is_whole or not -limit <= value < limit:
            raise mismatch(value, kind)
        if value < minimum:
            return (f"Member must have value greater than or equal to {minimum}",)
        return (f"Member must have value less than or equal to {maximum}",) if value > maximum else ()

    return test_number


def _binary(constraint: Binary) -> Test:
    size = size_test(constraint.minimum, constraint.maximum)

    def test_binary(value: Any) -> Broken:
        if type(value) is not str:
            raise mismatch(value, "a Blob")
        try:
            return size(len(binascii.a2b_base64(value, strict_mode=True)))
        except ValueError:
            raise mismatch(value, "a Blob") from None

    return test_binary


def _boolean(value: Any) -> Broken:
    if type(value) is not bool:
        raise mismatch(value, "a Boolean")
    return ()


def _timestamp(value: Any) -> Broken:
    # Not a number compares false.
    if type(value) not in (int, float) or not abs(value) <= LATEST_TIMESTAMP:
        raise mismatch(value, "a Timestamp")
    return ()


def _document(value: Any) -> Broken:
    if type(value) is not dict:
        raise mismatch(value, "a Document")
    _require_plain(value, DOCUMENT_DEPTH_LIMIT)
    return ()


_PLAIN: dict[str, Test] = {"boolean": _boolean, "timestamp": _timestamp, "document": _document}


def _require_plain(value: Any, depth: int) -> None:
    """Refuses what could not be written as JSON again, and nesting beyond `depth`."""
    if depth == 0:
        raise errors.Serialization("The document is nested too deeply")
    if isinstance(value, str):
        _require_unicode(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _require_unicode(key)
            _require_plain(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _require_plain(item, depth - 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise errors.Serialization


def _require_unicode(value: str) -> None:
    """Refuses halves of surrogate pairs, which no encoding can carry, and NUL, which PostgreSQL cannot."""
    if "\0" in value:
        raise errors.InvalidParameter("The request holds characters that are not allowed.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise errors.Serialization("The request is not valid Unicode") from None


def size_test(minimum: int | None, maximum: int | None) -> Callable[[int], Broken]:
    too_small, too_large = _size_texts(minimum, maximum)
    least, most = minimum or 0, maximum if maximum is not None else math.inf
    return lambda size: () if least <= size <= most else (too_small,) if size < least else (too_large,)


def each(subject: str, constraint: Constraint) -> str:
    """Cognito does not say which element of a list or map is wrong, but everything that is asked of each."""
    asked: tuple[str, ...] = ()
    if isinstance(constraint, Text):
        too_small, too_large = _size_texts(constraint.minimum, constraint.maximum)
        pattern_text = f"Member must satisfy regular expression pattern: {constraint.pattern}"
        asked = (
            too_large if constraint.maximum is not None else "",
            too_small if constraint.minimum is not None else "",
            pattern_text if constraint.pattern else "",
            _values_text(constraint) if constraint.values else "",
        )
    return f"{subject} must satisfy constraint: [{', '.join(text for text in asked if text) or NOT_NULL}]"


def _size_texts(minimum: int | None, maximum: int | None) -> tuple[str, str]:
    return (
        f"Member must have length greater than or equal to {minimum}",
        f"Member must have length less than or equal to {maximum}",
    )


def _values_text(constraint: Text) -> str:
    return f"Member must satisfy enum value set: [{', '.join(constraint.values)}]"


def mismatch(value: Any, kind: str) -> errors.Serialization:
    """The refusal of a JSON type that does not fit; the value is not quoted."""
    if isinstance(value, dict):
        return errors.Serialization("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return errors.Serialization("Start of list found where not expected.")
    token = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
    if isinstance(value, bool):
        token = "TRUE_VALUE" if value else "FALSE_VALUE"
    return errors.Serialization(f"{token} can not be converted to {kind}")
