"""DPoP proofs: read, and every way one can lie."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest
from tests.jose import Signer, forged

from lido.rules import base64url, dpop

URL = "https://login.example.com/oauth2/token"
NOW = 1_790_000_000
SIGNERS = {algorithm: Signer(algorithm) for algorithm in ("RS256", "PS256", "ES256", "EdDSA")}
EC = SIGNERS["ES256"]


def proof(signer=EC, header=None, **changes):
    said = {"jti": "j-1", "htm": "POST", "htu": URL, "iat": NOW, **changes}
    said = {name: value for name, value in said.items() if value is not None}
    whole = {"kid": None, "typ": "dpop+jwt", "jwk": signer.bare, **(header or {})}
    return signer.sign(said, **whole)


def read(text, **wanted):
    return dpop.read(text, **{"method": "POST", "url": URL, "now_seconds": NOW, **wanted})


@pytest.mark.parametrize("algorithm", list(SIGNERS))
def test_a_proof_names_its_key_by_thumbprint(algorithm):
    signer = SIGNERS[algorithm]

    assert read(proof(signer)) == dpop.Proof(signer.thumbprint, "j-1", NOW)


def test_the_proof_and_the_thumbprint_of_rfc_9449():
    text = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
        "cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2"
        "In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2V"
        "uIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37x"
        "RZT3Lg"
    )

    found = dpop.read(text, method="POST", url="https://server.example.com/token", now_seconds=1_562_262_616)

    assert found.jkt == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


@pytest.mark.parametrize(
    "changes",
    [
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"jti": "x" * 257},
        {"htm": None},
        {"htm": "GET"},
        {"htm": "post"},
        {"htm": ["POST"]},
        {"htu": None},
        {"htu": ["https://login.example.com/oauth2/token"]},
        {"htu": "http://login.example.com/oauth2/token"},
        {"htu": "https://login.example.com/oauth2/token/"},
        {"htu": "https://login.example.com/oauth2/TOKEN"},
        {"htu": "https://login.example.com:8443/oauth2/token"},
        {"htu": "https://login.example.com.evil.example/oauth2/token"},
        {"htu": "https://login.example.com@evil.example/oauth2/token"},
        {"htu": "https://evil@login.example.com/oauth2/token"},
        {"htu": "https://login.example.com/x/../oauth2/token"},
        {"htu": "https://login.example.com/oauth2/%74oken"},
        {"htu": "https://login.example.com/oauth2\\token"},
        {"htu": "https://login.example.com/oauth2/to\nken"},
        {"htu": " https://login.example.com/oauth2/token"},
        {"htu": "https://login.example.com:x/oauth2/token"},
        {"htu": "/oauth2/token"},
        {"iat": None},
        {"iat": NOW - 61},
        {"iat": NOW + 61},
        {"iat": float(NOW)},
        {"iat": str(NOW)},
        {"iat": True},
        {"iat": 1e400},
    ],
)
def test_a_proof_for_another_request_or_another_time_is_refused(changes):
    with pytest.raises(dpop.Invalid):
        read(proof(**changes))


@pytest.mark.parametrize(
    "htu",
    [
        "https://LOGIN.example.com/oauth2/token",
        "HTTPS://login.example.com:443/oauth2/token",
        "https://login.example.com/oauth2/token?x=1#y",
    ],
)
def test_spellings_of_one_address_are_one(htu):
    assert read(proof(htu=htu)).jti == "j-1"


def test_a_proof_with_a_token_says_so():
    token = "the.access.token"
    ath = urlsafe_b64encode(sha256(token.encode()).digest()).decode().rstrip("=")

    assert read(proof(ath=ath), access_token=token).jti == "j-1"
    for wrong in (None, "", ath + "=", base64url.encode(sha256(b"other").digest()), 5, "\u00e4"):
        with pytest.raises(dpop.Invalid):
            read(proof(ath=wrong), access_token=token)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "DPOP+JWT"},
        {"jwk": None},
        {"jwk": "key"},
        {"jwk": {}},
        {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
        {"jwk": SIGNERS["EdDSA"].bare},
        {"jwk": Signer("ES256").bare},
        {"jwk": {**EC.bare, "d": "AA"}},
        {"crit": ["b64"]},
    ],
)
def test_a_proof_whose_key_or_kind_is_wrong_is_refused(header):
    with pytest.raises(dpop.Invalid):
        read(proof(header=header))


def test_no_algorithm_is_talked_down():
    said = {"jti": "j", "htm": "POST", "htu": URL, "iat": NOW}
    rsa = SIGNERS["RS256"]
    for algorithm in ("none", "None", "HS256", "RS512", ""):
        header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": rsa.bare}
        with pytest.raises(dpop.Invalid):
            read(forged(header, said, rsa.private))
    doubled = json.dumps({"typ": "dpop+jwt", "alg": "RS256", "jwk": rsa.bare})[:-1] + ',"alg":"RS256"}'
    with pytest.raises(dpop.Invalid):
        read(forged(doubled.encode(), said, rsa.private))


@pytest.mark.parametrize("text", ["", "a.b.c", "ä.b.c", "x" * 1_000_000])
def test_what_is_no_proof_is_refused(text):
    with pytest.raises(dpop.Invalid):
        read(text)
