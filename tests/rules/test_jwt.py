"""RS256 tokens: what is written, and all the ways a forged one is refused."""

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from lido.rules import base64url, jwt

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KID = "k" * 43 + "="
KEY = jwt.SigningKey(PRIVATE, KID)
KEYS = {KID: KEY.public_key}
CLAIMS = {"sub": "alice", "iat": 100, "exp": 200, "cognito:groups": ["ä"]}


def forge(header: object, payload: object) -> str:
    """A token with a right signature over whatever header and payload."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    content = ".".join(map(base64url.encode, parts))
    return content + "." + base64url.encode(PRIVATE.sign(content.encode(), PKCS1v15(), SHA256()))


def test_the_header_is_exactly_kid_and_alg() -> None:
    header, payload, _ = jwt.sign(CLAIMS, KEY).split(".")
    assert base64url.decode(header).decode() == f'{{"kid":"{KID}","alg":"RS256"}}'
    assert json.loads(base64url.decode(payload)) == CLAIMS


def test_another_library_reads_the_token_and_the_published_key() -> None:
    published = jwt.public_jwk(KEY)
    assert list(published) == ["alg", "e", "kid", "kty", "n", "use"]
    assert (published["alg"], published["e"], published["kty"], published["use"]) == ("RS256", "AQAB", "RSA", "sig")
    read = pyjwt.decode(
        jwt.sign(CLAIMS, KEY), pyjwt.PyJWK(published), algorithms=["RS256"], options={"verify_exp": False}
    )
    assert read == CLAIMS


def test_a_kid_looks_like_cognitos() -> None:
    assert len(KID) == 44
    assert KID.endswith("=")


def test_the_thumbprint_of_rfc_7638() -> None:
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    public = rsa.RSAPublicNumbers(65537, int.from_bytes(base64url.decode(n), "big")).public_key()
    expected = b64encode(base64url.decode("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")).decode()
    assert jwt.thumbprint(public) == expected


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_key_loads_from_pkcs8(encoding: Encoding) -> None:
    octets = PRIVATE.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
    assert jwt.verify(jwt.sign(CLAIMS, jwt.SigningKey.load(octets, KID)), KEYS) == CLAIMS


def test_other_and_weak_keys_are_refused() -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(ValueError):
        jwt.SigningKey(small, KID)
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError):
        jwt.SigningKey.load(curve, KID)
    with pytest.raises(ValueError):
        jwt.SigningKey.load(b"nonsense", KID)


def test_a_key_shows_nothing_but_its_name() -> None:
    assert repr(KEY) == f"SigningKey(kid={KID!r})"


def test_what_was_signed_is_read() -> None:
    assert jwt.verify(jwt.sign(CLAIMS, KEY), KEYS) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        {"kid": KID, "alg": "none"},
        {"kid": KID, "alg": "None"},
        {"kid": KID, "alg": "rs256"},
        {"kid": KID, "alg": "HS256"},
        {"kid": KID, "alg": "RS512"},
        {"kid": KID, "alg": "PS256"},
        {"kid": KID, "alg": ["RS256"]},
        {"kid": KID},
        {"alg": "RS256"},
        {"kid": "../../etc/passwd", "alg": "RS256"},
        {"kid": [KID], "alg": "RS256"},
        {"kid": None, "alg": "RS256"},
        {"kid": KID, "alg": "RS256", "crit": ["exp"]},
        {"kid": KID, "alg": "RS256", "crit": []},
        {"kid": KID, "alg": "RS256", "b64": False},
        {"kid": KID, "alg": "RS256", "zip": "DEF"},
        [],
        "RS256",
        b'{"kid":"x","kid":"' + KID.encode() + b'","alg":"RS256"}',
        b'{"alg":"none","kid":"' + KID.encode() + b'","alg":"RS256"}',
        b"[" * 9000,
        b"\xff",
        b"",
    ],
)
def test_a_header_of_any_other_kind_is_refused(header: object) -> None:
    with pytest.raises(jwt.Invalid):
        jwt.verify(forge(header, CLAIMS), KEYS)


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "typ", "cty"])
def test_no_key_is_taken_from_the_token(name: str) -> None:
    assert jwt.verify(forge({"kid": KID, "alg": "RS256", name: "https://evil.example"}, CLAIMS), KEYS) == CLAIMS


def test_the_key_of_a_stranger_is_refused_even_when_embedded() -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = pyjwt.encode(
        CLAIMS, stranger, "RS256", headers={"kid": KID, "jwk": jwt.public_jwk(jwt.SigningKey(stranger, KID))}
    )
    with pytest.raises(jwt.Invalid):
        jwt.verify(token, KEYS)


def test_the_public_key_is_no_hmac_secret() -> None:
    pem = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for alg in ("HS256", "RS256"):
        header = base64url.encode(json.dumps({"kid": KID, "alg": alg}).encode())
        content = header + "." + base64url.encode(json.dumps(CLAIMS).encode())
        mac = hmac.digest(pem, content.encode(), hashlib.sha256)
        with pytest.raises(jwt.Invalid):
            jwt.verify(content + "." + base64url.encode(mac), KEYS)


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "text",
        b"{",
        b"",
        b"\xff\xfe",
        b'{"iat":1,"exp":2,"sub":"a","sub":"b"}',
        b'{"iat":1,"exp":2,"a":{"b":1,"b":2}}',
        b'{"iat":1,"exp":NaN}',
        b'{"iat":1,"exp":2,"x":Infinity}',
        b'{"iat":1,"exp":' + b"9" * 5000 + b"}",
        b'{"iat":1,"exp":2,"x":' + b"[" * 9000,
        {"iat": 1},
        {"exp": 1},
        {"iat": 1, "exp": "2"},
        {"iat": 1, "exp": 2.5},
        {"iat": True, "exp": 2},
        {"iat": 1, "exp": None},
    ],
)
def test_a_payload_of_any_other_kind_is_refused(payload: object) -> None:
    with pytest.raises(jwt.Invalid):
        jwt.verify(forge({"kid": KID, "alg": "RS256"}, payload), KEYS)


def test_a_change_anywhere_is_refused() -> None:
    token = jwt.sign(CLAIMS, KEY)
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(jwt.Invalid):
            jwt.verify(changed, KEYS)


@pytest.mark.parametrize(
    "mutate",
    [
        lambda t: t + "=",
        lambda t: t + "\n",
        lambda t: " " + t,
        lambda t: t + ".",
        lambda t: t.rpartition(".")[0],
        lambda t: t.rpartition(".")[0] + ".",
        lambda t: "." + t.partition(".")[2],
        lambda t: t.replace(".", "..", 1),
        lambda t: t + "é",
        lambda _: "",
        lambda _: "..",
        lambda _: "a" * 1_000_000,
    ],
)
def test_a_string_of_any_other_form_is_refused(mutate: Any) -> None:
    with pytest.raises(jwt.Invalid):
        jwt.verify(mutate(jwt.sign(CLAIMS, KEY)), KEYS)


def test_a_token_too_long_is_refused_though_signed() -> None:
    with pytest.raises(jwt.Invalid):
        jwt.verify(jwt.sign(CLAIMS | {"x": "x" * jwt.MAXIMUM_LENGTH}, KEY), KEYS)


def test_no_keys_no_token() -> None:
    with pytest.raises(jwt.Invalid):
        jwt.verify(jwt.sign(CLAIMS, KEY), {})


def test_a_token_ends_with_the_second_of_exp() -> None:
    jwt.check_times(CLAIMS, 199)
    with pytest.raises(jwt.Expired):
        jwt.check_times(CLAIMS, 200)
    jwt.check_times(CLAIMS, 204, leeway_seconds=5)


def test_a_token_does_not_begin_before_nbf() -> None:
    jwt.check_times(CLAIMS | {"nbf": 150}, 150)
    for early in (150, "150", None):
        with pytest.raises(jwt.Invalid):
            jwt.check_times(CLAIMS | {"nbf": early}, 149)
