from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lido.flows import access


def refused(code, sentence):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


def described(idp, pool_id, client_id):
    return idp.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]


def test_a_new_client_is_described_as_it_was_created(house, idp):
    pool_id = house.pool()
    created = idp.create_user_pool_client(UserPoolId=pool_id, ClientName="app")["UserPoolClient"]
    assert created == described(idp, pool_id, created["ClientId"])
    assert created["CreationDate"].timestamp() * 1000 == house.clock.now()
    del created["CreationDate"], created["LastModifiedDate"]
    assert len(created.pop("ClientId")) == 26
    assert created == {
        "UserPoolId": pool_id,
        "ClientName": "app",
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
        "ClientType": "REGULAR",
    }


def test_a_generated_secret_is_shown_by_create_describe_and_update(house, idp):
    pool_id = house.pool()
    client = house.app(pool_id, GenerateSecret=True)
    secret, client_id = client["ClientSecret"], client["ClientId"]
    assert len(secret) == 51
    assert described(idp, pool_id, client_id)["ClientSecret"] == secret
    updated = idp.update_user_pool_client(UserPoolId=pool_id, ClientId=client_id, ClientName="new")["UserPoolClient"]
    assert updated["ClientSecret"] == secret
    assert updated["ClientName"] == "new"


def test_a_secret_may_be_brought_along(house, idp):
    pool_id = house.pool()
    client = house.app(pool_id, ClientSecret="a" * 24)
    assert described(idp, pool_id, client["ClientId"])["ClientSecret"] == "a" * 24
    with refused("InvalidParameterException", "Only one of GenerateSecret or ClientSecret can be set."):
        house.app(pool_id, ClientSecret="a" * 24, GenerateSecret=True)


def test_the_secret_is_sealed_in_the_database(house, idp):
    pool_id = house.pool()
    secret = house.app(pool_id, GenerateSecret=True)["ClientSecret"].encode()
    with house.database.read() as tx:
        rows = tx.rows("SELECT secret FROM client_secrets WHERE pool_id = :pool_id", pool_id=pool_id)
    assert len(rows) == 1
    assert secret not in bytes(rows[0][0])


def test_an_update_replaces_everything_else(house, idp):
    pool_id = house.pool()
    client = house.app(pool_id, AccessTokenValidity=2, ReadAttributes=["email"])
    updated = idp.update_user_pool_client(UserPoolId=pool_id, ClientId=client["ClientId"])["UserPoolClient"]
    assert updated == described(idp, pool_id, client["ClientId"])
    assert updated["ClientName"] == "app"
    assert {"AccessTokenValidity", "ReadAttributes", "ExplicitAuthFlows"}.isdisjoint(updated)


def test_a_client_belongs_to_one_pool(house, idp):
    client_id = house.app(house.pool())["ClientId"]
    other = house.pool()
    for operation in (idp.describe_user_pool_client, idp.update_user_pool_client, idp.delete_user_pool_client):
        with refused("ResourceNotFoundException", f"User pool client {client_id} does not exist."):
            operation(UserPoolId=other, ClientId=client_id)


def test_a_deleted_client_is_gone(house, idp):
    pool_id = house.pool()
    client_id = house.app(pool_id, GenerateSecret=True)["ClientId"]
    idp.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    with refused("ResourceNotFoundException", f"User pool client {client_id} does not exist."):
        described(idp, pool_id, client_id)
    assert idp.list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"] == []


def test_clients_are_listed_page_by_page(house, idp):
    pool_id = house.pool()
    made = {house.app(pool_id)["ClientId"] for _ in range(3)}
    house.app(house.pool())
    first = idp.list_user_pool_clients(UserPoolId=pool_id, MaxResults=2)
    second = idp.list_user_pool_clients(UserPoolId=pool_id, MaxResults=2, NextToken=first["NextToken"])
    listed = [*first["UserPoolClients"], *second["UserPoolClients"]]
    assert {client["ClientId"] for client in listed} == made
    assert listed[0] == {"ClientId": listed[0]["ClientId"], "UserPoolId": pool_id, "ClientName": "app"}
    assert "NextToken" not in second


def test_a_list_of_another_kind_is_empty_and_its_token_its_own(house, idp):
    pool_id = house.pool()
    for _ in range(2):
        house.app(pool_id)
    page = idp.list_user_pool_clients(UserPoolId=pool_id, MaxResults=1, ClientType="DCR")
    assert page["UserPoolClients"] == []
    with refused("InvalidParameterException", "Paging marker"):
        idp.list_user_pool_clients(UserPoolId=pool_id, MaxResults=1, NextToken=page["NextToken"])


def test_a_pool_holds_a_thousand_clients(house, idp, monkeypatch):
    monkeypatch.setattr("lido.operations.idp.clients.MOST_CLIENTS", 2)
    pool_id = house.pool()
    for _ in range(2):
        house.app(pool_id)
    with refused("LimitExceededException", "A user pool cannot have more than 2 app clients."):
        house.app(pool_id)


def secrets_of(idp, pool_id, client_id):
    return idp.list_user_pool_client_secrets(UserPoolId=pool_id, ClientId=client_id)["ClientSecrets"]


def test_secrets_are_rotated_without_a_gap(house, idp):
    pool_id = house.pool()
    client = house.app(pool_id, GenerateSecret=True)
    named = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    added = idp.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    assert added["ClientSecretValue"] != client["ClientSecret"]
    assert live_secrets(house, client) == [client["ClientSecret"], added["ClientSecretValue"]]
    first, second = secrets_of(idp, pool_id=pool_id, client_id=client["ClientId"])
    assert first["ClientSecretId"] == f"{client['ClientId']}--{house.clock.now() // 1000}"
    assert second["ClientSecretId"] == added["ClientSecretId"] != first["ClientSecretId"]
    assert "ClientSecretValue" not in first
    assert "ClientSecretValue" not in second
    idp.delete_user_pool_client_secret(**named, ClientSecretId=first["ClientSecretId"])
    assert live_secrets(house, client) == [added["ClientSecretValue"]]
    assert "ClientSecret" not in described(idp, pool_id, client["ClientId"])


def live_secrets(house, client):
    call = house.call()
    with call.db.read() as tx:
        return access.client_secrets(call, tx, access.pool_and_client(tx, client["ClientId"])[1])


def test_a_secret_of_ones_own_is_not_told_again(house, idp):
    pool_id = house.pool()
    client = house.app(pool_id, GenerateSecret=True)
    added = idp.add_user_pool_client_secret(UserPoolId=pool_id, ClientId=client["ClientId"], ClientSecret="b" * 30)
    assert "ClientSecretValue" not in added["ClientSecretDescriptor"]
    assert live_secrets(house, client)[1] == "b" * 30


def test_a_client_has_two_secrets_at_most(house, idp):
    pool_id = house.pool()
    named = {"UserPoolId": pool_id, "ClientId": house.app(pool_id, GenerateSecret=True)["ClientId"]}
    idp.add_user_pool_client_secret(**named)
    with refused("LimitExceededException", "Client secrets cannot exceed limit of 2 secrets."):
        idp.add_user_pool_client_secret(**named)


def test_of_many_who_add_a_secret_at_once_one_succeeds(house, idp):
    pool_id = house.pool()
    named = {"UserPoolId": pool_id, "ClientId": house.app(pool_id, GenerateSecret=True)["ClientId"]}

    def add(_):
        try:
            return bool(idp.add_user_pool_client_secret(**named))
        except ClientError:
            return False

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(add, range(8))) == 1


def test_the_last_secret_stays(house, idp):
    pool_id = house.pool()
    client_id = house.app(pool_id, GenerateSecret=True)["ClientId"]
    only = secrets_of(idp, pool_id, client_id)[0]["ClientSecretId"]
    with refused("InvalidParameterException", "The last secret of an app client cannot be deleted."):
        idp.delete_user_pool_client_secret(UserPoolId=pool_id, ClientId=client_id, ClientSecretId=only)
    with refused("ResourceNotFoundException", "Client secret other does not exist."):
        idp.delete_user_pool_client_secret(UserPoolId=pool_id, ClientId=client_id, ClientSecretId="other")


def test_a_public_client_gets_no_secret(house, idp):
    pool_id = house.pool()
    client_id = house.app(pool_id)["ClientId"]
    with refused("InvalidParameterException", "A client secret can only be added to an app client that has one."):
        idp.add_user_pool_client_secret(UserPoolId=pool_id, ClientId=client_id)
    assert secrets_of(idp, pool_id, client_id) == []


def test_the_life_of_a_client_is_told(house, idp):
    pool_id = house.pool()
    client_id = house.app(pool_id)["ClientId"]
    idp.update_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    idp.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    with house.database.read() as tx:
        rows = tx.rows("SELECT kind FROM events WHERE pool_id = :p AND kind LIKE 'client%'", p=pool_id)
    assert {row[0] for row in rows} == {"client_created", "client_changed", "client_deleted"}


MEMBERS = st.fixed_dictionaries(
    {"RefreshTokenValidity": st.integers(2, 3650)},
    optional={
        "AccessTokenValidity": st.integers(1, 24),
        "IdTokenValidity": st.integers(1, 24),
        "TokenValidityUnits": st.just({"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"}),
        "ReadAttributes": st.lists(st.sampled_from(["email", "name", "custom:tier"]), unique=True),
        "WriteAttributes": st.lists(st.sampled_from(["email", "name", "custom:tier"]), unique=True),
        "ExplicitAuthFlows": st.sampled_from([["ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"], ["ADMIN_NO_SRP_AUTH"]]),
        "SupportedIdentityProviders": st.just(["COGNITO"]),
        "CallbackURLs": st.just(["https://example.com/in", "http://localhost/in"]),
        "LogoutURLs": st.just(["myapp://out"]),
        "AllowedOAuthScopes": st.lists(st.sampled_from(["openid", "email", "phone", "profile"]), unique=True),
        "AnalyticsConfiguration": st.just(
            {
                "ApplicationId": "a",
                "RoleArn": "arn:aws:iam::123456789012:role/x",
                "ExternalId": "e",
                "UserDataShared": True,
            }
        ),
        "PreventUserExistenceErrors": st.sampled_from(["LEGACY", "ENABLED"]),
        "EnableTokenRevocation": st.booleans(),
        "EnablePropagateAdditionalUserContextData": st.booleans(),
        "AuthSessionValidity": st.integers(3, 15),
        "RefreshTokenRotation": st.just({"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}),
    },
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(members=MEMBERS, changes=MEMBERS)
def test_whatever_is_set_comes_back(house, idp, members, changes):
    pool_id = house.pool(Schema=[{"Name": "tier", "AttributeDataType": "String"}])
    created = idp.create_user_pool_client(UserPoolId=pool_id, ClientName="app", GenerateSecret=True, **members)
    client_id = created["UserPoolClient"]["ClientId"]
    assert members.items() <= described(idp, pool_id, client_id).items()
    idp.update_user_pool_client(UserPoolId=pool_id, ClientId=client_id, **changes)
    assert changes.items() <= described(idp, pool_id, client_id).items()
