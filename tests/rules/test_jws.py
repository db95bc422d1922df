"""Tokens that others signed: what is read, and every way one can lie."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.jose import Signer, forged, key_set

from lido.rules import base64url, jws

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
SIGNERS = {algorithm: Signer(algorithm) for algorithm in ALGORITHMS}
RSA = SIGNERS["RS256"]
CLAIMS = {"sub": "someone", "aud": ["here"]}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_another_library_is_read(algorithm):
    signer = SIGNERS[algorithm]
    keys = jws.read_keys(key_set(signer))

    assert jws.Unproven(signer.sign(CLAIMS)).prove(keys) == CLAIMS
    assert jws.Unproven(signer.sign(CLAIMS, kid=None)).kid is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_proves_nothing_that_another_signed(algorithm):
    token = SIGNERS[algorithm].sign(CLAIMS)
    others = [jws.read_key(Signer(other).jwk) for other in ALGORITHMS]

    with pytest.raises(jws.Invalid):
        jws.Unproven(token).prove(others)


def test_one_rsa_key_serves_both_paddings_only_where_it_does_not_say_which():
    either = Signer("RS256")
    pss = Signer("PS256")
    pss.private = either.private

    assert jws.Unproven(pss.sign(CLAIMS)).prove([jws.read_key(either.bare)]) == CLAIMS
    with pytest.raises(jws.Invalid):
        jws.Unproven(pss.sign(CLAIMS)).prove([jws.read_key(either.jwk)])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_any_changed_byte_is_seen(algorithm):
    signer = SIGNERS[algorithm]
    header, claims, signature = signer.sign(CLAIMS).split(".")
    keys = jws.read_keys(key_set(signer))
    other = base64url.encode(json.dumps({**CLAIMS, "sub": "else"}).encode())
    octets = base64url.decode(signature)
    nought = base64url.encode(bytes(len(octets)))

    for token in (
        f"{header}.{other}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{claims}.{nought}",
        f"{header}.{claims}.{base64url.encode(octets[:-1])}",
        f"{header}.{claims}.{base64url.encode(octets + bytes(1))}",
        f"{header}.{claims}.{signature}=",
    ):
        with pytest.raises(jws.Invalid):
            jws.Unproven(token).prove(keys)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "nOnE"},
        {"alg": "HS256"},
        {"alg": "rs256"},
        {"alg": "RS384"},
        {"alg": "ES256K"},
        {"alg": ["RS256"]},
        {"alg": None},
        {},
        {"alg": "RS256", "crit": ["exp"], "exp": 1},
        {"alg": "RS256", "crit": []},
        {"alg": "RS256", "b64": False},
        {"alg": "RS256", "zip": "DEF"},
        {"alg": "PBES2-HS256+A128KW", "p2c": 10**9},
        [],
        "RS256",
        b'{"alg":"none","alg":"RS256"}',
        b"[" * 9_000,
        b"\xff",
        b"",
    ],
)
def test_a_header_that_changes_the_rules_is_refused(header):
    with pytest.raises(jws.Invalid):
        jws.Unproven(forged(header, CLAIMS, RSA.private)).prove([jws.read_key(RSA.jwk)])


def test_keys_and_addresses_in_a_header_count_for_nothing():
    thief = Signer("RS256")
    lying = {"alg": "RS256", "kid": RSA.kid, "jwk": thief.jwk, "jku": "http://127.0.0.1/", "x5u": "file:///", "x5c": []}

    with pytest.raises(jws.Invalid):
        jws.Unproven(forged(lying, CLAIMS, thief.private)).prove([jws.read_key(RSA.jwk)])
    assert jws.Unproven(forged(lying, CLAIMS, RSA.private)).prove([jws.read_key(RSA.jwk)]) == CLAIMS


@pytest.mark.parametrize(
    "claims", [[], "text", b"{", b'{"sub":"a","sub":"b"}', b'{"a":{"b":1,"b":2}}', b"[" * 10_000, b'{"exp":1e400}', b""]
)
def test_claims_that_two_readers_could_read_differently_are_refused(claims):
    with pytest.raises(jws.Invalid):
        jws.Unproven(forged({"alg": "RS256"}, claims, RSA.private)).prove([jws.read_key(RSA.jwk)])


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c.d", "ä.b.c", "x" * 10_000_000])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(jws.Invalid):
        jws.Unproven(token)


def test_keys_that_must_not_be_trusted_are_refused():
    point = SIGNERS["ES256"].jwk
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_numbers()
    wrong_curve = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    number = {"kty": "RSA", "e": "AQAB"}
    for jwk in (
        {"kty": "oct", "k": "c2VjcmV0"},
        {**RSA.jwk, "d": "AQAB"},
        {**RSA.jwk, "use": "enc"},
        {**RSA.jwk, "key_ops": ["encrypt"]},
        {**RSA.jwk, "alg": "HS256"},
        {**RSA.jwk, "alg": ["RS256"]},
        {**RSA.jwk, "alg": "ES256"},
        {**RSA.jwk, "e": "AQ"},
        {**RSA.jwk, "e": "AAEAAQ"},
        {**RSA.jwk, "e": RSA.jwk["n"]},
        {**number, "n": base64url.encode(small.n.to_bytes(128, "big"))},
        {**number, "n": base64url.encode(b"\xff" * 2_048)},
        {**number, "n": 5},
        {**point, "crv": "P-384"},
        {**point, "x": point["y"]},
        {**point, "x": base64url.encode(bytes(32)), "y": base64url.encode(bytes(32))},
        {"kty": "EC", "crv": "P-384", "x": base64url.encode(wrong_curve.x.to_bytes(48, "big")), "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": SIGNERS["EdDSA"].jwk["x"]},
        {"kty": {}},
        {},
        [],
        None,
    ):
        with pytest.raises(jws.Invalid):
            jws.read_key(jwk)


def test_a_set_passes_over_keys_that_are_no_use():
    text = json.dumps({"keys": [{"kty": "oct", "k": "AA"}, RSA.jwk, "nonsense", {"kty": "EC", "crv": "P-521"}]})

    assert [key.kid for key in jws.read_keys(text)] == ["k1"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys":{}}', '{"keys":1}', "[" * 10_000, " " * 70_000])
def test_what_is_no_set_is_refused(text):
    with pytest.raises(jws.Invalid):
        jws.read_keys(text)


def test_a_set_has_at_most_fifty_keys():
    with pytest.raises(jws.Invalid):
        jws.read_keys(json.dumps({"keys": [{}] * 51}))


def test_the_thumbprint_of_rfc_8037():
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "any"}

    assert jws.thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_token_of_rfc_7515_a_3():
    token = (
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }

    assert jws.Unproven(token).prove([jws.read_key(jwk)])["iss"] == "joe"
