"""GetClientToken: machines' tokens without the token endpoint."""

import pytest
from tests.jose import Signer, key_set
from tests.machines import API, READ, WRITE, add_api
from tests.sign_ins import claims as claims_of
from tests.triggers.conftest import ARN, answering, functions, raising, triggered

from lido.flows import pool_options

__all__ = ["functions", "triggered"]


def machine(house, pool_id, **arguments):
    given = {
        "GenerateSecret": True,
        "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"],
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": [READ, WRITE],
        **arguments,
    }
    return house.app(pool_id, **given)


@pytest.fixture
def pool_id(house):
    pool_id = house.pool()
    add_api(house, pool_id)
    return pool_id


@pytest.fixture
def app(house, pool_id):
    return machine(house, pool_id)


def ask(house, app, **arguments):
    given = {"ClientId": app["ClientId"], "Secret": app.get("ClientSecret"), **arguments}
    return house.idp_unsigned.get_client_token(**given)["ClientAuthenticationResult"]


def refusal(house, app, **arguments):
    with pytest.raises(house.idp.exceptions.ClientError) as refused:
        ask(house, app, **arguments)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def test_a_machine_gets_a_token_by_its_secret_alone(house, app):
    told = ask(house, app, Scopes=[READ])

    assert set(told) == {"AccessToken", "ExpiresIn", "TokenType"}
    assert (told["ExpiresIn"], told["TokenType"]) == (3600, "Bearer")
    said = claims_of(told["AccessToken"])
    assert (said["sub"], said["client_id"], said["scope"]) == (app["ClientId"], app["ClientId"], READ)
    assert said["token_use"] == "access"
    assert not {"version", "username", "origin_jti"} & set(said)


def test_without_scopes_it_has_all_of_the_clients(house, app):
    assert claims_of(ask(house, app)["AccessToken"])["scope"] == f"{READ} {WRITE}"


def test_whatever_signature_a_client_library_adds_counts_for_nothing(house, app):
    stranger = house.boto("AKIASTRANGERSTRANGER", "unknown")

    told = stranger.get_client_token(ClientId=app["ClientId"], Secret=app["ClientSecret"])

    assert told["ClientAuthenticationResult"]["AccessToken"]
    house.access_key("AKIADENIEDDENIED1234", "secret", '{"Statement": []}')
    denied = house.boto("AKIADENIEDDENIED1234", "secret")
    assert denied.get_client_token(ClientId=app["ClientId"], Secret=app["ClientSecret"])


def test_a_wrong_secret_an_unknown_and_a_public_client_look_the_same(house, pool_id, app):
    public = house.app(pool_id)
    invalid = ("NotAuthorizedException", "Invalid client or secret")

    assert refusal(house, app, Secret="w" * 51) == invalid
    assert refusal(house, app, ClientId="unknown") == invalid
    assert refusal(house, public, Secret="w" * 51) == invalid


def test_the_client_must_allow_it(house, pool_id):
    app = machine(house, pool_id, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])

    assert refusal(house, app) == (
        "InvalidParameterException",
        "CLIENT_TOKEN_AUTH flow not enabled for this client",
    )


def test_scopes_that_the_client_may_not_have_are_refused(house, pool_id, app):
    narrow = machine(house, pool_id, AllowedOAuthScopes=[READ])

    assert refusal(house, narrow, Scopes=[WRITE])[0] == "InvalidParameterException"
    assert refusal(house, app, Scopes=[f"{API}/unknown"])[0] == "InvalidParameterException"
    house.idp.delete_resource_server(UserPoolId=pool_id, Identifier=API)
    assert refusal(house, app)[0] == "InvalidParameterException"


def test_no_session_is_begun_and_nothing_refreshes(house, app):
    token = ask(house, app)["AccessToken"]

    with pytest.raises(house.idp.exceptions.UserNotFoundException):
        house.idp_unsigned.get_user(AccessToken=token)


def test_the_trigger_hears_the_metadata(triggered):
    pool = triggered()
    config = {"LambdaArn": ARN.format("PreTokenGeneration"), "LambdaVersion": "V3_0"}
    pool.functions["PreTokenGeneration"] = answering(
        claimsAndScopeOverrideDetails={"accessTokenGeneration": {"claimsToAddOrOverride": {"tenant": "t1"}}}
    )
    pool.house.idp.update_user_pool(UserPoolId=pool.pool_id, LambdaConfig={"PreTokenGenerationConfig": config})
    add_api(pool.house, pool.pool_id)
    app = machine(pool.house, pool.pool_id)

    told = ask(pool.house, app, ClientMetadata={"job": "nightly"})

    assert claims_of(told["AccessToken"])["tenant"] == "t1"
    assert pool.told[0]["request"]["clientMetadata"] == {"job": "nightly"}

    pool.functions["PreTokenGeneration"] = raising("not today")
    assert refusal(pool.house, app) == (
        "NotAuthorizedException",
        "PreTokenGeneration failed with error not today.",
    )


def test_a_client_whose_tokens_must_be_bound_to_a_key_gets_none_where_nobody_proves_one(house, app):
    pool_options.set_for_client(house.call(), app["ClientId"], {"dpop_bound_access_tokens": "true"})

    assert refusal(house, app)[0] == "NotAuthorizedException"


def test_a_client_with_keys_proves_itself_by_nothing_but_them(house, app):
    pool_options.set_for_client(house.call(), app["ClientId"], {"jwks": key_set(Signer("ES256"))})

    assert refusal(house, app)[0] == "NotAuthorizedException"
