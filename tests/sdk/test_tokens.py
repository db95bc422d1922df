"""Tokens are checked by others, who know only the issuer and what it publishes."""

import boto3
import jwt
import pytest
from tests.sdk.people import alice, make_tenant

pytestmark = pytest.mark.sdk


def test_pyjwt_verifies_both_tokens_by_the_published_keys(server, idp, tenant):
    tokens = alice(idp, tenant)
    issuer, client_id = f"{server.url}/{tenant.pool_id}", tenant.client_id
    access_token, id_token = tokens["AccessToken"], tokens["IdToken"]

    keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json")
    access_key = keys.get_signing_key_from_jwt(access_token)
    access = jwt.decode(access_token, access_key, algorithms=["RS256"], issuer=issuer)
    id_key = keys.get_signing_key_from_jwt(id_token)
    identity = jwt.decode(id_token, id_key, algorithms=["RS256"], issuer=issuer, audience=client_id)

    assert (access["token_use"], access["client_id"], access["username"]) == ("access", client_id, "alice")
    assert (identity["token_use"], identity["email"]) == ("id", "alice@example.com")
    assert access["sub"] == identity["sub"]
    assert access_key.key_id != id_key.key_id


def test_aws_jwt_verify_trusts_the_tokens_over_https(secure_server, real_time, monkeypatch, node):
    authority = str(secure_server.data_dir / "tls" / "ca.pem")
    for name, value in {**secure_server.env, "AWS_CA_BUNDLE": authority}.items():
        monkeypatch.setenv(name, value)
    idp = boto3.Session().client("cognito-idp")
    tenant = make_tenant(idp)
    tokens = alice(idp, tenant)
    facts = {
        "issuer": f"{secure_server.url}/{tenant.pool_id}",
        "clientId": tenant.client_id,
        "idToken": tokens["IdToken"],
        "accessToken": tokens["AccessToken"],
    }

    found = node("aws-jwt-verify.mjs", secure_server, facts, NODE_EXTRA_CA_CERTS=authority)

    assert (found["id"]["token_use"], found["id"]["aud"]) == ("id", tenant.client_id)
    assert (found["access"]["token_use"], found["access"]["client_id"]) == ("access", tenant.client_id)
    assert found["wrongUse"] == "CognitoJwtInvalidTokenUseError"
    assert found["forged"] == "JwtInvalidSignatureError"
    idp.close()
