"""The refresh token's string."""

from itertools import count

import msgspec
import pytest

from lido.rules import base64url, refresh_tokens
from lido.rules.refresh_tokens import Invalid, RefreshToken
from lido.rules.sealing import KeyRing

POOL = "us-east-1_aaaaaaaaa"
TOKEN = RefreshToken("client", "34c84488-e0e1-70ae-d2ee-991ad1a898c8", "tkn0123", 3, 1_700_000_000_000)
_salts = count(1)


def ring(*masters: bytes) -> KeyRing:
    return KeyRing(masters or (b"m" * 32,), lambda size: next(_salts).to_bytes(size, "big"))


def test_a_token_comes_back_in_its_pool_only() -> None:
    text = refresh_tokens.write(ring(), POOL, TOKEN)
    assert refresh_tokens.read(ring(), POOL, text) == TOKEN
    with pytest.raises(Invalid):
        refresh_tokens.read(ring(), "us-east-1_bbbbbbbbb", text)


def test_it_looks_as_cognitos_does() -> None:
    text = refresh_tokens.write(ring(), POOL, TOKEN)
    parts = text.split(".")
    assert base64url.decode(parts[0]) == b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}'
    assert len(parts) == 5
    assert all(parts)
    assert set(text).isdisjoint("+/=")
    assert len(text) < 400


def test_a_token_survives_the_rotation_of_the_master_key() -> None:
    text = refresh_tokens.write(ring(b"o" * 32), POOL, TOKEN)
    assert refresh_tokens.read(ring(b"n" * 32, b"o" * 32), POOL, text) == TOKEN
    with pytest.raises(Invalid):
        refresh_tokens.read(ring(b"n" * 32), POOL, text)


def test_a_change_anywhere_is_refused() -> None:
    text = refresh_tokens.write(ring(), POOL, TOKEN)
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(Invalid):
            refresh_tokens.read(ring(), POOL, changed)


def test_bytes_can_not_move_between_parts() -> None:
    header, *parts = refresh_tokens.write(ring(), POOL, TOKEN).split(".")
    blob = b"".join(map(base64url.decode, parts))
    for cuts in ((0, 5, 21), (5, 21, len(blob) - 15), (4, 21, len(blob) - 16), (5, 22, len(blob) - 16)):
        pieces = [blob[: cuts[0]], blob[cuts[0] : cuts[1]], blob[cuts[1] : cuts[2]], blob[cuts[2] :]]
        with pytest.raises(Invalid):
            refresh_tokens.read(ring(), POOL, ".".join((header, *map(base64url.encode, pieces))))


@pytest.mark.parametrize(
    "text", ["", ".", "....", "a.b.c", "eyJ.e.e.e.e", "x" * 1_000_000, "." * 2000, "é....", "\ud800"]
)
def test_any_other_string_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        refresh_tokens.read(ring(), POOL, text)


def test_another_sealed_content_is_no_token() -> None:
    header = refresh_tokens.write(ring(), POOL, TOKEN).split(".")[0]
    for purpose, content in (("refresh", b"\x01"), ("session", msgspec.msgpack.encode(TOKEN))):
        blob = ring().seal(purpose, content, POOL)
        parts = (blob[:5], blob[5:21], blob[21:-16], blob[-16:])
        with pytest.raises(Invalid):
            refresh_tokens.read(ring(), POOL, ".".join((header, *map(base64url.encode, parts))))
