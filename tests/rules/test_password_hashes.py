from base64 import b64encode

import pytest

from lido import errors
from lido.rules import password_hashes
from lido.rules.passwords import Hasher


def bare(octets):
    return b64encode(octets).decode().rstrip("=")


# RFC 7914, sections 11 and 12
PBKDF2 = bytes.fromhex(
    "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
    "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
)
SCRYPT = bytes.fromhex(
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
    "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
)
FITTING = {
    # crypt_blowfish 1.3, wrapper.c
    "BCRYPT": ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
    "SCRYPT": (f"$scrypt$ln=14,r=8,p=1${bare(b'SodiumChloride')}${bare(SCRYPT)}", "pleaseletmein"),
    # phc-winner-argon2, src/test.c
    "ARGON2ID": (
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "password",
    ),
    "PBKDF2_SHA256": (f"$pbkdf2-sha256$i=80000,l=64${bare(b'NaCl')}${bare(PBKDF2)}", "Password"),
}
OTHER_SPELLINGS = [
    f"$pbkdf2-sha256$80000${bare(b'NaCl')}${bare(PBKDF2).replace('+', '.')}",
    f"pbkdf2_sha256$80000$NaCl${b64encode(PBKDF2).decode()}",
]


def refused(sentence):
    return pytest.raises(errors.InvalidParameter, match=sentence)


@pytest.mark.parametrize("algorithm", FITTING)
def test_published_hashes_fit_their_passwords_and_no_other(algorithm):
    made, password = FITTING[algorithm]
    password_hashes.check(algorithm, made)
    hasher = Hasher()
    assert hasher.verify(made, password)
    assert not hasher.verify(made, password + "x")
    assert not hasher.verify(made, "")
    assert hasher.needs_rehash(made)


@pytest.mark.parametrize("made", OTHER_SPELLINGS)
def test_pbkdf2_is_spelled_as_django_and_passlib_spell_it_too(made):
    password_hashes.check("PBKDF2_SHA256", made)
    assert password_hashes.fits(made, "Password")
    assert not password_hashes.fits(made, "password")


def test_bcrypt_saw_72_bytes_and_a_longer_password_fits_as_it_did_there():
    # crypt_blowfish 1.3, wrapper.c
    made = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
    password = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    assert password_hashes.fits(made, password)
    assert password_hashes.fits(made, password + "chars after 72 are ignored")


@pytest.mark.parametrize("algorithm", FITTING)
@pytest.mark.parametrize(
    "given",
    [
        "",
        "Passw0rd!",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=65536,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$scrypt$ln=14,r=8,p=1$c2FsdA$short",
        "$scrypt$ln=99,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
        "$pbkdf2-sha256$i=80000$!!!!$cCO9yzr9c0hGHAbNgf046w",
        "$pbkdf2-sha512$i=80000$TmFDbA$cCO9yzr9c0hGHAbNgf046w",
        "x" * 2_000,
        "\u0660" * 60,
    ],
)
def test_what_is_no_hash_of_that_algorithm_is_refused(algorithm, given):
    with refused(f"The password hash is not a {algorithm} hash."):
        password_hashes.check(algorithm, given)
    assert not password_hashes.fits(given, "password")


@pytest.mark.parametrize("algorithm", FITTING)
def test_a_hash_of_another_algorithm_is_refused(algorithm):
    for other, (made, _) in FITTING.items():
        if other != algorithm:
            with refused("is not a"):
                password_hashes.check(algorithm, made)


@pytest.mark.parametrize(
    ("algorithm", "given"),
    [
        ("BCRYPT", FITTING["BCRYPT"][0].replace("$05$", "$31$")),
        ("BCRYPT", FITTING["BCRYPT"][0].replace("$05$", "$15$")),
        ("BCRYPT", FITTING["BCRYPT"][0].replace("$05$", "$00$")),
        ("SCRYPT", FITTING["SCRYPT"][0].replace("ln=14", "ln=31")),
        ("SCRYPT", FITTING["SCRYPT"][0].replace("ln=14", "ln=20")),
        ("SCRYPT", FITTING["SCRYPT"][0].replace("p=1", "p=99")),
        ("SCRYPT", FITTING["SCRYPT"][0].replace("r=8", "r=0")),
        ("SCRYPT", FITTING["SCRYPT"][0].replace("ln=14", "ln=1")),
        ("ARGON2ID", FITTING["ARGON2ID"][0].replace("m=65536", "m=4194304")),
        ("ARGON2ID", FITTING["ARGON2ID"][0].replace("t=2", "t=4000000000")),
        ("ARGON2ID", FITTING["ARGON2ID"][0].replace("p=1", "p=9999")),
        ("PBKDF2_SHA256", FITTING["PBKDF2_SHA256"][0].replace("80000", "10000000")),
        ("PBKDF2_SHA256", FITTING["PBKDF2_SHA256"][0].replace("80000", "1")),
    ],
)
def test_costs_beyond_the_bounds_are_refused_before_anything_is_computed(algorithm, given):
    with refused("The costs of the password hash are outside of what is accepted."):
        password_hashes.check(algorithm, given)
