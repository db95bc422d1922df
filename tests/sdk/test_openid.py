"""OpenID Connect clients that know nothing but the issuer sign somebody in, refresh, ask who it is, and sign out."""

import json
import re

import pytest
from joserfc.jwk import ECKey, OKPKey
from tests.sdk.apps import API, CALLBACK, SIGNED_OUT, make_app, make_machine
from tests.sdk.visitor import Visitor

pytestmark = pytest.mark.sdk


@pytest.fixture
def visitor(aws):
    with Visitor(aws) as visitor:
        yield visitor


def test_openid_client_signs_somebody_in_with_a_secret(aws, idp, node, visitor):
    app = make_app(idp, aws, GenerateSecret=True)

    facts = app.facts(callback=CALLBACK, signedOut=SIGNED_OUT)
    found = node("openid-client.mjs", aws, facts, answer=visitor.go)

    assert found == {
        "pkce": True,
        "sentBackWith": ["code", "iss", "state"],
        "otherIssuer": "OAUTH_INVALID_RESPONSE",
        "claims": {"name": "alice", "email": "alice@example.com", "nonce": True},
        "left": f"{SIGNED_OUT}?state=bye",
        "afterSignOut": "login_required",
        "usedCode": "invalid_grant",
        "user": {"username": "alice", "email": "alice@example.com", "name": "Alice Liddell", "sub": True},
        "type": "bearer",
        "lives": True,
        "refreshed": True,
        "revokedRefresh": "invalid_grant",
        "revokedAccess": "invalid_token",
    }


def test_oauth4webapi_signs_somebody_in_without_a_secret(aws, idp, node, visitor):
    app = make_app(idp, aws)

    found = node("oauth4webapi.mjs", aws, app.facts(callback=CALLBACK), answer=visitor.go)

    assert found == {
        "sameMetadata": True,
        "user": {"username": "alice", "email": "alice@example.com", "verified": "true", "name": None},
        "refreshed": True,
        "afterRevocation": "invalid_token",
    }


def test_openid_client_gets_a_token_for_a_program(aws, idp, node):
    app = make_machine(idp, aws)

    assert node("openid-client-machine.mjs", aws, app.facts()) == {
        "members": ["access_token", "expires_in", "token_type"],
        "scope": f"{API}/read",
        "all": f"{API}/read {API}/write",
        "subject": app.client_id,
        "unknown": "invalid_scope",
    }


@pytest.mark.parametrize("key", [ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")], ids=["ES256", "Ed25519"])
def test_openid_client_proves_itself_with_a_key_and_pushes_its_request(aws, idp, node, visitor, key):
    app = make_app(idp, aws)
    key.ensure_kid()
    published = json.dumps({"keys": [key.as_dict(private=False)]})
    aws.lido("client", "set", app.client_id, f"jwks={published}", "require_par=true")
    facts = app.facts(callback=CALLBACK, privateKey=key.as_dict(private=True))

    assert node("openid-client-keys.mjs", aws, facts, answer=visitor.go) == {
        "asks": ["client_id", "request_uri"],
        "unpushed": "invalid_request",
        "email": "alice@example.com",
        "alive": [True, "alice", True],
        "dead": {"active": False},
    }


def test_openid_client_registers_itself_and_people_are_asked(aws, idp, node, visitor):
    app = make_app(idp, aws)
    idp.update_user_pool(UserPoolId=app.pool_id, DcrConfiguration={"EnableStatus": "Enabled", "OpenDcrEnabled": True})

    found = node("openid-client-registration.mjs", aws, app.facts(callback=CALLBACK), answer=visitor.go)

    assert found == {"clientId": found["audience"], "audience": found["clientId"], "email": "alice@example.com"}
    assert found["clientId"] != app.client_id
    described = idp.describe_user_pool_client(UserPoolId=app.pool_id, ClientId=found["clientId"])
    assert described["UserPoolClient"]["ClientName"] == "Stranger"


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519"])
def test_openid_client_binds_its_tokens_to_a_key(aws, idp, node, visitor, algorithm):
    app = make_app(idp, aws)
    aws.lido("client", "set", app.client_id, "dpop_bound_access_tokens=true")
    facts = app.facts(callback=CALLBACK, algorithm=algorithm)

    assert node("openid-client-dpop.mjs", aws, facts, answer=visitor.go) == {
        "type": "dpop",
        "email": "alice@example.com",
        "stolen": 401,
        "refreshed": ["dpop", True],
        "stolenRefresh": "invalid_grant",
    }


def test_openid_client_lets_a_device_in(aws, idp, node, visitor):
    app = make_app(idp, aws)
    aws.lido("client", "set", app.client_id, "device_grant=true")

    found = node("openid-client-device.mjs", aws, app.facts(), answer=visitor.go)

    assert re.fullmatch("[A-Z]{4}-[A-Z]{4}", found.pop("code"))
    assert found == {"page": f"{app.issuer}/device", "interval": 5, "email": "alice@example.com"}
