"""What a browser asks before a page of another origin may speak with Lido: fetch's preflight, and readable answers."""

import http.client
import json

import pytest

pytestmark = pytest.mark.sdk

PAGE = "https://app.example.com"
# What Amplify and the SDKs send beyond what every page may.
ASKED = {
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "cache-control",
    "content-type",
    "x-amz-target",
    "x-amz-user-agent",
}
SIGN_IN = {
    "Content-Type": "application/x-amz-json-1.1",
    "Origin": PAGE,
    "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
}


@pytest.fixture
def ask(server):
    connection = http.client.HTTPConnection("localhost", server.port, timeout=30)

    def ask(method, path="/", body=None, headers=None):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    yield ask
    connection.close()


def words(header):
    return {word.strip().lower() for word in header.split(",")}


def test_a_preflight_allows_what_browser_sdks_send(ask):
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    status, headers, body = ask("OPTIONS", headers={**asked, "Access-Control-Request-Headers": ",".join(sorted(ASKED))})

    assert (status, body) == (200, b"")
    assert headers["access-control-allow-origin"] in {"*", PAGE}
    assert "post" in words(headers["access-control-allow-methods"])
    assert words(headers["access-control-allow-headers"]) >= ASKED


def test_a_refusal_is_readable_by_the_page(ask, tenant):
    given = {
        "ClientId": tenant.client_id,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "nobody", "PASSWORD": "Passw0rd!"},
    }
    status, headers, body = ask("POST", body=json.dumps(given), headers=SIGN_IN)

    assert status == 400
    assert json.loads(body)["__type"] in {"UserNotFoundException", "NotAuthorizedException"}
    assert headers["access-control-allow-origin"] in {"*", PAGE}
    assert words(headers["access-control-expose-headers"]) >= {"x-amzn-requestid", "x-amzn-errortype"}


def test_pages_may_read_the_published_keys(ask, tenant):
    for document in ("jwks.json", "openid-configuration"):
        status, headers, _ = ask("GET", f"/{tenant.pool_id}/.well-known/{document}", headers={"Origin": PAGE})

        assert (status, headers["access-control-allow-origin"]) == (200, "*")
