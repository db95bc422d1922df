"""The plan of a provider's metadata, behind an https address."""

import json
from urllib.parse import urlsplit

import jwt
import pytest
from tests.conformance.conftest import STANDARD
from tests.conformance.plans import module
from tests.world import World, sign_by

PLANS = ["oidcc-config-certification-test-plan"]

REQUIRED = {
    *("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"),
    *("response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"),
    *("scopes_supported", "claims_supported", "grant_types_supported", "token_endpoint_auth_methods_supported"),
}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture
def secure_house(database):
    house = World(database, public_url="https://id.example.com")
    sign_by(house.clock)
    yield house
    house.close()


def fetched(house, url):
    status, headers, body = house.http("GET", url)
    assert (status, headers["content-type"].partition(";")[0]) == (200, "application/json")
    return json.loads(body)


@module("oidcc-discovery-endpoint-verification")
def test_the_metadata_is_complete_and_every_address_in_it_is_https(secure_house, kind):
    issuer = f"https://id.example.com/{secure_house.pool(UserPoolTags=STANDARD if kind == 'standard' else {})}"

    said = fetched(secure_house, f"{issuer}/.well-known/openid-configuration")

    assert said["issuer"] == issuer
    assert said.keys() >= REQUIRED
    for name, value in said.items():
        if name.endswith(("_endpoint", "_uri")):
            assert urlsplit(value).scheme == "https", name
            assert "#" not in value, name
        if name.endswith(("_supported", "_required")):
            assert isinstance(value, bool) or (value and all(isinstance(item, str) for item in value)), name
    assert "code" in said["response_types_supported"]
    assert "openid" in said["scopes_supported"]
    assert "public" in said["subject_types_supported"]
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert "none" not in said["id_token_signing_alg_values_supported"]
    assert {"authorization_code", "refresh_token"} <= set(said["grant_types_supported"])
    assert {"sub", "iss", "auth_time"} <= set(said["claims_supported"])
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert not said.get("claims_parameter_supported")


@module("oidcc-discovery-endpoint-verification")
def test_the_published_keys_verify_and_give_nothing_private_away(secure_house, kind):
    issuer = f"https://id.example.com/{secure_house.pool(UserPoolTags=STANDARD if kind == 'standard' else {})}"

    keys = fetched(secure_house, fetched(secure_house, f"{issuer}/.well-known/openid-configuration")["jwks_uri"])[
        "keys"
    ]

    assert len({key["kid"] for key in keys}) == len(keys) > 0
    for key in keys:
        assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
        assert not PRIVATE & key.keys()
        assert jwt.PyJWK(key).key.key_size >= 2048
