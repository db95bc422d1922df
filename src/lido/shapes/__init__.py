"""The words in which the generated modules of this package are written.

`idp`, `identity`, `constraints` and `catalogue` come from tools/generate_shapes.py
and are never edited; this file is written by hand.
"""

from typing import Any

import msgspec

Blob = bytes
Timestamp = float
Document = dict[str, Any]


class Shape(msgspec.Struct, rename="pascal", omit_defaults=True):
    """One structure of the service model. Unset members are `None` and left out on the wire.

    `Blob` is base64 on the wire, `Timestamp` epoch seconds with a fraction, `Document` a JSON object inline.
    """

    def __repr__(self) -> str:
        """The names of the members that are set, never their values: some are passwords and tokens."""
        return f"{type(self).__name__}({', '.join(self._set_members())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, ...) for name in self._set_members()]

    def _set_members(self) -> list[str]:
        return [name for name in self.__struct_fields__ if getattr(self, name) is not None]


class Operation(msgspec.Struct, frozen=True):
    """One operation: type names of its request and response, the refusals its model declares (without "Exception")."""

    service: str
    name: str
    request: str
    response: str | None
    unsigned: bool
    faults: tuple[str, ...]


class Text(msgspec.Struct, frozen=True):
    """A string; `pattern` is a Java expression that must match all of it, `values` an enumeration."""

    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()
    sensitive: bool = False


class Number(msgspec.Struct, frozen=True):
    """A whole number of 32 or 64 bits."""

    bits: int
    minimum: int | None = None
    maximum: int | None = None


class Binary(msgspec.Struct, frozen=True):
    """Bytes, base64 on the wire; the sizes count bytes."""

    minimum: int | None = None
    maximum: int | None = None


class Plain(msgspec.Struct, frozen=True):
    """A `boolean`, `timestamp` or `document`: a type without constraints."""

    kind: str


class List(msgspec.Struct, frozen=True):
    element: str
    minimum: int | None = None
    maximum: int | None = None
    sensitive: bool = False


class Map(msgspec.Struct, frozen=True):
    key: str
    value: str
    minimum: int | None = None
    maximum: int | None = None
    sensitive: bool = False


class Structure(msgspec.Struct, frozen=True):
    """`members`: wire name → shape name."""

    members: dict[str, str]
    required: tuple[str, ...] = ()
    sensitive: bool = False


Constraint = Text | Number | Binary | Plain | List | Map | Structure
