"""Tokens bound to a key (RFC 9449): good with a fresh proof of that key, and with nothing else."""

from hashlib import sha256

import pytest
from tests.jose import Signer
from tests.machines import READ, add_api
from tests.oauth import CALLBACK, App
from tests.sign_ins import claims as claims_of
from tests.world import FLOWS

from lido.flows import pool_options
from lido.rules import base64url

INVALID = {"error": "invalid_dpop_proof"}
SCOPES = ["openid", "email", "aws.cognito.signin.user.admin"]


class Holder(App):
    """An app that holds a key and proves it wherever it goes."""

    def __init__(self, house, pool_id, **arguments):
        super().__init__(house, pool_id, **{"AllowedOAuthScopes": SCOPES, **arguments})
        self.signer = Signer("ES256")
        self.made = 0

    def proof(self, path="/oauth2/token", method="POST", token=None, **changes):
        self.made += 1
        said = {
            "jti": f"{self.client_id}-{self.made}",
            "htm": method,
            "htu": self.base + path,
            "iat": self.house.clock.now() // 1000,
        }
        if token is not None:
            said["ath"] = base64url.encode(sha256(token.encode()).digest())
        return self.signer.sign({**said, **changes}, kid=None, typ="dpop+jwt", jwk=self.signer.bare)

    def with_key(self, proof=None, **form):
        """Ask the token endpoint, with a proof."""
        client = {} if self.secret else {"client_id": self.client_id}
        header = {"dpop": proof or self.proof(), **(self.basic() if self.secret else {})}
        status, _, told = self.post("/oauth2/token", {**client, **form}, header)
        return status, told

    def bound(self, **params):
        code = self.code(self.browser(), **params)
        status, told = self.with_key(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert status == 200, told
        return told

    def user_info(self, authorization, proof=None):
        header = {"authorization": authorization} | ({"dpop": proof} if proof else {})
        return self.house.http("GET", f"{self.base}/oauth2/userInfo", header)

    def own_info(self, token):
        return self.user_info(f"DPoP {token}", self.proof("/oauth2/userInfo", "GET", token))[0]


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id, email="alice@example.com")
    return Holder(house, pool_id)


def test_tokens_are_bound_to_the_key_that_was_proven(app):
    told = app.bound()

    assert told["token_type"] == "DPoP"
    assert claims_of(told["access_token"])["cnf"] == {"jkt": app.signer.thumbprint}
    assert "cnf" not in claims_of(told["id_token"])
    assert app.own_info(told["access_token"]) == 200


def test_a_bound_token_is_nothing_without_its_key(app):
    token = app.bound()["access_token"]
    mine = app.signer

    status, headers, _ = app.user_info(f"Bearer {token}")
    assert (status, headers["www-authenticate"].split()[0]) == (401, "Bearer")
    status, headers, _ = app.user_info(f"DPoP {token}")
    assert (status, headers["www-authenticate"].split()[:2]) == (401, ["DPoP", 'error="invalid_dpop_proof",'])
    assert app.user_info(f"Bearer {token}", app.proof("/oauth2/userInfo", "GET", token))[0] == 401
    for proof in (
        app.proof("/oauth2/userInfo", "GET"),
        app.proof("/oauth2/userInfo", "GET", token="other"),
        app.proof("/oauth2/userInfo", "POST", token),
        app.proof("/oauth2/token", "GET", token),
        app.proof("/oauth2/userInfo", "GET", token, iat=app.house.clock.now() // 1000 - 61),
    ):
        assert app.user_info(f"DPoP {token}", proof)[0] == 401
    app.signer = Signer("ES256")
    assert app.own_info(token) == 401
    app.signer = mine
    assert app.own_info(token) == 200


def test_an_unbound_token_is_no_dpop_token(app):
    _, told = app.redeem(app.code(app.browser()))

    assert told["token_type"] == "Bearer"
    assert app.own_info(told["access_token"]) == 401
    assert app.user_info(f"Bearer {told['access_token']}")[0] == 200


def test_the_operations_of_aws_take_no_bound_token(app):
    token = app.bound()["access_token"]
    idp = app.house.idp_unsigned

    for operation, arguments in (
        (idp.get_user, {}),
        (idp.global_sign_out, {}),
        (idp.delete_user, {}),
        (idp.update_user_attributes, {"UserAttributes": [{"Name": "name", "Value": "x"}]}),
        (idp.change_password, {"PreviousPassword": "Passw0rd!", "ProposedPassword": "Passw0rd?"}),
        (idp.associate_software_token, {}),
    ):
        with pytest.raises(idp.exceptions.NotAuthorizedException, match="Invalid Access Token"):
            operation(AccessToken=token, **arguments)


def test_proofs_without_a_token_are_not_remembered(app):
    """Whoever has no token could else fill the table at will."""
    for number in range(3):
        token = f"x.y.{number}"
        assert app.user_info(f"DPoP {token}", app.proof("/oauth2/userInfo", "GET", token))[0] == 401

    with app.house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM spent")[0] == 0


def test_a_proof_counts_once(app):
    token = app.bound()["access_token"]
    proof = app.proof("/oauth2/userInfo", "GET", token)
    assert app.user_info(f"DPoP {token}", proof)[0] == 200
    assert app.user_info(f"DPoP {token}", proof)[0] == 401

    refresh = {"grant_type": "refresh_token", "refresh_token": "none"}
    again = app.proof()
    assert app.with_key(again, **refresh)[1] == {"error": "invalid_grant"}
    assert app.with_key(again, **refresh) == (400, INVALID)


def test_a_proof_that_is_wrong_gives_no_tokens_at_all(app):
    cookie = app.browser()
    for proof in ("nonsense", app.proof("/oauth2/revoke"), app.proof(method="GET"), app.proof(iat=0)):
        form = {"grant_type": "authorization_code", "code": app.code(cookie), "redirect_uri": CALLBACK}
        assert app.with_key(proof, **form) == (400, INVALID)


def test_the_refresh_token_of_a_public_client_is_bound_to_its_key(app):
    form = {"grant_type": "refresh_token", "refresh_token": app.bound()["refresh_token"]}
    mine = app.signer

    status, told = app.with_key(**form)
    assert (status, told["token_type"]) == (200, "DPoP")
    assert claims_of(told["access_token"])["cnf"] == {"jkt": mine.thumbprint}
    assert app.token(**form) == (400, {"error": "invalid_grant"})
    app.signer = Signer("EdDSA")
    assert app.with_key(**form) == (400, {"error": "invalid_grant"})
    app.signer = mine
    assert app.with_key(**form)[0] == 200


def test_a_rotated_token_in_its_grace_needs_the_key_too(house):
    pool_id = house.pool()
    house.user(pool_id)
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60}
    app = Holder(house, pool_id, RefreshTokenRotation=rotation, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    first = app.bound()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first}
    mine = app.signer

    _, told = app.with_key(**form)
    assert claims_of(told["access_token"])["cnf"] == {"jkt": mine.thumbprint}
    app.signer = Signer("ES256")
    assert app.with_key(**form) == (400, {"error": "invalid_grant"})
    assert app.token(**form) == (400, {"error": "invalid_grant"})
    app.signer = mine
    assert app.with_key(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 200, "nothing was killed"


def test_a_confidential_client_may_change_its_key_but_not_go_without(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = Holder(house, pool_id, GenerateSecret=True)
    form = {"grant_type": "refresh_token", "refresh_token": app.bound()["refresh_token"]}

    app.signer = Signer("PS256")
    _, told = app.with_key(**form)

    assert claims_of(told["access_token"])["cnf"] == {"jkt": app.signer.thumbprint}
    assert app.token(**form) == (400, {"error": "invalid_grant"})


def test_the_aws_door_continues_no_bound_session(app):
    token = app.bound()["refresh_token"]
    idp = app.house.idp_unsigned

    with pytest.raises(idp.exceptions.NotAuthorizedException):
        idp.get_tokens_from_refresh_token(ClientId=app.client_id, RefreshToken=token)
    with pytest.raises(idp.exceptions.NotAuthorizedException):
        idp.initiate_auth(
            ClientId=app.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        )


def test_no_door_continues_an_unbound_session_once_the_client_must_prove_a_key(app):
    given = app.redeem(app.code(app.browser()))[1]["refresh_token"]
    pool_options.set_for_client(app.house.call(root=True), app.client_id, {"dpop_bound_access_tokens": "true"})
    idp = app.house.idp_unsigned

    with pytest.raises(idp.exceptions.NotAuthorizedException):
        idp.get_tokens_from_refresh_token(ClientId=app.client_id, RefreshToken=given)
    with pytest.raises(idp.exceptions.NotAuthorizedException):
        idp.initiate_auth(
            ClientId=app.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": given}
        )
    assert app.token(grant_type="refresh_token", refresh_token=given) == (400, INVALID)
    assert app.with_key(grant_type="refresh_token", refresh_token=given)[1]["token_type"] == "DPoP"


def test_a_code_may_be_bound_to_the_key_that_will_redeem_it(app):
    cookie = app.browser()
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}

    code = app.code(cookie, dpop_jkt=app.signer.thumbprint)
    assert app.with_key(**form, code=code)[0] == 200
    assert app.redeem(app.code(cookie, dpop_jkt=app.signer.thumbprint))[0] == 400
    code = app.code(cookie, dpop_jkt=Signer("ES256").thumbprint)
    assert app.with_key(**form, code=code) == (400, {"error": "invalid_grant"})
    assert app.authorize(cookie, dpop_jkt="short")[1]["error"] == "invalid_request"


def test_a_pushed_request_binds_the_code_to_the_key_that_pushed_it(app):
    cookie = app.browser()
    asked = {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK}

    def push(**more):
        return app.post("/oauth2/par", {**asked, **more}, {"dpop": app.proof("/oauth2/par")})

    name = push()[2]["request_uri"]
    _, told = app.authorize(cookie, request_uri=name, response_type=None, redirect_uri=None)
    assert app.redeem(told["code"]) == (400, {"error": "invalid_grant"})
    assert push(dpop_jkt=Signer("ES256").thumbprint)[2] == INVALID
    assert push(dpop_jkt=app.signer.thumbprint)[0] == 201


def test_a_client_may_have_to_prove_a_key(app):
    pool_options.set_for_client(app.house.call(root=True), app.client_id, {"dpop_bound_access_tokens": "true"})

    assert app.redeem(app.code(app.browser())) == (400, INVALID)
    assert app.bound()["token_type"] == "DPoP"


def test_such_a_client_gets_no_tokens_in_a_fragment(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = App(house, pool_id, AllowedOAuthFlows=["implicit"])
    pool_options.set_for_client(house.call(root=True), app.client_id, {"dpop_bound_access_tokens": "true"})

    assert app.authorize(app.browser(), response_type="token")[1]["error_description"] == "unauthorized_client"


def test_an_api_learns_the_key_by_introspection(app):
    api = App(app.house, app.pool_id, GenerateSecret=True)
    token = app.bound()["access_token"]

    _, _, told = api.post("/oauth2/introspect", {"token": token}, api.basic())

    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": app.signer.thumbprint})


def test_the_token_of_a_machine_is_bound_too(house):
    pool_id = house.pool()
    add_api(house, pool_id)
    machines = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": [READ], "CallbackURLs": []}
    app = Holder(house, pool_id, GenerateSecret=True, **machines)

    status, told = app.with_key(grant_type="client_credentials")

    assert (status, told["token_type"]) == (200, "DPoP")
    assert claims_of(told["access_token"])["cnf"] == {"jkt": app.signer.thumbprint}
    _, _, seen = app.post("/oauth2/introspect", {"token": told["access_token"]}, app.basic())
    assert (seen["active"], seen["token_type"], seen["client_id"]) == (True, "DPoP", app.client_id)


def test_an_exchange_neither_takes_a_bound_token_nor_gives_an_unbound_one(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = Holder(house, pool_id, GenerateSecret=True, ExplicitAuthFlows=[*FLOWS, "ALLOW_TOKEN_EXCHANGE_IMPERSONATION"])
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    _, plain = app.redeem(app.code(app.browser(), scope="openid"))

    assert app.with_key(**form, subject_token=app.bound(scope="openid")["access_token"])[0] == 400
    status, told = app.with_key(**form, subject_token=plain["access_token"])

    assert (status, told["token_type"]) == (200, "DPoP")
    assert claims_of(told["access_token"])["cnf"] == {"jkt": app.signer.thumbprint}
