"""Clients that prove themselves by a token they signed (RFC 7523): each token once, for here, for now."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.jose import Signer, forged, key_set
from tests.machines import READ, add_api
from tests.oauth import App
from tests.world import World, sign_by

from lido.flows import pool_options

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REFUSED = {"error": "invalid_client"}


class Keyed(App):
    """An app whose client has the public key of `signer`."""

    def __init__(self, house, pool_id, algorithm="ES256", **arguments):
        super().__init__(house, pool_id, **arguments)
        self.signer = Signer(algorithm)
        self.set(jwks=key_set(self.signer))
        self.made = 0

    def set(self, **options):
        pool_options.set_for_client(self.house.call(root=True), self.client_id, options)

    def claims(self, **changes):
        now = self.house.clock.now() // 1000
        self.made += 1
        said = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.base}/oauth2/token",
            "jti": f"jti-{self.made}",
            "iat": now,
            "exp": now + 60,
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def assertion(self, **changes):
        return self.signer.sign(self.claims(**changes))

    def proven(self, **changes):
        return {"client_assertion_type": TYPE, "client_assertion": self.assertion(**changes)}

    def ask(self, proof):
        """Whether the token endpoint takes the proof: it goes on to the code, which is wrong."""
        status, _, told = self.post("/oauth2/token", {"grant_type": "authorization_code", "code": "none", **proof})
        assert status == 400
        return told == {"error": "invalid_grant"}


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    return Keyed(house, pool_id)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_a_client_gets_tokens_and_asks_about_them_with_its_key(house, algorithm):
    pool_id = house.pool()
    house.user(pool_id)
    app = Keyed(house, pool_id, algorithm)
    code = {"grant_type": "authorization_code", "redirect_uri": "https://app.example.com/callback"}

    _, _, told = app.post("/oauth2/token", {**code, "code": app.code(app.browser()), **app.proven()})
    refreshing = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"], "client_id": app.client_id}

    assert app.post("/oauth2/token", {**refreshing, **app.proven()})[0] == 200
    issuer = app.base
    asked = app.post("/oauth2/introspect", {"token": told["access_token"], **app.proven(aud=[issuer])})
    assert asked[2]["active"] is True


def test_an_assertion_works_once(app):
    proof = app.proven()

    assert app.ask(proof)
    assert not app.ask(proof)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"aud": None},
        {"aud": "https://elsewhere.example.com/oauth2/token"},
        {"aud": []},
        {"aud": {}},
        {"aud": 5},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 300},
        {"exp": None},
        {"exp": "1e9"},
        {"exp": 1e400},
        {"exp": True},
        {"exp": -1},
    ],
)
def test_an_assertion_that_lacks_or_bends_a_claim_is_refused(app, changes):
    assert not app.ask(app.proven(**changes))


def test_an_assertion_is_for_this_server_alone(app):
    base = app.base

    assert app.ask(app.proven(aud=base))
    assert app.ask(app.proven(aud=[base, f"{base}/oauth2/token"]))
    for other in (f"{base}/", f"{base}/oauth2/revoke", f"{base}/oauth2/token/", base.upper(), f"{base}/oauth2/token?"):
        assert not app.ask(app.proven(aud=other))
    assert not app.ask(app.proven(aud=[base, "https://elsewhere.example.com"])), "the other one could bring it here"


def test_an_assertion_is_for_now(app):
    now = app.house.clock.now() // 1000

    assert app.ask(app.proven(exp=now + 300))
    assert app.ask(app.proven(exp=now + 1, nbf=now))
    for changes in (
        {"exp": now},
        {"exp": now + 400},
        {"exp": 10**15},
        {"nbf": now + 60},
        {"iat": now + 60},
        {"nbf": "0"},
    ):
        assert not app.ask(app.proven(**changes))


def test_no_other_key_or_algorithm_will_do(app):
    stranger = Signer("ES256")
    rsa = Signer("RS256")
    public = json.dumps(app.signer.jwk).encode()

    for token in (
        stranger.sign(app.claims()),
        stranger.sign(app.claims(), jwk=stranger.jwk),
        rsa.sign(app.claims()),
        app.signer.sign(app.claims(), kid="k2"),
        app.signer.sign(app.claims(), kid="../../etc/passwd"),
        app.signer.sign(app.claims(), typ="dpop+jwt"),
        forged({"alg": "none"}, app.claims(), rsa.private).rpartition(".")[0] + ".",
        forged({"alg": "HS256", "kid": "k1"}, app.claims(), rsa.private),
        public.decode(),
        "",
    ):
        assert not app.ask({"client_assertion_type": TYPE, "client_assertion": token})
    assert app.ask({"client_assertion_type": TYPE, "client_assertion": app.signer.sign(app.claims(), kid=None)})


def test_a_client_cannot_prove_another(app):
    other = Keyed(app.house, app.pool_id)

    assert not app.ask({"client_assertion_type": TYPE, "client_assertion": other.signer.sign(app.claims())})
    assert not app.ask({**app.proven(), "client_id": other.client_id})
    assert app.ask({**app.proven(), "client_id": app.client_id})


def test_a_client_with_a_key_cannot_use_its_secret(house):
    app = Keyed(house, house.pool(), GenerateSecret=True)
    secret = {"client_id": app.client_id, "client_secret": app.secret}
    form = {"grant_type": "refresh_token", "refresh_token": "none"}

    assert app.post("/oauth2/token", {**form, **secret})[2]["error"] == "invalid_client"
    assert app.post("/oauth2/token", form, app.basic())[2]["error"] == "invalid_client"
    assert app.post("/oauth2/token", {**form, "client_id": app.client_id})[2]["error"] == "invalid_client"
    assert app.post("/oauth2/token", {**form, **app.proven(), "client_secret": app.secret})[2] == {
        "error": "invalid_request"
    }


def test_a_client_without_keys_cannot_use_an_assertion(app):
    app.set(jwks="")
    assert not app.ask(app.proven())
    app.set(token_endpoint_auth_method="private_key_jwt")
    assert not app.ask(app.proven())
    assert not app.ask({"client_id": app.client_id}), "it is not a public client either"


def test_a_client_proves_itself_as_it_was_registered(house):
    app = Keyed(house, house.pool(), GenerateSecret=True)
    form = {"grant_type": "authorization_code", "code": "none"}
    posted = {**form, "client_id": app.client_id, "client_secret": app.secret}

    app.set(jwks="", token_endpoint_auth_method="client_secret_basic")
    assert app.post("/oauth2/token", form, app.basic())[2]["error"] == "invalid_grant"
    assert app.post("/oauth2/token", posted)[2]["error"] == "invalid_client"
    app.set(token_endpoint_auth_method="")
    assert app.post("/oauth2/token", posted)[2]["error"] == "invalid_grant"


def test_refresh_tokens_of_a_client_with_a_key_are_not_continued_without_it(app):
    form = {"grant_type": "authorization_code", "redirect_uri": "https://app.example.com/callback"}
    _, _, told = app.post("/oauth2/token", {**form, "code": app.code(app.browser()), **app.proven()})

    with pytest.raises(app.house.idp_unsigned.exceptions.NotAuthorizedException):
        app.house.idp_unsigned.get_tokens_from_refresh_token(ClientId=app.client_id, RefreshToken=told["refresh_token"])
    with pytest.raises(app.house.idp_unsigned.exceptions.NotAuthorizedException):
        app.house.idp_unsigned.initiate_auth(
            ClientId=app.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": told["refresh_token"]},
        )


def test_operations_that_take_a_secret_refuse_a_client_with_a_key(house):
    pool_id = house.pool()
    add_api(house, pool_id)
    machines = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": [READ], "CallbackURLs": []}
    app = Keyed(house, pool_id, GenerateSecret=True, ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"], **machines)
    idp = house.idp_unsigned

    for secret in (app.secret, "x" * 30):
        with pytest.raises(idp.exceptions.ClientError) as refusal:
            idp.get_client_token(ClientId=app.client_id, Secret=secret)
        assert refusal.value.response["Error"]["Code"] == "NotAuthorizedException"
        with pytest.raises(idp.exceptions.ClientError) as refusal:
            idp.revoke_token(ClientId=app.client_id, ClientSecret=secret, Token="none")
        assert refusal.value.response["Error"]["Code"] == "UnauthorizedException"


class Publisher:
    """A server that publishes a key set and counts who asks."""

    def __init__(self, text):
        self.text = text
        self.asked = 0
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(publisher.text.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks.json"

    def __enter__(self):
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def open_house(database):
    world = World(database, private_destinations="127.0.0.0/8")
    sign_by(world.clock)
    yield world
    world.close()


def test_published_keys_are_fetched_kept_and_fetched_again_when_an_unknown_one_is_used(open_house):
    app = Keyed(open_house, open_house.pool())
    with Publisher(key_set(app.signer)) as publisher:
        app.set(jwks="", jwks_uri=publisher.url)
        assert app.ask(app.proven())
        assert app.ask(app.proven())
        assert publisher.asked == 1

        app.signer = Signer("PS256", kid="k2")
        publisher.text = key_set(app.signer)
        assert not app.ask(app.proven()), "it was fetched within this minute"
        for _ in range(20):
            app.ask(app.proven())
        assert publisher.asked == 1, "unknown keys make no storm"
        open_house.clock.advance(seconds=60)
        assert app.ask(app.proven())
        assert publisher.asked == 2


def test_a_withdrawn_key_counts_no_longer_than_ten_minutes(open_house):
    app = Keyed(open_house, open_house.pool())
    with Publisher(key_set(app.signer)) as publisher:
        app.set(jwks="", jwks_uri=publisher.url)
        assert app.ask(app.proven())
        publisher.text = key_set(Signer("ES256", kid="other"))
        open_house.clock.advance(seconds=600)
        assert not app.ask(app.proven())


@pytest.mark.parametrize("text", ["", "nonsense", '{"keys":[]}', " " * 100_000])
def test_what_is_no_key_set_proves_nothing(open_house, text):
    app = Keyed(open_house, open_house.pool())
    with Publisher(text) as publisher:
        app.set(jwks="", jwks_uri=publisher.url)
        assert not app.ask(app.proven())
        assert publisher.asked == 1


def test_keys_are_not_fetched_from_private_addresses(house):
    app = Keyed(house, house.pool())
    with Publisher(key_set(app.signer)) as publisher:
        for url in (publisher.url, "http://169.254.169.254/latest", "https://localhost/jwks"):
            app.set(jwks="", jwks_uri=url)
            assert not app.ask(app.proven())
        assert publisher.asked == 0


@pytest.mark.parametrize("value", ["{}", '{"keys":[]}', "nonsense", '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'])
def test_a_set_without_a_usable_key_cannot_be_registered(app, value):
    with pytest.raises(ValueError, match="jwks takes key set"):
        app.set(jwks=value)


def test_pools_have_no_keys(house):
    with pytest.raises(ValueError, match="There is no setting jwks"):
        pool_options.set_for_pool(house.call(root=True), house.pool(), {"jwks": key_set(Signer("ES256"))})
