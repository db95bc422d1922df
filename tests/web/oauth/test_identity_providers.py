"""Identity providers at the endpoints of OAuth: none can be signed in with yet, and tokens tell who is linked."""

import json

import jwt
import pytest
from tests.oauth import CALLBACK, App

GOOGLE = {"client_id": "id", "client_secret": "secret", "authorize_scopes": "email"}
NOT_AVAILABLE = "Login option is not available. Please try another one"


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    house.idp.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName="Google",
        ProviderType="Google",
        ProviderDetails=GOOGLE,
        IdpIdentifiers=["example.com"],
    )
    return App(house, pool_id, SupportedIdentityProviders=["COGNITO", "Google"])


@pytest.mark.parametrize(
    "asked", [{"identity_provider": "Google"}, {"identity_provider": "Nobody"}, {"idp_identifier": "example.com"}]
)
def test_a_sign_in_with_a_provider_is_refused_whoever_is_signed_in(app, asked):
    for cookie in (None, app.browser()):
        address, told = app.authorize(cookie, state="s", **asked)
        assert address == CALLBACK
        assert (told["error"], told["error_description"]) == ("invalid_request", NOT_AVAILABLE)
        assert told["state"] == "s"
        assert "code" not in told


@pytest.mark.parametrize("asked", [{"identity_provider": "COGNITO"}, {"identity_provider": ""}])
def test_the_pools_own_users_may_be_asked_for(app, asked):
    assert "code" in app.authorize(app.browser(), **asked)[1]


def test_the_pages_show_no_provider(app):
    status, _, page = app.get("/login", client_id=app.client_id, response_type="code", redirect_uri=CALLBACK)
    assert status == 200
    assert b"Google" not in page
    assert b"example.com" not in page.replace(CALLBACK.encode(), b"").replace(b"app.example.com", b"")


def test_tokens_and_user_info_tell_who_is_linked(app):
    app.house.idp.admin_link_provider_for_user(
        UserPoolId=app.pool_id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "alice"},
        SourceUser={
            "ProviderName": "Google",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "112177",
        },
    )
    tokens = app.redeem(app.code(app.browser(), scope="openid email"))[1]
    [linked] = jwt.decode(tokens["id_token"], options={"verify_signature": False})["identities"]
    assert (linked["userId"], linked["primary"], linked["issuer"]) == ("112177", "false", None)
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    _, _, body = app.house.http("GET", f"http://lido.test/{app.pool_id}/oauth2/userInfo", headers)
    [told] = json.loads(json.loads(body)["identities"])
    assert (told["userId"], told["primary"]) == ("112177", False)
