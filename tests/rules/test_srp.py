"""SRP against published values, and against a client written with Python's own pow."""

import hashlib
import threading
from base64 import b64encode

import gmpy2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lido import errors
from lido.rules import srp

POOL = "Example01"
USER = "34c84488-e0e1-70ae-d2ee-991ad1a898c8"
PASSWORD = "Passw0rd!"
SALT = b"\x16" * 16
a = int.from_bytes(b"\xa1" * 32, "big")
b = int.from_bytes(b"\xb2" * 32, "big")


def digest(number: int) -> str:
    return hashlib.sha256(srp.pad(number)).hexdigest()


def client_key(password: str, client_secret: int, server_public: int) -> bytes:
    """The client's half: knows the password and a, sees salt and SRP_B."""
    x = srp.x(POOL, USER, password, SALT)
    client_public = pow(2, client_secret, srp.N)
    u = int(hashlib.sha256(srp.pad(client_public) + srp.pad(server_public)).hexdigest(), 16)
    s = pow(server_public - srp.K * pow(2, x, srp.N), client_secret + u * x, srp.N)
    return srp.derive_key(u, s)


def test_the_group_is_rfc_3526_number_15() -> None:
    assert srp.N.bit_length() == 3072
    assert f"{srp.N:X}".startswith("FFFFFFFFFFFFFFFFC90FDAA2")
    assert gmpy2.is_prime(srp.N)
    assert gmpy2.is_prime(srp.N // 2)
    assert f"{srp.K:x}" == "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"


def test_the_published_vector_of_a_user() -> None:
    x = srp.x(POOL, USER, PASSWORD, SALT)
    assert f"{x:064x}" == "a75f05df21556b0fe6d5511b1a5ac6440249cb4b7fecc1469f4fe115f1265207"
    v = srp.verifier(x)
    assert digest(v) == "b32cd4bbf847fdef9b60e19fea68c9db5ce5e1bc0ca699f772e6189caa1315ad"
    client_public = srp.verifier(a)
    assert f"{client_public:x}".startswith("78604b754341df90")
    assert f"{client_public:x}".endswith("8128a67cc4688292")
    assert digest(client_public) == "31421f07eb763d09c3565f8e34a296719127d9bebda6c4a66c3ff445701d5b96"
    server_public = srp.server_public(v, b)
    assert f"{server_public:x}".startswith("5e427c5fb55e835d")
    assert f"{server_public:x}".endswith("56f89dd91d2a5f59")
    assert digest(server_public) == "c76290807ba10dd9ee177b10fca4e422faa23b53cdf8e2cabcddacfd79bbd433"
    u = int(hashlib.sha256(srp.pad(client_public) + srp.pad(server_public)).hexdigest(), 16)
    assert f"{u:064x}" == "45b141537f585d5e7549c1c823820933ed789a4263ac26f8ed24fbdb7ba39b7d"
    s = pow(client_public * pow(v, u, srp.N), b, srp.N)
    assert digest(s) == "8ed65e573a47976fe1b406f3e95e5b2ee52bc812f47d4eda48c84c96c23c015b"
    key = srp.session_key(client_public, server_public, b, v)
    assert key.hex() == "180986b5325b35578b0665ba910a5086"
    assert key == srp.derive_key(u, s) == client_key(PASSWORD, a, server_public)
    signed = srp.signature(key, POOL, USER, b"secret-block-bytes", "Mon Nov 23 04:05:06 UTC 2026")
    assert signed == "B85C3ZVUUtQMJ1LWWmWbmMLbXODGSUOc26ldIN+1P1o="


def test_the_published_vector_of_a_device() -> None:
    password = b64encode(bytes(range(40))).decode()
    x = srp.x("-v7w9UcY6", "us-west-2_a1b2c3d4-5678-90ab-cdef-000000000001", password, b"\x77" * 16)
    assert f"{x:064x}" == "d40918fd9c236eeee55b40a3ceef762de465764dfd09748f343c2344656ed985"
    v = srp.verifier(x)
    assert digest(v) == "5aedb6bb3b5b450d9a4fc783e9c2bd478d11ce2849ac06900080a4f55f414728"
    assert srp.parse_verifier(srp.pad(v)) == v


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 2**1024), st.integers(2**255, 2**256 - 1), st.text(st.characters(codec="utf-8"), max_size=40))
def test_both_sides_agree_only_on_the_right_password(client_secret: int, server_secret: int, password: str) -> None:
    v = srp.verifier(srp.x(POOL, USER, password, SALT))
    server_public = srp.server_public(v, server_secret)
    key = srp.session_key(srp.verifier(client_secret), server_public, server_secret, v)
    assert key == client_key(password, client_secret, server_public)
    assert key != client_key(password + "x", client_secret, server_public)


@pytest.mark.parametrize(
    ("number", "padded"),
    [(0, "00"), (1, "01"), (0x7F, "7f"), (0x80, "0080"), (0xABC, "0abc"), (0x7FFF, "7fff"), (0xFFFF, "00ffff")],
)
def test_pad_writes_positive_twos_complement(number: int, padded: str) -> None:
    assert srp.pad(number).hex() == padded


def test_a_salt_with_leading_zeros_is_hashed_as_the_number_clients_read() -> None:
    assert srp.x(POOL, USER, PASSWORD, b"\0\0" + b"\x16" * 14) == srp.x(POOL, USER, PASSWORD, b"\x16" * 14)


@pytest.mark.parametrize(
    "text",
    ["", "0", "00", f"{srp.N:x}", f"{2 * srp.N:x}", "0" + f"{srp.N:X}", "xyz", "0x10", "-1", "1_0", " 1", "1\n", "٣"],
)
def test_a_malformed_or_dangerous_srp_a_is_refused(text: str) -> None:
    with pytest.raises(errors.InvalidParameter):
        srp.parse_public(text)


def test_srp_a_is_bounded() -> None:
    assert srp.parse_public("00" + "e" * 768) == int("e" * 768, 16)
    with pytest.raises(errors.InvalidParameter):
        srp.parse_public("0" * 770 + "1")


@pytest.mark.parametrize("number", [0, 1, srp.N - 1, srp.N, srp.N + 5])
def test_a_verifier_that_any_password_fits_is_refused(number: int) -> None:
    with pytest.raises(errors.InvalidParameter):
        srp.parse_verifier(srp.pad(number))


def test_a_verifier_is_bounded() -> None:
    with pytest.raises(errors.InvalidParameter):
        srp.parse_verifier(bytes(385) + b"\x05")


def test_a_signature_holds_only_for_what_it_signed() -> None:
    signed_parts = ("Example01", USER, b"block", "Mon Nov 23 04:05:06 UTC 2026")
    signed = srp.signature(b"k" * 16, *signed_parts)
    assert srp.verify_signature(b"k" * 16, *signed_parts, signed)
    assert not srp.verify_signature(b"K" * 16, *signed_parts, signed)
    assert not srp.verify_signature(b"k" * 16, POOL, USER, b"other", signed_parts[3], signed)
    assert not srp.verify_signature(b"k" * 16, POOL, USER, b"block", "later", signed)
    for claimed in ("", signed[:-1], signed + "=", "é", "\ud800"):
        assert not srp.verify_signature(b"k" * 16, *signed_parts, claimed)


def test_the_interpreter_lock_is_free_during_the_arithmetic() -> None:
    seen: list[bool] = []

    def work() -> None:
        srp.verifier(b)
        seen.append(gmpy2.get_context().allow_release_gil)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert seen == [True]
