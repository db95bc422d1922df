"""The key ring: what opens, and everything that must not."""

import hashlib
import hmac
from itertools import count

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lido.rules.sealing import OVERHEAD, KeyRing, Unsealable, key_id

OLD = bytes(range(32))
NEW = bytes(range(32, 64))
SALT = b"\x16" * 16


def ring(*masters: bytes) -> KeyRing:
    salts = count(1)
    return KeyRing(masters or (NEW,), lambda size: next(salts).to_bytes(size, "big"))


def test_a_blob_opens_at_its_place() -> None:
    keys = ring()
    blob = keys.seal("totp", b"seed", "pool", "sub")
    assert len(blob) == len(b"seed") + OVERHEAD
    assert keys.open("totp", blob, "pool", "sub") == b"seed"
    assert b"seed" not in blob


def test_the_format_is_version_key_id_salt_ciphertext_tag() -> None:
    # HKDF (RFC 5869) written out: extract with a zero salt, then one block of expansion.
    extracted = hmac.digest(bytes(32), NEW, "sha256")
    purpose_key = hmac.digest(extracted, b"lido/v1/totp\x01", "sha256")
    cipher = AESGCM(hmac.digest(purpose_key, SALT, "sha256"))
    name = hmac.digest(NEW, b"lido key id", hashlib.sha256)[:4]
    expected = b"\x01" + name + SALT + cipher.encrypt(bytes(12), b"seed", b"totp\0pool\0sub")
    assert ring().seal("totp", b"seed", "pool", "sub", salt=SALT) == expected


def test_two_blobs_of_one_content_differ() -> None:
    keys = ring()
    assert keys.seal("totp", b"seed") != keys.seal("totp", b"seed")


@pytest.mark.parametrize(
    ("purpose", "binding"),
    [
        ("link", ("pool", "sub")),
        ("totp", ("other", "sub")),
        ("totp", ("pool", "other")),
        ("totp", ("pool",)),
        ("totp", ("pool", "sub", "")),
        ("totp", ("poolsub",)),
        ("totp", ("pool\0sub",)),
        ("totp", ()),
    ],
)
def test_a_blob_that_moved_does_not_open(purpose: str, binding: tuple[str, ...]) -> None:
    keys = ring()
    blob = keys.seal("totp", b"seed", "pool", "sub")
    with pytest.raises(Unsealable):
        keys.open(purpose, blob, *binding)


def test_a_flipped_bit_anywhere_does_not_open() -> None:
    keys = ring()
    blob = keys.seal("totp", b"seed", "pool")
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 1
        with pytest.raises(Unsealable):
            keys.open("totp", bytes(changed), "pool")


def test_a_shortened_or_lengthened_blob_does_not_open() -> None:
    keys = ring()
    blob = keys.seal("totp", b"seed", "pool")
    for wrong in [*(blob[:size] for size in range(len(blob))), blob + b"\0"]:
        with pytest.raises(Unsealable):
            keys.open("totp", wrong, "pool")


def test_the_newest_key_seals_and_old_ones_open() -> None:
    before = ring(OLD).seal("totp", b"seed")
    rotated = ring(NEW, OLD)
    assert rotated.open("totp", before) == b"seed"
    assert rotated.key_id == key_id(NEW)
    assert rotated.key_ids == (key_id(NEW), key_id(OLD))
    assert ring(NEW).open("totp", rotated.seal("totp", b"seed")) == b"seed"
    with pytest.raises(Unsealable):
        ring(NEW).open("totp", before)


def test_text_is_url_safe_and_has_one_spelling() -> None:
    keys = ring()
    text = keys.seal_text("page", bytes(200), "pool")
    assert keys.open_text("page", text, "pool") == bytes(200)
    assert set(text).isdisjoint("+/=")
    for wrong in (text + "=", text + "\n", " " + text, "é" + text[1:], ""):
        with pytest.raises(Unsealable):
            keys.open_text("page", wrong, "pool")


def test_a_mac_tells_purpose_parts_and_key_apart() -> None:
    keys = ring()
    made = {
        keys.mac("code", "ab", "c"),
        keys.mac("code", "a", "bc"),
        keys.mac("code", "abc"),
        keys.mac("code", "ab", "c", ""),
        keys.mac("name", "ab", "c"),
        ring(OLD).mac("code", "ab", "c"),
    }
    assert len(made) == 6
    assert keys.mac("code", "ab", b"c") == ring().mac("code", "ab", "c")


def test_a_mac_from_before_a_rotation_is_found() -> None:
    before = ring(OLD).mac("code", "123456")
    rotated = ring(NEW, OLD)
    assert rotated.macs("code", "123456") == (rotated.mac("code", "123456"), before)


def test_a_mac_is_not_the_key_of_a_message() -> None:
    keys = ring()
    blob = keys.seal("code", b"content", salt=SALT)
    for part in (SALT, len(SALT).to_bytes(4, "big") + SALT):
        with pytest.raises(InvalidTag):
            AESGCM(keys.mac("code", part)).decrypt(bytes(12), blob[21:], b"code")


def test_the_check_value_fits_only_rings_that_have_the_key() -> None:
    check = ring(OLD).check_value()
    assert ring(OLD).fits(check)
    assert ring(NEW, OLD).fits(check)
    assert not ring(NEW).fits(check)
    assert not ring(OLD).fits(b"")


def test_a_ring_shows_nothing_of_its_keys() -> None:
    keys = ring(NEW, OLD)
    assert repr(keys) == str(keys) == "KeyRing(…)"
    with pytest.raises(Unsealable) as refusal:
        keys.open("totp", b"\x01" * 60)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert str(refusal.value) == "unsealable"


@pytest.mark.parametrize("masters", [(), (bytes(31),), (bytes(33),), (NEW, NEW)])
def test_a_ring_of_wrong_keys_is_refused(masters: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError):
        KeyRing(masters, bytes)


def test_a_salt_of_another_length_and_a_zero_in_a_binding_are_refused() -> None:
    with pytest.raises(ValueError):
        ring().seal("totp", b"seed", salt=bytes(15))
    with pytest.raises(ValueError):
        ring().seal("totp", b"seed", "a\0b")


def test_a_ring_in_use_takes_up_a_new_key_and_loses_none() -> None:
    keys = ring(OLD)
    before = keys.seal("totp", b"before")

    keys.renew([NEW, OLD])

    assert keys.key_id == key_id(NEW)
    after = keys.seal("totp", b"after")
    keys.renew([NEW])
    assert keys.open("totp", before) == b"before"
    assert ring(NEW).open("totp", after) == b"after"
