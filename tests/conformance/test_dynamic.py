"""The plan of clients that register themselves (OpenID Connect Dynamic Client Registration 1.0, RFC 7591)."""

import jwt
import pytest
from tests.conformance.plans import module
from tests.conformance.publisher import publishing
from tests.conformance.registrar import CALLBACK, Registrar
from tests.jose import Signer

from lido.flows import access, key_rotation
from lido.ports.key_sets import PublishedKeySets
from lido.ports.outgoing import Outgoing

PLANS = ["oidcc-dynamic-certification-test-plan"]

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TWO_HOURS = 7_200


@pytest.fixture
def settings():
    return {"DcrConfiguration": {"OpenDcrEnabled": True}}


@pytest.fixture
def publisher(house, tmp_path):
    """Where an app publishes its keys; the server believes the authority of these tests."""
    with publishing(tmp_path / "authority") as (publisher, authority):
        outgoing = Outgoing(["127.0.0.0/8"], authority=authority)
        house.lido.key_sets = PublishedKeySets(outgoing, waiting=1)
        yield publisher
        outgoing.close()


@pytest.fixture
def registrar(house, pool_id):
    return Registrar(house, pool_id)


@pytest.fixture
def rp(registrar):
    return registrar.app()[0]


@module("oidcc-idtoken-rs256")
def test_a_client_that_registers_rs256_gets_such_id_tokens(registrar):
    rp, told = registrar.app(id_token_signed_response_alg="RS256")

    assert told["id_token_signed_response_alg"] == "RS256"
    assert jwt.get_unverified_header(rp.sign_in()[1].id)["alg"] == "RS256"


@module("oidcc-ensure-redirect-uri-in-authorization-request", differs="the only registered address is taken")
def test_a_request_without_a_redirect_uri_leads_to_an_error(rp):
    shown = rp.send(rp.request(redirect_uri=None))

    assert (shown.status, shown.left) == (400, "")


@module("oidcc-redirect-uri-query-OK")
def test_a_registered_address_keeps_its_query(registrar):
    rp, _ = registrar.app(redirect_uris=[f"{CALLBACK}?foo=bar"])

    told = rp.authorize()

    assert told.parameters["foo"] == "bar"
    assert rp.redeem(told).identity["sub"]


@module("oidcc-redirect-uri-query-mismatch")
def test_an_address_with_another_query_leads_to_an_error(registrar):
    rp, _ = registrar.app(redirect_uris=[f"{CALLBACK}?foo=bar"])

    shown = rp.send(rp.request(redirect_uri=f"{CALLBACK}?bar=foo"))

    assert (shown.status, shown.left) == (400, "")


@module("oidcc-redirect-uri-query-added")
def test_an_address_with_a_query_that_was_not_registered_leads_to_an_error(rp):
    shown = rp.send(rp.request(redirect_uri=f"{CALLBACK}?foo=bar"))

    assert (shown.status, shown.left) == (400, "")


@module("oidcc-redirect-uri-regfrag")
def test_an_address_with_a_fragment_is_not_registered(registrar):
    status, told = registrar.ask(redirect_uris=[f"{CALLBACK}#fragment"])

    assert (status, told["error"]) == (400, "invalid_redirect_uri")


@module("oidcc-discovery-endpoint-verification")
def test_the_metadata_leads_to_registration(registrar):
    assert registrar.metadata["registration_endpoint"].startswith(registrar.issuer)


@module("oidcc-server")
def test_a_registered_client_gets_a_code_and_tokens(rp):
    told, tokens = rp.sign_in()

    assert told.asked
    assert rp.user_info_status(tokens) == 200


@module("oidcc-registration-policy-uri")
def test_the_policy_of_an_app_is_shown_to_whoever_is_asked_about_it(registrar):
    rp, told = registrar.app(policy_uri="https://rp.example.com/policy")

    assert told["policy_uri"] == "https://rp.example.com/policy"
    assert told["policy_uri"] in asked(rp).page.links.values()


@module("oidcc-registration-tos-uri")
def test_the_terms_of_an_app_are_shown_to_whoever_is_asked_about_it(registrar):
    rp, told = registrar.app(tos_uri="https://rp.example.com/terms")

    assert told["tos_uri"] == "https://rp.example.com/terms"
    assert told["tos_uri"] in asked(rp).page.links.values()


def asked(rp):
    """The page that asks whether the app may be let in."""
    return rp.send(rp.request()).submit(username="alice", password="Passw0rd!")


@module("oidcc-registration-sector-bad")
def test_a_sector_identifier_is_refused(registrar):
    status, told = registrar.ask(sector_identifier_uri="https://rp.example.com/sector.json")

    assert (status, told["error"]) == (400, "invalid_client_metadata")
    assert registrar.metadata["subject_types_supported"] == ["public"]


@module("oidcc-server-rotate-keys")
def test_rotated_keys_are_published_and_sign_later(rp, house, pool_id):
    _, first = rp.sign_in()
    call = house.call()
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
    coming = {key.kid for key in key_rotation.rotate_signing_keys(call, pool)}
    assert coming <= {key["kid"] for key in rp.json("GET", rp.metadata["jwks_uri"])["keys"]}
    house.clock.advance(seconds=TWO_HOURS)
    call = house.call()
    with call.db.write() as tx:
        key_rotation.advance(call, tx, pool_id)

    _, second = rp.sign_in(prompt="login")

    kid = jwt.get_unverified_header(second.id)["kid"]
    assert kid in coming
    assert kid != jwt.get_unverified_header(first.id)["kid"]


@module("oidcc-ensure-request-object-with-redirect-uri")
def test_a_request_object_does_not_lead_around_the_registered_addresses(rp):
    right = rp.request()

    request = jwt.encode(right, None, algorithm="none")
    shown = rp.send({**right, "redirect_uri": f"{CALLBACK}/random", "request": request})

    assert (shown.status, shown.left) == (400, "")


@module("oidcc-refresh-token")
def test_refresh_tokens_of_registered_clients_are_bound_to_them(registrar, house):
    grants = ["authorization_code", "refresh_token"]
    first, told = registrar.app(grant_types=grants)
    second, _ = registrar.app(grant_types=grants)
    assert set(told["grant_types"]) == set(grants)
    mine, others = first.sign_in()[1], second.sign_in()[1]
    house.clock.advance(seconds=2)

    status, given = first.refresh(mine.refresh)

    assert status == 200
    assert first.verify(given["id_token"], access=given["access_token"])["sub"] == mine.identity["sub"]
    assert first.refresh(others.refresh)[1]["error"] == "invalid_grant"


class Keyed:
    """An app that proves itself with a key that it may change."""

    def __init__(self, registrar, **changes):
        self.signer = Signer("RS256")
        keys = {"jwks": {"keys": [self.signer.jwk]}, **changes}
        self.rp, self.told = registrar.app(token_endpoint_auth_method="private_key_jwt", **keys)
        self.made = 0

    def proof(self, **changes):
        """An assertion (RFC 7523), once; its audience is the issuer."""
        self.made += 1
        now = int(self.rp.now())
        claims = {"iss": self.rp.client_id, "sub": self.rp.client_id, "aud": self.rp.issuer, **changes}
        life = {"jti": f"{self.rp.client_id}-{self.made}", "iat": now, "exp": now + 60}
        return {"client_assertion_type": ASSERTION, "client_assertion": self.signer.sign({**claims, **life})}

    def tokens(self):
        """What a fresh code is exchanged for."""
        told = self.rp.authorize()
        return self.rp.redeem(told, by="assertion", **self.proof())


@module("oidcc-ensure-client-assertion-with-iss-aud-succeeds")
def test_an_assertion_whose_audience_is_the_issuer_proves_a_client(registrar):
    app = Keyed(registrar)

    assert "client_secret" not in app.told
    assert app.tokens().identity["sub"]


@module("oidcc-registration-jwks-uri")
def test_keys_may_stand_at_an_address(registrar, publisher):
    app = Keyed(registrar, jwks=None, jwks_uri=publisher.url)
    assert app.told["jwks_uri"] == publisher.url
    publisher.content = {"keys": [app.signer.jwk]}

    assert app.tokens().identity["sub"]
    app.signer = Signer("RS256")
    told = app.rp.authorize()
    form = {"grant_type": "authorization_code", "code": told.parameters["code"], "redirect_uri": CALLBACK}
    assert app.rp.token(by="assertion", **form, **app.proof())[2]["error"] == "invalid_client"


@module("oidcc-refresh-token-rp-key-rotation")
def test_a_client_changes_its_keys_and_goes_on(registrar, publisher, house):
    app = Keyed(registrar, jwks=None, jwks_uri=publisher.url)
    publisher.content = {"keys": [app.signer.jwk]}
    tokens = app.tokens()
    app.signer = Signer("RS256", kid="k2")
    publisher.content = {"keys": [app.signer.jwk]}
    house.clock.advance(minutes=2)

    status, given = app.rp.refresh(tokens.refresh, by="assertion", **app.proof())

    assert status == 200
    assert app.rp.verify(given["id_token"], access=given["access_token"])["sub"] == tokens.identity["sub"]
