"""App clients, and their secrets."""

from typing import Any

import pytest
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import LEFT_OUT, Turns, differences
from tests.world import PASSWORD

from lido.rules.secret_hash import secret_hash

APPLICATION = "arn:aws:mobiletargeting:us-east-1:000000000000:apps/{}"
ROLE = "arn:aws:iam::000000000000:role/{}"
PAGE = "https://app.example.com/{}"
OTHER_SECRET = "another+Secret+1234567890"
SECRET = "aSecretOfOnesOwn1234567890"
CLIENT = {
    "ClientName": Turns(("web", "Web")),
    "RefreshTokenValidity": Turns((12, 400)),
    "AccessTokenValidity": Turns((30, 1)),
    "IdTokenValidity": Turns((1200, 2)),
    "TokenValidityUnits": Turns(
        (
            {"AccessToken": "minutes", "IdToken": "seconds", "RefreshToken": "hours"},
            {"AccessToken": "days", "IdToken": "hours", "RefreshToken": "days"},
        )
    ),
    "ReadAttributes": Turns((["email", "name"], ["name", "email_verified"])),
    "WriteAttributes": Turns((["name"], ["email", "name"])),
    "ExplicitAuthFlows": Turns((["ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"], ["ALLOW_USER_PASSWORD_AUTH"])),
    "SupportedIdentityProviders": Turns((["COGNITO"], ["COGNITO", "Google"])),
    "CallbackURLs": Turns(([PAGE.format("a"), PAGE.format("b")], [PAGE.format("c")])),
    "LogoutURLs": Turns(([PAGE.format("out")], [PAGE.format("bye"), "app://gone"])),
    "DefaultRedirectURI": Turns((PAGE.format("b"), PAGE.format("c"))),
    "AllowedOAuthFlows": Turns((["code", "implicit"], ["code"])),
    "AllowedOAuthScopes": Turns((["openid", "email"], ["openid", "phone"])),
    # OAuth stays on, or what else is said of it would mean nothing.
    "AllowedOAuthFlowsUserPoolClient": True,
    "AnalyticsConfiguration": Turns(
        (
            {"ApplicationArn": APPLICATION.format("one"), "RoleArn": ROLE.format("one"), "UserDataShared": True},
            {"ApplicationId": "a2", "ExternalId": "2", "RoleArn": ROLE.format("two"), "UserDataShared": False},
        )
    ),
    "AuthSessionValidity": Turns((5, 15)),
    "RetryGracePeriodSeconds": Turns((10, 0)),
}


def described(asker: Asker, **client: str) -> dict[str, Any]:
    told: dict[str, Any] = asker.ask("DescribeUserPoolClient", **client)["UserPoolClient"]
    return told


def pool_with_provider(asker: Asker) -> str:
    pool_id = asker.house.pool()
    details = {"client_id": "1", "client_secret": "hush", "authorize_scopes": "email"}
    google = {"ProviderName": "Google", "ProviderType": "Google", "ProviderDetails": details}
    asker.house.idp.create_identity_provider(UserPoolId=pool_id, **google)
    return pool_id


@story(
    "CreateUserPoolClient",
    "DescribeUserPoolClient",
    "UpdateUserPoolClient",
    "DeleteUserPoolClient",
    "ListUserPoolClients",
)
def clients(asker: Asker) -> None:
    own = {"UserPoolId": pool_with_provider(asker)}
    there_and_changed(asker, own, {"GenerateSecret": LEFT_OUT, "ClientSecret": SECRET}, turns=(0, 1))
    client = there_and_changed(asker, own, {"GenerateSecret": True, "ClientSecret": LEFT_OUT}, turns=(1, 0))

    before = described(asker, **client)
    asker.ask("UpdateUserPoolClient", **client)
    plain = asker.ask("CreateUserPoolClient", **own, ClientName="plain")["UserPoolClient"]
    stays = {name: before[name] for name in ("ClientId", "ClientName", "ClientSecret", "CreationDate")}
    assert described(asker, **client) == {**plain, **stays}

    first = asker.ask("ListUserPoolClients", **own, MaxResults=2, ClientType="REGULAR")
    rest = asker.ask("ListUserPoolClients", **own, NextToken=first["NextToken"], MaxResults=2, ClientType="REGULAR")
    listed = first["UserPoolClients"] + rest["UserPoolClients"]
    assert sorted(each["ClientName"] for each in listed) == ["Web", "plain", "web"]
    assert {**own, "ClientId": client["ClientId"], "ClientName": before["ClientName"]} in listed
    assert asker.ask("ListUserPoolClients", **own, ClientType="DCR")["UserPoolClients"] == []

    asker.ask("DeleteUserPoolClient", **client)
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        described(asker, **client)
    left = asker.ask("ListUserPoolClients", **own)["UserPoolClients"]
    assert client["ClientId"] not in {each["ClientId"] for each in left}


def there_and_changed(
    asker: Asker, own: dict[str, Any], secret: dict[str, Any], *, turns: tuple[int, int]
) -> dict[str, Any]:
    """A client made with one turn's values and changed to the other's; what names it."""
    asked, answer = asker.ask_all("CreateUserPoolClient", {**CLIENT, **own, **secret}, turn=turns[0])
    created = answer["UserPoolClient"]
    client = {**own, "ClientId": created["ClientId"]}
    asked.pop("GenerateSecret", None)
    assert differences(asked, created) == []
    assert described(asker, **client) == created

    asker.house.clock.advance(seconds=60)
    changed, answer = asker.ask_all("UpdateUserPoolClient", {**CLIENT, **client}, turn=turns[1])
    told = described(asker, **client)
    stays = {name: created[name] for name in ("ClientSecret", "CreationDate", "ClientType")}
    assert differences({**changed, **stays}, told) == []
    assert answer["UserPoolClient"] == told
    assert told["LastModifiedDate"] > created["LastModifiedDate"]
    return client


@story(
    "AddUserPoolClientSecret",
    "DeleteUserPoolClientSecret",
    "ListUserPoolClientSecrets",
    unsendable={"ListUserPoolClientSecrets.NextToken": "a client has two secrets at most, so no page has a next one"},
)
def client_secrets(asker: Asker) -> None:
    house = asker.house
    pool_id = house.pool()
    house.user(pool_id, "ann")
    client = {"UserPoolId": pool_id, "ClientId": house.app(pool_id, ClientSecret=SECRET)["ClientId"]}

    def good(*secrets: str) -> list[bool]:
        return [signs_in(asker, client["ClientId"], secret) for secret in secrets]

    (original,) = asker.ask("ListUserPoolClientSecrets", **client)["ClientSecrets"]
    _, answer = asker.ask_all("AddUserPoolClientSecret", {**client, "ClientSecret": OTHER_SECRET})
    added = answer["ClientSecretDescriptor"]
    assert set(added) == {"ClientSecretId", "ClientSecretCreateDate"}
    listed = asker.ask("ListUserPoolClientSecrets", **client)["ClientSecrets"]
    assert len(listed) == 2
    assert original in listed
    assert added in listed
    assert good(SECRET, OTHER_SECRET) == [True, True]

    asker.ask_all("DeleteUserPoolClientSecret", {**client, "ClientSecretId": original["ClientSecretId"]})
    assert asker.ask("ListUserPoolClientSecrets", **client)["ClientSecrets"] == [added]
    made = asker.ask("AddUserPoolClientSecret", **client)["ClientSecretDescriptor"]["ClientSecretValue"]
    assert good(SECRET, OTHER_SECRET, made) == [False, True, True]
    with pytest.raises(house.idp.exceptions.InvalidParameterException):
        asker.ask("ListUserPoolClientSecrets", **client, NextToken="none")


def signs_in(asker: Asker, client_id: str, secret: str) -> bool:
    """Whether ann can, by a client and that secret of it."""
    proof = secret_hash(secret, "ann", client_id)
    parameters = {"USERNAME": "ann", "PASSWORD": PASSWORD, "SECRET_HASH": proof}
    asked = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    try:
        return "AuthenticationResult" in asker.house.idp_unsigned.initiate_auth(**asked)
    except asker.house.idp.exceptions.NotAuthorizedException:
        return False
