"""The client credentials grant over HTTP: machines ask for tokens of their own."""

import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest
from tests.machines import API, READ, WRITE, add_api, machine, token_of
from tests.oauth import FORM, App
from tests.sign_ins import claims as claims_of
from tests.triggers.conftest import ARN, answering, functions, raising, triggered, unchanged

__all__ = ["functions", "triggered"]


@pytest.fixture
def pool_id(house):
    pool_id = house.pool()
    add_api(house, pool_id)
    return pool_id


@pytest.fixture
def app(house, pool_id):
    return machine(house, pool_id, READ, WRITE)


def ask(app, **form):
    return app.token(grant_type="client_credentials", **form)


def refused(error, status=400):
    return status, {"error": error}


def test_a_machine_gets_a_token_of_its_own_and_nothing_else(app):
    told = token_of(app, scope=READ)

    assert list(told) == ["access_token", "token_type", "expires_in"]
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 3600)
    said = claims_of(told["access_token"])
    now = app.house.clock.now() // 1000
    assert said.pop("jti")
    assert said.pop("iss").endswith(app.pool_id)
    assert said == {
        "sub": app.client_id,
        "version": 2,
        "client_id": app.client_id,
        "token_use": "access",
        "scope": READ,
        "auth_time": now,
        "exp": now + 3600,
        "iat": now,
    }


def test_without_a_scope_the_token_has_all_of_the_clients(app):
    assert claims_of(token_of(app)["access_token"])["scope"] == f"{READ} {WRITE}"
    assert claims_of(token_of(app, scope="  ")["access_token"])["scope"] == f"{READ} {WRITE}"
    assert claims_of(token_of(app, scope=f"{WRITE}  {READ} {WRITE}")["access_token"])["scope"] == f"{WRITE} {READ}"


def test_the_token_lives_as_long_as_the_client_says(house, pool_id):
    told = token_of(machine(house, pool_id, READ, AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"}))

    said = claims_of(told["access_token"])
    assert (told["expires_in"], said["exp"] - said["iat"]) == (300, 300)


def test_a_scope_that_is_not_the_clients_is_refused(house, pool_id):
    app = machine(house, pool_id, READ)

    assert ask(app, scope=WRITE) == refused("invalid_grant")
    assert ask(app, scope=f"{READ} {WRITE}") == refused("invalid_grant")


@pytest.mark.parametrize(
    "scope", [f"{API}/delete", "read", "openid", f"{READ} openid", f"{READ},{WRITE}", READ.upper()]
)
def test_a_scope_that_no_api_of_the_pool_has_is_refused(app, scope):
    assert ask(app, scope=scope) == refused("invalid_scope")


def test_a_scope_of_another_pools_api_is_refused(house, app):
    other = house.pool()
    add_api(house, other, "elsewhere")

    assert ask(app, scope="elsewhere/read") == refused("invalid_scope")


def test_scopes_end_with_their_api(app):
    app.house.idp.update_resource_server(
        UserPoolId=app.pool_id, Identifier=API, Name="API", Scopes=[{"ScopeName": "read", "ScopeDescription": "r"}]
    )
    assert claims_of(token_of(app)["access_token"])["scope"] == READ
    assert ask(app, scope=WRITE) == refused("invalid_scope")

    app.house.idp.delete_resource_server(UserPoolId=app.pool_id, Identifier=API)
    assert ask(app) == refused("invalid_grant")


def test_only_clients_with_the_grant_get_such_tokens(house, pool_id):
    web = App(house, pool_id, GenerateSecret=True, AllowedOAuthScopes=["openid", READ])
    public = App(house, pool_id, AllowedOAuthScopes=["openid", READ])
    off = machine(house, pool_id, READ, AllowedOAuthFlowsUserPoolClient=False)

    for app in (web, public, off):
        assert ask(app, scope=READ) == refused("unauthorized_client")


def test_a_machine_has_neither_codes_nor_refresh_tokens(app):
    assert app.redeem("0" * 36) == refused("unauthorized_client")
    assert app.token(grant_type="refresh_token", refresh_token="x") == refused("invalid_grant")


def test_the_secret_comes_in_one_place(app):
    form = {"grant_type": "client_credentials", "client_id": app.client_id}
    basic = b64encode(f"{app.client_id}:{app.secret}".encode()).decode()

    assert app.post("/oauth2/token", {**form, "client_secret": app.secret})[0] == 200
    assert app.post("/oauth2/token", form, {"authorization": f"Basic {basic}"})[0] == 200
    wrong = [
        ({**form, "client_secret": app.secret}, {"authorization": f"Basic {basic}"}, "invalid_request"),
        ({**form, "client_id": "another"}, {"authorization": f"Basic {basic}"}, "invalid_client"),
        (form, {"authorization": f"Basic {app.client_id}:{app.secret}"}, "invalid_client"),
        (form, {"authorization": "Basic " + b64encode(app.client_id.encode()).decode()}, "invalid_client"),
        (form, {"authorization": "Basic /////"}, "invalid_client"),
        (form, {"authorization": f"Bearer {basic}"}, "invalid_client"),
        (form, {}, "invalid_client"),
        ({**form, "client_secret": app.secret + "x"}, {}, "invalid_client"),
        ({**form, "client_secret": app.secret * 9}, {}, "invalid_client"),
    ]
    for sent, headers, error in wrong:
        status, _, told = app.post("/oauth2/token", sent, headers)
        assert (status, told["error"]) == (400, error)


def test_a_parameter_that_comes_twice_is_refused(app):
    body = urlencode({"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.secret})
    url = f"http://lido.test/{app.pool_id}/oauth2/token"

    status, _, told = app.house.http("POST", url, {"content-type": FORM}, f"{body}&scope={READ}&scope={WRITE}".encode())

    assert (status, json.loads(told)) == refused("invalid_request")


def test_of_two_secrets_either_works_until_it_is_deleted(app):
    named = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    added = app.house.idp.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    first = app.house.idp.list_user_pool_client_secrets(**named)["ClientSecrets"][0]["ClientSecretId"]

    assert ask(app)[0] == 200
    app.house.idp.delete_user_pool_client_secret(**named, ClientSecretId=first)
    assert ask(app)[1]["error"] == "invalid_client"
    app.secret = added["ClientSecretValue"]
    assert ask(app)[0] == 200


def test_a_client_that_was_deleted_or_is_of_another_pool_gets_nothing(house, app):
    elsewhere = house.pool()
    here, app.pool_id = app.pool_id, elsewhere
    assert ask(app)[1]["error"] == "invalid_client"

    app.pool_id = here
    house.idp.delete_user_pool_client(UserPoolId=here, ClientId=app.client_id)
    assert ask(app)[1]["error"] == "invalid_client"


def test_a_machines_token_opens_nothing_of_a_users(house, app):
    token = token_of(app)["access_token"]

    status, _, _ = app.house.http(
        "GET", f"http://lido.test/{app.pool_id}/oauth2/userInfo", {"authorization": f"Bearer {token}"}
    )
    assert status == 401
    with pytest.raises(house.idp.exceptions.ClientError):
        house.idp_unsigned.get_user(AccessToken=token)


def test_nothing_is_written(house, app):
    def rows():
        with house.database.read() as tx:
            return [tx.row(f"SELECT count(*) FROM {table}") for table in ("events", "sessions", "outbox", "audit")]

    before = rows()
    token_of(app)

    assert rows() == before


def test_requests_are_counted_by_grant(house, app):
    token_of(app)
    ask(app, scope="unknown")

    def counted(operation, outcome):
        labels = {"service": "oauth", "operation": operation, "outcome": outcome}
        return house.lido.metrics.registry.get_sample_value("lido_requests_total", labels)

    assert (counted("client_credentials", "success"), counted("client_credentials", "400")) == (1, 1)
    app.token(grant_type="password")
    assert counted("/oauth2/token", "400") == 1


def pool_with(triggered, function, version="V3_0"):
    pool = triggered()
    config = {"LambdaArn": ARN.format("PreTokenGeneration"), "LambdaVersion": version}
    pool.functions["PreTokenGeneration"] = function
    pool.house.idp.update_user_pool(UserPoolId=pool.pool_id, LambdaConfig={"PreTokenGenerationConfig": config})
    add_api(pool.house, pool.pool_id)
    return pool, machine(pool.house, pool.pool_id, READ, WRITE)


def changing(**for_access):
    return answering(claimsAndScopeOverrideDetails={"accessTokenGeneration": for_access})


def test_the_third_version_of_the_trigger_hears_of_machines(triggered):
    pool, app = pool_with(triggered, unchanged)

    token_of(app, scope=READ, aws_client_metadata=json.dumps({"job": "nightly"}))

    (told,) = pool.told
    assert (told["version"], told["triggerSource"]) == ("3", "TokenGeneration_ClientCredentials")
    assert (told["userName"], told["callerContext"]["clientId"]) == ("ClientCredentials", app.client_id)
    assert told["request"] == {
        "userAttributes": {},
        "groupConfiguration": None,
        "scopes": [READ],
        "clientMetadata": {"job": "nightly"},
    }
    assert told["response"] == {"claimsAndScopeOverrideDetails": None}


def test_earlier_versions_do_not_hear_of_machines(triggered):
    pool, app = pool_with(triggered, unchanged, "V2_0")

    token_of(app)

    assert pool.told == []


def test_the_trigger_may_change_claims_and_scopes(triggered):
    _, app = pool_with(
        triggered,
        changing(
            claimsToAddOrOverride={"tenant": "t1", "sub": "forged", "client_id": "forged", "username": "root"},
            claimsToSuppress=["exp"],
            scopesToAdd=["extra"],
            scopesToSuppress=[WRITE],
        ),
    )

    said = claims_of(token_of(app)["access_token"])

    assert (said["tenant"], said["scope"]) == ("t1", f"{READ} extra")
    assert (said["sub"], said["client_id"], "username" in said) == (app.client_id, app.client_id, False)
    assert said["exp"] > said["iat"]


def test_a_trigger_that_raises_refuses(triggered):
    _, app = pool_with(triggered, raising("not today"))

    status, told = ask(app)

    assert (status, told["error"]) == (400, "invalid_grant")
    assert told["error_description"] == "PreTokenGeneration failed with error not today."


def test_a_client_that_is_deleted_while_the_trigger_thinks_gets_nothing(triggered):
    pool, app = pool_with(triggered, unchanged)

    def deleting(event):
        pool.house.idp.delete_user_pool_client(UserPoolId=pool.pool_id, ClientId=app.client_id)
        return event

    pool.functions["PreTokenGeneration"] = deleting

    assert ask(app) == refused("invalid_client")


@pytest.mark.parametrize("said", ["[]", "text", '{"a": 1}', '{"a": {"b": "c"}}', "{", "[" * 15_000])
def test_metadata_that_is_no_map_of_texts_is_refused(app, said):
    assert ask(app, aws_client_metadata=said) == refused("invalid_request")


def test_a_machine_is_told_its_scopes_where_the_pool_wants_standard_answers(house):
    for tags, scope in (({}, None), ({"lido:standard_answers": "true"}, f"{READ} {WRITE}")):
        pool_id = house.pool(UserPoolTags=tags)
        add_api(house, pool_id)

        assert token_of(machine(house, pool_id, READ, WRITE)).get("scope") == scope
