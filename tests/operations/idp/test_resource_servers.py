import pytest
from botocore.exceptions import ClientError
from tests.world import ROOT_ID, ROOT_SECRET, World, sign_by

from lido.storage import events, pools, resource_servers

SCOPES = [
    {"ScopeName": "orders.read", "ScopeDescription": "See orders"},
    {"ScopeName": "orders.write", "ScopeDescription": "Place orders"},
]
API = {"Identifier": "https://api.example.com", "Name": "Orders", "Scopes": SCOPES}


def refused(sentence, code="InvalidParameterException"):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


@pytest.fixture
def pool_id(house):
    return house.pool()


@pytest.fixture
def api(idp, pool_id):
    return idp.create_resource_server(UserPoolId=pool_id, **API)["ResourceServer"]


def oauth(*scopes):
    return {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": list(scopes),
        "CallbackURLs": ["https://example.com/in"],
    }


def scopes_of(house, pool_id):
    with house.database.read() as tx:
        return resource_servers.scopes_of(tx, pools.find(tx, pool_id))


def test_a_resource_server_is_described_as_it_was_created(idp, pool_id, api):
    assert api == {"UserPoolId": pool_id, **API}
    found = idp.describe_resource_server(UserPoolId=pool_id, Identifier=API["Identifier"])["ResourceServer"]
    assert found == api


def test_it_may_have_no_scopes(idp, pool_id):
    created = idp.create_resource_server(UserPoolId=pool_id, Identifier="plain", Name="Plain")["ResourceServer"]
    assert created["Scopes"] == []


def test_an_update_replaces_name_and_scopes(house, idp, pool_id, api):
    changed = idp.update_resource_server(
        UserPoolId=pool_id, Identifier=API["Identifier"], Name="New", Scopes=SCOPES[:1]
    )
    assert changed["ResourceServer"] == {**api, "Name": "New", "Scopes": SCOPES[:1]}
    assert scopes_of(house, pool_id) == {"https://api.example.com/orders.read"}
    idp.update_resource_server(UserPoolId=pool_id, Identifier=API["Identifier"], Name="New")
    assert scopes_of(house, pool_id) == frozenset()


def test_an_identifier_is_there_once(idp, pool_id, api, house):
    with refused(f"https://api.example.com already exists in user pool {pool_id}."):
        idp.create_resource_server(UserPoolId=pool_id, **API)
    idp.create_resource_server(UserPoolId=house.pool(), **API)


def test_an_unknown_resource_server_is_said_to_be_unknown(idp, pool_id, house, api):
    elsewhere = house.pool()
    for operation, more in (
        (idp.describe_resource_server, {}),
        (idp.update_resource_server, {"Name": "x"}),
        (idp.delete_resource_server, {}),
    ):
        with refused("Resource server https://api.example.com does not exist.", "ResourceNotFoundException"):
            operation(UserPoolId=elsewhere, Identifier=API["Identifier"], **more)
        with refused("User pool us-east-1_nobody000 does not exist.", "ResourceNotFoundException"):
            operation(UserPoolId="us-east-1_nobody000", Identifier=API["Identifier"], **more)


def test_what_was_deleted_is_gone(house, idp, pool_id, api):
    assert len(scopes_of(house, pool_id)) == 2
    idp.delete_resource_server(UserPoolId=pool_id, Identifier=API["Identifier"])
    assert scopes_of(house, pool_id) == frozenset()
    assert idp.list_resource_servers(UserPoolId=pool_id, MaxResults=50)["ResourceServers"] == []


def test_they_are_listed_in_pages(idp, pool_id):
    for number in range(5):
        idp.create_resource_server(UserPoolId=pool_id, Identifier=f"api{number}", Name="API")
    first = idp.list_resource_servers(UserPoolId=pool_id, MaxResults=3)
    second = idp.list_resource_servers(UserPoolId=pool_id, MaxResults=3, NextToken=first["NextToken"])
    listed = [each["Identifier"] for page in (first, second) for each in page["ResourceServers"]]
    assert listed == [f"api{number}" for number in range(5)]
    assert "NextToken" not in second


def test_what_is_the_service_s_own_is_nobody_s(idp, pool_id):
    """`aws.cognito/dcr` with a scope `register` would be the scope that registers clients."""
    for identifier in ("aws.cognito", "aws.cognito/dcr", "aws.cognito.signin"):
        with refused("Identifier cannot begin with the reserved word: aws.cognito"):
            idp.create_resource_server(UserPoolId=pool_id, Identifier=identifier, Name="x")


@pytest.mark.parametrize("identifier", ["", 'a"b', "a b", "a\\b", "\u00e4", "x" * 257])
def test_what_is_no_identifier_is_refused(idp, pool_id, identifier):
    with refused("at 'identifier' failed to satisfy constraint"):
        idp.create_resource_server(UserPoolId=pool_id, Identifier=identifier, Name="x")


@pytest.mark.parametrize("scope", ["", "a/b", "a b", 'a"b'])
def test_what_is_no_name_of_a_scope_is_refused(idp, pool_id, scope):
    with refused("failed to satisfy constraint"):
        idp.create_resource_server(
            UserPoolId=pool_id, Identifier="x", Name="x", Scopes=[{"ScopeName": scope, "ScopeDescription": "x"}]
        )


def test_a_name_of_a_scope_comes_once(idp, pool_id):
    with refused("Scope names must be unique within a resource server."):
        idp.create_resource_server(UserPoolId=pool_id, Identifier="x", Name="x", Scopes=[SCOPES[0], SCOPES[0]])


def test_a_client_is_given_scopes_that_exist(house, idp, pool_id, api):
    app = house.app(pool_id, **oauth("openid", "https://api.example.com/orders.read"))
    assert app["AllowedOAuthScopes"] == ["openid", "https://api.example.com/orders.read"]
    for unknown in (
        "https://api.example.com/orders",
        "https://api.example.com",
        "orders.read",
        "https://api.example.com/",
    ):
        with refused(f"Invalid scope requested: {unknown}", "ScopeDoesNotExistException"):
            house.app(pool_id, **oauth("openid", unknown))
        with refused(f"Invalid scope requested: {unknown}", "ScopeDoesNotExistException"):
            idp.update_user_pool_client(UserPoolId=pool_id, ClientId=app["ClientId"], **oauth(unknown))
    with refused("Invalid scope requested", "ScopeDoesNotExistException"):
        house.app(house.pool(), **oauth("https://api.example.com/orders.read"))


def test_a_deleted_scope_stays_in_the_client_s_list_and_is_no_scope_of_the_pool(house, idp, pool_id, api):
    app = house.app(pool_id, **oauth("https://api.example.com/orders.read"))
    idp.delete_resource_server(UserPoolId=pool_id, Identifier=API["Identifier"])
    shown = idp.describe_user_pool_client(UserPoolId=pool_id, ClientId=app["ClientId"])["UserPoolClient"]
    assert shown["AllowedOAuthScopes"] == ["https://api.example.com/orders.read"]
    assert scopes_of(house, pool_id) == frozenset()


def test_scopes_are_those_of_the_pool_alone(house, idp, pool_id, api):
    assert scopes_of(house, house.pool()) == frozenset()
    assert scopes_of(house, pool_id) == {"https://api.example.com/orders.read", "https://api.example.com/orders.write"}


def test_nobody_reaches_into_another_region(database):
    house = World(database, region="us-east-1,eu-west-1")
    sign_by(house.clock)
    pool_id = house.pool()
    house.idp.create_resource_server(UserPoolId=pool_id, **API)
    elsewhere = house.boto(ROOT_ID, ROOT_SECRET, region="eu-west-1")
    with refused("does not exist", "ResourceNotFoundException"):
        elsewhere.delete_resource_server(UserPoolId=pool_id, Identifier=API["Identifier"])
    with refused("does not exist", "ResourceNotFoundException"):
        elsewhere.list_resource_servers(UserPoolId=pool_id, MaxResults=1)
    house.close()


def test_a_pool_has_at_most_three_hundred(house, idp, pool_id):
    with house.database.write() as tx:
        for number in range(300):
            resource_servers.add(tx, resource_servers.ResourceServer(pool_id, f"api{number}", "API", []))
    with refused("A user pool cannot have more than 300 resource servers.", "LimitExceededException"):
        idp.create_resource_server(UserPoolId=pool_id, **API)


def test_each_change_is_told(house, idp, pool_id, api):
    idp.update_resource_server(UserPoolId=pool_id, Identifier=API["Identifier"], Name="New")
    idp.delete_resource_server(UserPoolId=pool_id, Identifier=API["Identifier"])
    with house.database.read() as tx:
        told = events.page_of_pool(tx, pool_id, after="", before="~", limit=10)
    assert [(each.kind, each.body["names"]) for each in told if each.kind.startswith("resource")] == [
        ("resource_server_created", ["https://api.example.com"]),
        ("resource_server_changed", ["https://api.example.com"]),
        ("resource_server_deleted", ["https://api.example.com"]),
    ]
