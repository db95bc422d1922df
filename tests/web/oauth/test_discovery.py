"""The metadata of a pool: complete, at the addresses that clients can reach, and nothing that is not served."""

import json

import pytest
from tests.world import World, sign_by

CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/8c1b1e4a"}
COGNITO = {
    "authorization_endpoint",
    "id_token_signing_alg_values_supported",
    "issuer",
    "jwks_uri",
    "response_types_supported",
    "revocation_endpoint",
    "scopes_supported",
    "subject_types_supported",
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
    "userinfo_endpoint",
}


def metadata(house, pool_id, path="/{}/.well-known/openid-configuration"):
    status, headers, body = house.http("GET", f"http://lido.test{path.format(pool_id)}")
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    return json.loads(body)


@pytest.fixture
def pool_id(house):
    return house.pool()


def test_it_has_the_members_of_cognito_with_its_values(house, pool_id):
    said = metadata(house, pool_id)
    assert set(said) >= COGNITO
    base = f"{house.lido.settings.public_url}/{pool_id}"
    assert said["issuer"] == base
    assert said["jwks_uri"] == f"{base}/.well-known/jwks.json"
    assert said["authorization_endpoint"] == f"{base}/oauth2/authorize"
    assert said["token_endpoint"] == f"{base}/oauth2/token"
    assert said["userinfo_endpoint"] == f"{base}/oauth2/userInfo"
    assert said["revocation_endpoint"] == f"{base}/oauth2/revoke"
    assert said["response_types_supported"] == ["code", "token"]
    assert said["scopes_supported"] == ["openid", "email", "phone", "profile"]
    assert said["subject_types_supported"] == ["public"]
    assert said["id_token_signing_alg_values_supported"] == ["RS256"]
    assert said["token_endpoint_auth_methods_supported"][:2] == ["client_secret_basic", "client_secret_post"]
    assert list(said) == sorted(said)


def test_it_says_what_generic_clients_ask_for(house, pool_id):
    said = metadata(house, pool_id)
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["request_uri_parameter_supported"] is False
    assert "refresh_token" in said["grant_types_supported"]


def test_it_leads_to_what_cognito_lacks(house, pool_id):
    said = metadata(house, pool_id)
    base = said["token_endpoint"].removesuffix("/oauth2/token")
    assert said["introspection_endpoint"] == f"{base}/oauth2/introspect"
    assert said["pushed_authorization_request_endpoint"] == f"{base}/oauth2/par"
    assert said["device_authorization_endpoint"] == f"{base}/oauth2/device_authorization"
    assert said["dpop_signing_alg_values_supported"] == ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
    assert said["token_endpoint_auth_signing_alg_values_supported"] == ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
    assert "private_key_jwt" in said["token_endpoint_auth_methods_supported"]
    assert "none" not in said["introspection_endpoint_auth_methods_supported"]
    assert "urn:ietf:params:oauth:grant-type:device_code" in said["grant_types_supported"]


def test_it_says_whether_requests_must_be_pushed(house, pool_id):
    assert metadata(house, pool_id)["require_pushed_authorization_requests"] is False
    strict = house.pool(UserPoolTags={"lido:require_par": "true"})
    assert metadata(house, strict)["require_pushed_authorization_requests"] is True


def test_it_is_found_where_rfc_8414_looks_for_it(house, pool_id):
    said = metadata(house, pool_id)
    assert metadata(house, pool_id, "/{}/.well-known/oauth-authorization-server") == said
    assert metadata(house, pool_id, "/.well-known/oauth-authorization-server/{}") == said


def test_everything_it_leads_to_is_served(house, pool_id):
    for name, address in metadata(house, pool_id).items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert {house.http(method, address)[0] for method in ("GET", "POST")} != {404}, name


def test_without_the_implicit_grant_it_does_not_say_so(house, pool_id):
    from lido.flows import pool_options

    pool_options.set_for_pool(house.call(), pool_id, {"implicit_grant": "false"})
    said = metadata(house, pool_id)
    assert said["response_types_supported"] == ["code"]
    assert "implicit" not in said["grant_types_supported"]


def test_a_prefix_domain_is_not_led_to_unless_a_suffix_is_configured(house, pool_id):
    house.idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    assert metadata(house, pool_id)["token_endpoint"].startswith(house.lido.settings.public_url)


def test_clients_are_led_to_the_prefix_domain_and_before_it_to_the_custom_one(database):
    house = World(database, public_url="https://id.example.com:8443", domain_suffix="pools.example.com")
    sign_by(house.clock)
    pool_id = house.pool()

    def endpoint():
        return metadata(house, pool_id)["token_endpoint"]

    assert endpoint() == f"https://id.example.com:8443/{pool_id}/oauth2/token"
    house.idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    assert endpoint() == "https://acme.pools.example.com:8443/oauth2/token"
    house.idp.create_user_pool_domain(Domain="login.example.net", UserPoolId=pool_id, CustomDomainConfig=CERTIFICATE)
    assert endpoint() == "https://login.example.net:8443/oauth2/token"
    said = metadata(house, pool_id)
    assert said["issuer"] == f"https://id.example.com:8443/{pool_id}"
    assert said["jwks_uri"].startswith(said["issuer"])
    house.idp.delete_user_pool_domain(Domain="login.example.net", UserPoolId=pool_id)
    assert endpoint() == "https://acme.pools.example.com:8443/oauth2/token"
    house.close()


def test_it_does_not_repeat_the_host_of_a_request(house, pool_id):
    said = house.http(
        "GET",
        f"http://lido.test/{pool_id}/.well-known/openid-configuration",
        {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
    )[2]
    assert b"evil" not in said


def test_a_domain_has_no_metadata_of_its_own(house, pool_id):
    """It stands below the issuer, which is never a domain."""
    house.idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    for name in ("openid-configuration", "jwks.json", "oauth-authorization-server"):
        status, _, _ = house.http("GET", f"http://lido.test/.well-known/{name}", {"host": "acme.auth.localhost"})
        assert status == 404


def test_a_link_that_confirms_leads_to_the_custom_domain_and_works_there(house):
    from tests.web.test_confirmation import BY_LINK

    pool_id = house.pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=BY_LINK)
    house.idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, CustomDomainConfig=CERTIFICATE)
    house.idp_unsigned.sign_up(
        ClientId=house.app(pool_id)["ClientId"],
        Username="alice",
        Password="Passw0rd!",
        UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
    )
    link = house.messages("alice@example.com")[-1]["link"]
    base, _, query = link.partition("?")
    assert base == "http://login.example.com:9229/confirmUser"
    form = {"content-type": "application/x-www-form-urlencoded"}
    status, _, page = house.http("POST", base, form, query.encode())
    assert (status, b"Your registration has been confirmed!" in page) == (200, True)
