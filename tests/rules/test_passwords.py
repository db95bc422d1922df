"""Hashes, material and temporary passwords. Costs are small so that tests are quick."""

import msgspec
import pytest
from argon2.low_level import Type, hash_secret

from lido.rules import password_policy
from lido.rules.password_policy import Policy
from lido.rules.passwords import Hasher, Material, generate_temporary

SALT = bytes(range(16))
hasher = Hasher(time_cost=1, memory_kib=64)


def test_the_hash_is_argon2id_with_the_salt_it_was_given() -> None:
    assert Hasher().hash("Passw0rd!", SALT).startswith("$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$")
    assert hasher.hash("a", SALT) == hasher.hash("a", SALT) != hasher.hash("a", SALT[::-1])


def test_only_the_right_password_fits() -> None:
    phc = hasher.hash("Passw0rd!", SALT)
    assert hasher.verify(phc, "Passw0rd!")
    for wrong in ("passw0rd!", "Passw0rd", "Passw0rd! ", "", "Passw0rd!\0", "\ud800"):
        assert not hasher.verify(phc, wrong)


def test_nothing_is_cut_off_and_a_zero_is_a_character() -> None:
    for long in ("p" * 255, "é" * 128, "p\0" * 100):
        phc = hasher.hash(long, SALT)
        assert hasher.verify(phc, long)
        assert not hasher.verify(phc, long[:-1])
        assert not hasher.verify(phc, long + "x")


def test_unicode_forms_stay_different_as_bytes_are() -> None:
    assert not hasher.verify(hasher.hash("\u00e9", SALT), "e\u0301")


def test_a_hash_of_other_costs_fits_and_asks_for_rehashing() -> None:
    phc = Hasher(time_cost=2, memory_kib=64).hash("a", SALT)
    assert hasher.verify(phc, "a")
    assert hasher.needs_rehash(phc)
    assert not hasher.needs_rehash(hasher.hash("a", SALT))


@pytest.mark.parametrize(
    "phc", ["", "$", "plain", "$2b$12$abcdefghijklmnopqrstuu", "$argon2id$v=19$m=64,t=1,p=1$AAEC", "é"]
)
def test_another_kind_of_hash_never_fits(phc: str) -> None:
    assert not hasher.verify(phc, "a")
    assert hasher.needs_rehash(phc)


def test_argon2i_is_not_argon2id() -> None:
    phc = hash_secret(b"a", SALT, 1, 64, 1, 32, Type.I).decode()
    assert not hasher.verify(phc, "a")
    assert hasher.needs_rehash(phc)


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError):
        hasher.hash("a", SALT[:15])


def test_a_lone_surrogate_has_no_hash() -> None:
    with pytest.raises(UnicodeEncodeError):
        hasher.hash("\ud800", SALT)


@pytest.mark.parametrize("material", [Material("$argon2id$x"), Material("$argon2id$x", SALT, b"v" * 385, "sub")])
def test_material_comes_back_and_shows_nothing(material: Material) -> None:
    assert Material.decode(material.encode()) == material
    assert repr(material) == "Material(…)"


def test_damaged_material_is_refused() -> None:
    for octets in (b"", b"\x90", b"\x91\x01", Material("x").encode()[:-1]):
        with pytest.raises(msgspec.DecodeError):
            Material.decode(octets)


@pytest.mark.parametrize("policy", [Policy(), Policy(minimum_length=99), Policy(minimum_length=6, symbols=False)])
def test_temporary_passwords_conform_to_their_policy(policy: Policy) -> None:
    made = {generate_temporary(policy, seed.to_bytes(32, "big")) for seed in range(300)}
    assert len(made) == 300
    for password in made:
        password_policy.check(policy, password)
        assert len(password) == max(12, policy.minimum_length)
        assert set(password).isdisjoint("0O1lI <>&\"'")


def kind(character: str) -> str:
    return "a" if character.islower() else "A" if character.isupper() else "0" if character.isdigit() else "#"


def test_every_kind_of_character_can_stand_anywhere_in_a_temporary_password() -> None:
    made = [generate_temporary(Policy(), seed.to_bytes(32, "big")) for seed in range(1000)]
    for column in zip(*made, strict=True):
        assert set(map(kind, column)) == set("aA0#")


def test_too_little_chance_is_refused() -> None:
    with pytest.raises(ValueError):
        generate_temporary(Policy(), bytes(31))
