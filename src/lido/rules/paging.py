"""Pagination tokens: where a list goes on, sealed and tied to the request that began it."""

import hashlib
from collections.abc import Mapping
from typing import Protocol

import msgspec

from lido import errors

LIFETIME_SECONDS = 3600
LONGEST = 8192

Key = list[str | int]
"""The columns of the last row that a page held."""


class Ring(Protocol):
    """What seals: a key ring."""

    def seal_text(self, purpose: str, content: bytes, *binding: str) -> str: ...

    def open_text(self, purpose: str, text: str, *binding: str) -> bytes: ...


class _Place(msgspec.Struct, array_like=True, frozen=True):
    parameters: bytes
    key: Key
    expires_at: int


def parameters_digest(parameters: Mapping[str, str | int | None]) -> bytes:
    """SHA-256 of what a list is filtered by; a member that is None counts as absent."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return hashlib.sha256(msgspec.json.encode(given, order="deterministic")).digest()


def token(
    ring: Ring, operation: str, pool_id: str, parameters: bytes, key: Key, expires_at: int, caller: str = ""
) -> str:
    """A token for the rows after `key`; `parameters` is the request's digest, `expires_at` in milliseconds.

    `caller` ties it to an operator's id or a user's sub.
    """
    content = msgspec.msgpack.encode(_Place(parameters, key, expires_at))
    return ring.seal_text("page", content, pool_id, operation, caller)


def read(
    ring: Ring, operation: str, pool_id: str, parameters: bytes, text: str, now: int, sentence: str, caller: str = ""
) -> Key:
    """The key within a token that `token` made for the same list.

    Raises InvalidParameter with `sentence` when it was changed, belongs to another
    operation, pool, caller or filter, or is over.
    """
    if len(text) > LONGEST:
        raise errors.InvalidParameter(sentence)
    try:
        place = msgspec.msgpack.decode(ring.open_text("page", text, pool_id, operation, caller), type=_Place)
    except (ValueError, msgspec.MsgspecError):
        raise errors.InvalidParameter(sentence) from None
    if place.parameters != parameters or place.expires_at <= now:
        raise errors.InvalidParameter(sentence)
    return place.key
