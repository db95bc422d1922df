"""What the plans of FAPI 2 ask of clients that prove themselves with a key (RFC 7523, OpenID Connect Core 9)."""

from itertools import count

import pytest
from tests.jose import Signer, forged, key_set

from lido.flows import pool_options

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE_SECONDS = 60
KINDS = ["standard"]

_numbers = count(1)


@pytest.fixture
def signer():
    return Signer("PS256")


@pytest.fixture
def rp(app, house, signer):
    """An app whose client has registered that key."""
    rp = app()
    pool_options.set_for_client(house.call(root=True), rp.client_id, {"jwks": key_set(signer)})
    return rp


def claims(rp, **changes):
    """An assertion's claims; None takes one away."""
    said = {
        "iss": rp.client_id,
        "sub": rp.client_id,
        "aud": rp.issuer,
        "jti": f"jti-{next(_numbers)}",
        "iat": int(rp.now()),
        "exp": int(rp.now()) + LIFE_SECONDS,
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def redeem(rp, assertion):
    """A fresh code, redeemed with that proof: status and error."""
    proof = {"client_assertion_type": TYPE, "client_assertion": assertion} if assertion is not None else {}
    code = rp.authorize().parameters["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": rp.redirect_uri, **proof}
    status, _, answer = rp.token(by="assertion", **form, **({} if proof else {"client_id": rp.client_id}))
    return status, answer.get("error")


def test_an_assertion_whose_audience_is_the_issuer_proves_the_client(rp, signer):
    assert redeem(rp, signer.sign(claims(rp))) == (200, None)


def test_an_assertion_whose_audience_is_the_token_endpoint_proves_the_client(rp, signer):
    assert redeem(rp, signer.sign(claims(rp, aud=rp.metadata["token_endpoint"]))) == (200, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": None},
        {"iss": None},
        {"aud": "https://elsewhere.example.com"},
        {"aud": None},
        {"exp": None},
        {"jti": None},
        {"sub": "somebody"},
    ],
)
def test_an_assertion_that_lacks_or_bends_a_claim_is_refused(rp, signer, changes):
    assert redeem(rp, signer.sign(claims(rp, **changes))) == (401, "invalid_client")


def test_an_assertion_that_expired_five_minutes_ago_is_refused(rp, signer):
    past = {"iat": int(rp.now()) - 360, "exp": int(rp.now()) - 300}

    assert redeem(rp, signer.sign(claims(rp, **past))) == (401, "invalid_client")


def test_an_assertion_that_comes_again_is_refused(rp, signer):
    assertion = signer.sign(claims(rp))
    assert redeem(rp, assertion) == (200, None)

    assert redeem(rp, assertion) == (401, "invalid_client")


def test_a_missing_assertion_and_one_of_another_key_or_no_key_are_refused(rp, signer):
    stranger = Signer(signer.algorithm)
    unsigned = forged({"alg": "none"}, claims(rp), Signer("RS256").private).rpartition(".")[0] + "."

    for assertion in (None, stranger.sign(claims(rp)), unsigned):
        assert redeem(rp, assertion) == (401, "invalid_client")
