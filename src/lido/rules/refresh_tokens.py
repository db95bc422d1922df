"""The refresh token: a sealed statement in a string that looks as Cognito's does.

Five parts joined by dots, as of a JWE: a fixed header, then version and key id,
salt, body and tag of the sealed blob. Some clients count the dots.
"""

import msgspec

from lido.rules import base64url
from lido.rules.sealing import SALT_BYTES, KeyRing, Unsealable

MAXIMUM_LENGTH = 2048

_PURPOSE = "refresh"
_HEADER = base64url.encode(b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}')
_SALT_AT = 5
_BODY_AT = _SALT_AT + SALT_BYTES
_TAG_BYTES = 16


class Invalid(ValueError):
    """The string is no refresh token of this pool. It never says why."""


class RefreshToken(msgspec.Struct, frozen=True, array_like=True):
    """Whose token it is, for which client, of which session, and which of its successive tokens."""

    client_id: str
    sub: str
    session_id: str
    generation: int
    made_at: int


_CONTENT = msgspec.msgpack.Decoder(RefreshToken)


def write(ring: KeyRing, pool_id: str, token: RefreshToken) -> str:
    """The string for the client's hands."""
    blob = ring.seal(_PURPOSE, msgspec.msgpack.encode(token), pool_id)
    parts = blob[:_SALT_AT], blob[_SALT_AT:_BODY_AT], blob[_BODY_AT:-_TAG_BYTES], blob[-_TAG_BYTES:]
    return ".".join((_HEADER, *map(base64url.encode, parts)))


def read(ring: KeyRing, pool_id: str, text: str) -> RefreshToken:
    """The token that `write` made for this pool; Invalid for anything else.

    The caller compares the client and asks the session whether it still holds.
    """
    if len(text) > MAXIMUM_LENGTH:
        raise Invalid
    try:
        return _CONTENT.decode(ring.open(_PURPOSE, _blob(text), pool_id))
    except (Unsealable, ValueError):
        raise Invalid from None


def _blob(text: str) -> bytes:
    header, *parts = text.split(".")
    if header != _HEADER or len(parts) != 4:
        raise Invalid
    key, salt, body, tag = map(base64url.decode, parts)
    # Bytes must not be able to move from one part to its neighbour: one token, one string.
    if (len(key), len(salt), len(tag)) != (_SALT_AT, SALT_BYTES, _TAG_BYTES):
        raise Invalid
    return key + salt + body + tag
