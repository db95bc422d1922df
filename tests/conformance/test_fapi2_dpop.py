"""What the plans of FAPI 2 ask of tokens that are bound to a key (DPoP, RFC 9449)."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from itertools import count

import pytest
from tests.jose import Signer, forged

from lido.flows import pool_options

KINDS = ["standard"]

_numbers = count(1)


class Holder:
    """An app that proves a key wherever it goes."""

    def __init__(self, rp):
        self.rp = rp
        self.signer = Signer("ES256")

    def claims(self, url, method="POST", token=None, **changes):
        """What a proof for that request says; None takes a claim away."""
        said = {"jti": f"proof-{next(_numbers)}", "htm": method, "htu": url, "iat": int(self.rp.now())}
        if token is not None:
            said["ath"] = urlsafe_b64encode(sha256(token.encode()).digest()).decode().rstrip("=")
        return {name: value for name, value in {**said, **changes}.items() if value is not None}

    def proof(self, url, method="POST", token=None, *, signer=None, **changes):
        """A proof for that request."""
        signer = signer or self.signer
        return signer.sign(self.claims(url, method, token, **changes), kid=None, typ="dpop+jwt", jwk=signer.bare)

    def ask(self, proof=None, **form):
        """Ask the token endpoint with a proof: status and answer."""
        endpoint = self.rp.metadata["token_endpoint"]
        headers = {"dpop": proof or self.proof(endpoint)}
        status, _, given = self.rp.token(headers=headers, **form)
        return status, given

    def redeem(self, proof=None, **request):
        """A fresh code, redeemed with a proof."""
        told = self.rp.authorize(**request)
        code = told.parameters["code"]
        return self.ask(proof, grant_type="authorization_code", code=code, redirect_uri=self.rp.redirect_uri)

    def user_info(self, token, *, scheme="DPoP", **changes):
        """How userInfo answers, asked with a proof made with these changes."""
        endpoint = self.rp.metadata["userinfo_endpoint"]
        headers = {"authorization": f"{scheme} {token}", "dpop": self.proof(endpoint, "GET", token, **changes)}
        return self.rp.http("GET", endpoint, headers)[0]


@pytest.fixture
def holder(rp):
    return Holder(rp)


def test_a_token_is_bound_to_the_key_and_opens_nothing_without_its_proof(holder):
    status, given = holder.redeem()
    token = given["access_token"]

    assert (status, given["token_type"]) == (200, "DPoP")
    assert holder.user_info(token) == 200
    assert holder.user_info(token, scheme="Bearer") == 401
    assert holder.user_info(token, signer=Signer("ES256")) == 401
    assert holder.rp.http("GET", holder.rp.metadata["userinfo_endpoint"], {"authorization": f"DPoP {token}"})[0] == 401


def test_the_scheme_is_told_in_any_case(holder):
    token = holder.redeem()[1]["access_token"]

    assert [holder.user_info(token, scheme=scheme) for scheme in ("dpop", "DPOP", "DpOp")] == [200] * 3


@pytest.mark.parametrize("seconds", [-10, 10])
def test_a_clock_that_is_ten_seconds_off_does_no_harm(holder, seconds):
    iat = int(holder.rp.now()) + seconds
    status, given = holder.redeem(holder.proof(holder.rp.metadata["token_endpoint"], iat=iat))

    assert status == 200
    assert holder.user_info(given["access_token"], iat=iat) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htm": None},
        {"htu": "https://elsewhere.example.com/oauth2/token"},
        {"htu": None},
        {"jti": None},
        {"iat": None},
        {"iat": 1_000_000_000},
        {"iat": 10_000_000_000},
    ],
)
def test_a_proof_that_lacks_or_bends_a_claim_is_refused(holder, changes):
    status, given = holder.redeem(holder.proof(holder.rp.metadata["token_endpoint"], **changes))

    assert (status, given["error"]) == (400, "invalid_dpop_proof")


def test_a_proof_of_another_make_is_refused(holder):
    endpoint = holder.rp.metadata["token_endpoint"]
    said, rsa = holder.claims(endpoint), Signer("RS256")
    stranger = Signer("ES256")
    unsigned = forged({"alg": "none", "typ": "dpop+jwt", "jwk": rsa.bare}, said, rsa.private).rpartition(".")[0] + "."

    for proof in (
        holder.signer.sign(said, kid=None, typ="JWT", jwk=holder.signer.bare),
        holder.signer.sign(said, kid=None, typ="dpop+jwt"),
        stranger.sign(said, kid=None, typ="dpop+jwt", jwk=holder.signer.bare),
        unsigned,
        "nonsense",
    ):
        status, given = holder.redeem(proof)
        assert (status, given["error"]) == (400, "invalid_dpop_proof")


def test_a_proof_that_comes_again_is_refused(holder):
    proof = holder.proof(holder.rp.metadata["token_endpoint"])

    assert holder.redeem(proof)[0] == 200
    assert holder.redeem(proof)[1]["error"] == "invalid_dpop_proof"


def test_a_code_that_was_asked_for_with_one_key_is_not_redeemed_with_another(holder):
    thumbprint = holder.signer.thumbprint

    assert holder.redeem(dpop_jkt=thumbprint)[0] == 200
    holder.signer = Signer("ES256")
    assert holder.redeem(dpop_jkt=thumbprint)[1]["error"] in ("invalid_grant", "invalid_dpop_proof")


def test_a_pushed_request_is_of_the_key_that_pushed_it(holder):
    endpoint = holder.rp.metadata["pushed_authorization_request_endpoint"]
    other = Signer("ES256").thumbprint

    def push(**changes):
        headers = {**holder.rp.basic(), "dpop": holder.proof(endpoint)}
        return holder.rp.http("POST", endpoint, headers, holder.rp.request(**changes))[0]

    assert push() == 201
    assert push(dpop_jkt=holder.signer.thumbprint) == 201
    assert push(dpop_jkt=other) == 400


def test_a_client_that_must_bind_its_tokens_gets_none_without_a_proof(holder, house):
    pool_options.set_for_client(house.call(), holder.rp.client_id, {"dpop_bound_access_tokens": "true"})
    told = holder.rp.authorize()
    form = {"grant_type": "authorization_code", "code": told.parameters["code"]}

    status, _, given = holder.rp.token(**form, redirect_uri=holder.rp.redirect_uri)

    assert (status, given["error"]) == (400, "invalid_dpop_proof")
    assert holder.redeem()[0] == 200
