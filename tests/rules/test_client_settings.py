import msgspec
import pytest

from lido import errors
from lido.records import Folding, Pool
from lido.rules import client_settings, pool_settings
from lido.shapes import idp

POOL_ID = "eu-west-1_aB3dE5fG7"


@pytest.fixture(scope="module")
def pool():
    settings = pool_settings.created(
        idp.CreateUserPoolRequest(
            pool_name="people", schema=[idp.SchemaAttributeType(name="tier", attribute_data_type="String")]
        ),
        "eu-west-1",
    )
    return Pool(POOL_ID, "eu-west-1", "people", settings, Folding.SENSITIVE, 1, 0, 0)


def created(pool, *, has_secret=False, **members):
    request = msgspec.convert({"UserPoolId": POOL_ID, "ClientName": "app", **members}, idp.CreateUserPoolClientRequest)
    return client_settings.requested(request, pool, has_secret=has_secret)


OAUTH = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "CallbackURLs": ["https://example.com/in"],
}


def test_a_client_with_nothing_but_a_name_has_cognitos_defaults(pool):
    assert msgspec.to_builtins(created(pool).shape) == {
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
    }


def test_a_refresh_validity_of_zero_is_thirty(pool):
    assert created(pool, RefreshTokenValidity=0).shape.refresh_token_validity == 30


def test_an_update_replaces_everything_but_the_options(pool):
    request = idp.UpdateUserPoolClientRequest(user_pool_id=POOL_ID, client_id="c")
    settings = client_settings.requested(request, pool, has_secret=False, options={"hide_users": "true"})
    assert settings.shape == created(pool).shape
    assert settings.options == {"hide_users": "true"}


@pytest.mark.parametrize(
    "members",
    [
        {"AccessTokenValidity": 5, "TokenValidityUnits": {"AccessToken": "minutes"}},
        {"AccessTokenValidity": 300, "TokenValidityUnits": {"AccessToken": "seconds"}},
        {"IdTokenValidity": 1, "TokenValidityUnits": {"IdToken": "days"}},
        {"RefreshTokenValidity": 60, "TokenValidityUnits": {"RefreshToken": "minutes"}},
        {"RefreshTokenValidity": 3650},
    ],
)
def test_tokens_may_live_as_long_as_the_ranges_allow(pool, members):
    assert created(pool, **members)


@pytest.mark.parametrize(
    "members",
    [
        {"AccessTokenValidity": 4, "TokenValidityUnits": {"AccessToken": "minutes"}},
        {"AccessTokenValidity": 25},
        {"IdTokenValidity": 2, "TokenValidityUnits": {"IdToken": "days"}},
        {"RefreshTokenValidity": 59, "TokenValidityUnits": {"RefreshToken": "minutes"}},
        {"RefreshTokenValidity": 3651},
        {"TokenValidityUnits": {"IdToken": "minutes"}},
    ],
)
def test_other_lives_are_refused(pool, members):
    with pytest.raises(errors.InvalidParameter) as refusal:
        created(pool, **members)
    assert refusal.value.message == "Invalid range for token validity."


def test_no_token_outlives_the_refresh_token(pool):
    with pytest.raises(errors.InvalidParameter, match="must be less than or equal to refresh token"):
        created(pool, AccessTokenValidity=2, RefreshTokenValidity=1, TokenValidityUnits={"RefreshToken": "hours"})


@pytest.mark.parametrize(
    "members,fault,sentence",
    [
        (
            {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ADMIN_NO_SRP_AUTH"]},
            errors.InvalidParameter,
            "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.",
        ),
        (
            {"ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]},
            errors.InvalidParameter,
            "ALLOW_CLIENT_TOKEN_AUTH cannot be used with other auth flows.",
        ),
        (
            {"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"], "RefreshTokenRotation": {"Feature": "ENABLED"}},
            errors.InvalidParameter,
            "Refresh token rotation cannot be enabled together with the auth flow ALLOW_REFRESH_TOKEN_AUTH.",
        ),
        (
            {"AllowedOAuthFlowsUserPoolClient": True},
            errors.InvalidParameter,
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.",
        ),
        (
            {**OAUTH, "AllowedOAuthFlows": ["code", "client_credentials"]},
            errors.InvalidOAuthFlow,
            "client_credentials flow can not be selected along with code flow or implicit flow.",
        ),
        (
            {**OAUTH, "AllowedOAuthFlows": ["client_credentials"]},
            errors.InvalidOAuthFlow,
            "client_credentials flow can not be selected if client does not have a client secret.",
        ),
        (
            {**OAUTH, "CallbackURLs": []},
            errors.InvalidOAuthFlow,
            "CallbackUrls can not be empty when code flow or implicit flow is selected",
        ),
        (
            {**OAUTH, "AllowedOAuthScopes": ["openid", "photos/read"]},
            errors.ScopeDoesNotExist,
            "Invalid scope requested: photos/read",
        ),
        (
            {**OAUTH, "CallbackURLs": ["http://example.com"]},
            errors.InvalidParameter,
            "http://example.com cannot use the HTTP protocol.",
        ),
        (
            {"LogoutURLs": ["https://example.com/#out"]},
            errors.InvalidParameter,
            "https://example.com/#out cannot use fragment",
        ),
        (
            {**OAUTH, "DefaultRedirectURI": "https://example.com/other"},
            errors.InvalidParameter,
            "The default redirect URI https://example.com/other is not in the callback URIs list.",
        ),
        (
            {**OAUTH, "CallbackURLs": ["javascript:alert(1)"]},
            errors.InvalidParameter,
            "javascript:alert(1) is not a valid URL",
        ),
        ({**OAUTH, "CallbackURLs": ["example.com"]}, errors.InvalidParameter, "example.com is not a valid URL"),
        (
            {"SupportedIdentityProviders": ["COGNITO", "Google"]},
            errors.InvalidParameter,
            f"The provider Google does not exist for User Pool {POOL_ID}.",
        ),
        (
            {"EnablePropagateAdditionalUserContextData": True},
            errors.InvalidParameter,
            "Client Secret is required to set EnablePropagateAdditionalUserContextData as true",
        ),
        (
            {"AnalyticsConfiguration": {"ApplicationId": "a"}},
            errors.InvalidParameter,
            (
                "Invalid analytics configuration given, either <application arn> or "
                "<application id, role arn, external id> are valid"
            ),
        ),
        (
            {"WriteAttributes": ["email_verified"]},
            errors.InvalidParameter,
            "Invalid write attributes specified while creating a client",
        ),
        (
            {"ReadAttributes": ["custom:unknown"]},
            errors.InvalidParameter,
            "Invalid read attributes specified while creating a client",
        ),
    ],
)
def test_contradictions_are_refused_in_cognitos_words(pool, members, fault, sentence):
    with pytest.raises(fault) as refusal:
        created(pool, **members)
    assert refusal.value.message == sentence


@pytest.mark.parametrize(
    "url", ["http://localhost:3000/in", "http://127.0.0.1/in", "http://[::1]:8080/", "myapp://signed-in", "myapp:in"]
)
def test_local_and_app_urls_are_accepted(pool, url):
    assert created(pool, **{**OAUTH, "CallbackURLs": [url], "DefaultRedirectURI": url})


@pytest.mark.parametrize(
    "url", ["http://localhost.example.com/", "http://127.0.0.1.example.com", "http://a@example.com"]
)
def test_hosts_that_only_look_local_are_not(pool, url):
    with pytest.raises(errors.InvalidParameter, match="cannot use the HTTP protocol"):
        created(pool, **{**OAUTH, "CallbackURLs": [url]})


def test_a_secret_allows_what_needs_one(pool):
    assert created(
        pool,
        has_secret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["aws.cognito.signin.user.admin"],
        EnablePropagateAdditionalUserContextData=True,
    )


@pytest.mark.parametrize(
    "config",
    [
        {"ApplicationArn": "arn:aws:mobiletargeting:eu-west-1:123456789012:apps/x"},
        {"ApplicationId": "a", "RoleArn": "arn:aws:iam::123456789012:role/x", "ExternalId": "e"},
    ],
)
def test_both_forms_of_analytics_are_accepted(pool, config):
    assert created(pool, AnalyticsConfiguration=config)


def test_lists_may_name_custom_attributes(pool):
    assert created(pool, ReadAttributes=["email", "custom:tier"], WriteAttributes=["custom:tier"])


@pytest.mark.parametrize(
    "url",
    ["https://example.com:99999/in", "https://example.com:x/in", "blob:https://example.com/1", "file:///etc/passwd"],
)
def test_what_no_browser_could_be_sent_to_is_no_callback(pool, url):
    with pytest.raises(errors.InvalidParameter, match="is not a valid URL"):
        created(pool, **{**OAUTH, "CallbackURLs": [url]})


def test_scopes_of_resource_servers_are_taken_where_they_exist(pool):
    members = {**OAUTH, "AllowedOAuthScopes": ["openid", "api/read"]}
    request = msgspec.convert({"UserPoolId": POOL_ID, "ClientName": "app", **members}, idp.CreateUserPoolClientRequest)
    settings = client_settings.requested(request, pool, has_secret=False, custom_scopes={"api/read"})
    assert settings.shape.allowed_o_auth_scopes == ["openid", "api/read"]
    with pytest.raises(errors.ScopeDoesNotExist, match="Invalid scope requested: api/read"):
        client_settings.requested(request, pool, has_secret=False, custom_scopes={"api/write"})
