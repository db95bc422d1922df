"""Ids of other pools in every parameter: nothing of one pool is reached, or heard of, through another."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.sign_ins import People, refusal
from tests.tokens import access_token
from tests.world import PASSWORD, World

from lido.assembly import Database


class Town:
    """Two pools, the victim's with everything in it that can be named."""

    def __init__(self, house: World) -> None:
        self.house = house
        self.ours, self.theirs = People(house), People(house)
        house.user(self.theirs.pool_id, "victim", email="victim@example.com", email_verified="true")
        self.victim = self.theirs.sub("victim")
        house.idp.create_group(UserPoolId=self.theirs.pool_id, GroupName="theirs")
        house.idp.create_group(UserPoolId=self.ours.pool_id, GroupName="ours")
        house.user(self.ours.pool_id, "mallory")
        self.secretive = house.app(self.theirs.pool_id, GenerateSecret=True)


@pytest.fixture
def town(house: World) -> Town:
    return Town(house)


def everything(database: Database, pool_id: str) -> str:
    """All rows of a pool, but what a failed sign-in may write."""
    told = []
    tables = (
        "pools clients client_secrets users user_names passwords groups group_members codes sessions "
        "pending_attributes signing_keys totp_keys passkeys"
    )
    with database.read() as tx:
        for table in tables.split():
            told += [str(row) for row in tx.rows(f"SELECT * FROM {table} WHERE pool_id = :pool_id", pool_id=pool_id)]
    return "\n".join(sorted(told))


def named_users(town: Town) -> list[str]:
    return ["victim", town.victim, "victim@example.com"]


OF_USERS: dict[str, dict[str, Any]] = {
    "AdminAddUserToGroup": {"GroupName": "ours"},
    "AdminConfirmSignUp": {},
    "AdminDeleteSoftwareToken": {},
    "AdminDeleteUser": {},
    "AdminDeleteUserAttributes": {"UserAttributeNames": ["name"]},
    "AdminDisableUser": {},
    "AdminEnableUser": {},
    "AdminGetUser": {},
    "AdminGetUserAuthFactors": {},
    "AdminListGroupsForUser": {},
    "AdminRemoveUserFromGroup": {"GroupName": "ours"},
    "AdminResetUserPassword": {},
    "AdminSetUserMFAPreference": {},
    "AdminSetUserPassword": {"Password": PASSWORD, "Permanent": True},
    "AdminUpdateUserAttributes": {"UserAttributes": [{"Name": "name", "Value": "x"}]},
    "AdminUserGlobalSignOut": {},
}


@pytest.mark.parametrize("operation", OF_USERS)
def test_a_user_of_another_pool_is_nobody(town: Town, operation: str) -> None:
    before = everything(town.house.database, town.theirs.pool_id)
    deed = town.house.idp._make_api_call
    for name in named_users(town):
        answer = refusal(deed, operation, {"UserPoolId": town.ours.pool_id, "Username": name, **OF_USERS[operation]})
        assert answer.name in ("UserNotFound", "NotImplemented")
        nobody = refusal(deed, operation, {"UserPoolId": town.ours.pool_id, "Username": "x", **OF_USERS[operation]})
        assert answer.sentence == nobody.sentence
    assert everything(town.house.database, town.theirs.pool_id) == before


OF_CLIENTS: dict[str, dict[str, Any]] = {
    "DescribeUserPoolClient": {},
    "UpdateUserPoolClient": {"ClientName": "mine"},
    "DeleteUserPoolClient": {},
    "AddUserPoolClientSecret": {},
    "ListUserPoolClientSecrets": {},
    "DeleteUserPoolClientSecret": {"ClientSecretId": "x--1"},
}


@pytest.mark.parametrize("operation", OF_CLIENTS)
def test_a_client_of_another_pool_does_not_exist(town: Town, operation: str) -> None:
    before = everything(town.house.database, town.theirs.pool_id)
    client_id = town.secretive["ClientId"]
    arguments = {"UserPoolId": town.ours.pool_id, "ClientId": client_id, **OF_CLIENTS[operation]}
    answer = refusal(town.house.idp._make_api_call, operation, arguments)
    assert answer == ("ResourceNotFound", f"User pool client {client_id} does not exist.")
    assert everything(town.house.database, town.theirs.pool_id) == before


OF_GROUPS: dict[str, dict[str, Any]] = {
    "GetGroup": {},
    "UpdateGroup": {"Description": "x"},
    "DeleteGroup": {},
    "ListUsersInGroup": {},
    "AdminAddUserToGroup": {"Username": "mallory"},
    "AdminRemoveUserFromGroup": {"Username": "mallory"},
}


@pytest.mark.parametrize("operation", OF_GROUPS)
def test_a_group_of_another_pool_does_not_exist(town: Town, operation: str) -> None:
    arguments = {"UserPoolId": town.ours.pool_id, "GroupName": "theirs", **OF_GROUPS[operation]}
    assert refusal(town.house.idp._make_api_call, operation, arguments).name == "ResourceNotFound"


def test_an_operator_of_one_pool_signs_nobody_in_through_the_client_of_another(town: Town) -> None:
    parameters = {"USERNAME": "victim", "PASSWORD": PASSWORD}
    mixed = [(town.ours.pool_id, town.theirs.client_id), (town.theirs.pool_id, town.ours.client_id)]
    for pool_id, client_id in mixed:
        answer = refusal(
            town.house.idp.admin_initiate_auth,
            UserPoolId=pool_id,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters=parameters,
        )
        assert answer.name == "ResourceNotFound"
        answer = refusal(
            town.house.idp.admin_respond_to_auth_challenge,
            UserPoolId=pool_id,
            ClientId=client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            ChallengeResponses={"USERNAME": "victim", "NEW_PASSWORD": PASSWORD},
            Session="x" * 30,
        )
        assert answer.name in ("ResourceNotFound", "NotAuthorized")


def test_a_session_is_worth_nothing_through_another_client_pool_or_door(town: Town) -> None:
    house = town.house
    house.user(town.theirs.pool_id, "invited", confirmed=False)
    house.user(town.ours.pool_id, "invited", confirmed=False)
    begun = town.theirs.initiate(USERNAME="invited", PASSWORD=PASSWORD)
    sister = house.app(town.theirs.pool_id)["ClientId"]
    responses = {"USERNAME": "invited", "NEW_PASSWORD": "New-Passw0rd!"}
    answer = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": begun["Session"], "ChallengeResponses": responses}
    for client_id in (town.ours.client_id, sister):
        found = refusal(house.idp_unsigned.respond_to_auth_challenge, ClientId=client_id, **answer)
        assert found == ("NotAuthorized", "Invalid session for the user.")
    found = refusal(
        house.idp.admin_respond_to_auth_challenge,
        UserPoolId=town.theirs.pool_id,
        ClientId=town.theirs.client_id,
        **answer,
    )
    assert found == ("NotAuthorized", "Invalid session for the user.")
    assert town.theirs.respond("NEW_PASSWORD_REQUIRED", begun["Session"], **responses)["AuthenticationResult"]


def test_a_secret_block_is_worth_nothing_through_another_client_or_for_another_user(town: Town) -> None:
    house, theirs = town.house, town.theirs
    house.user(theirs.pool_id, "mallory")
    srp = theirs.srp("mallory")
    challenge = theirs.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    responses = srp.process_challenge(challenge["ChallengeParameters"], srp.get_auth_params())
    sister = house.app(theirs.pool_id)["ClientId"]
    for client_id, username in ((sister, "mallory"), (town.ours.client_id, "mallory"), (theirs.client_id, "victim")):
        found = refusal(
            house.idp_unsigned.respond_to_auth_challenge,
            ClientId=client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses={**responses, "USERNAME": username},
        )
        assert found.name == "NotAuthorized"
    assert theirs.respond("PASSWORD_VERIFIER", **responses)["AuthenticationResult"]


def test_tokens_of_one_pool_open_nothing_in_another(town: Town) -> None:
    house = town.house
    tokens = town.theirs.sign_in("victim")
    with pytest.raises(ClientError):
        town.ours.refresh(tokens["RefreshToken"])
    with pytest.raises(ClientError):
        town.ours.rotate(tokens["RefreshToken"])
    with pytest.raises(ClientError):
        house.idp_unsigned.revoke_token(Token=tokens["RefreshToken"], ClientId=town.ours.client_id)
    forged = access_token(house, town.theirs.pool_id, town.ours.client_id, "victim")
    assert refusal(house.idp_unsigned.get_user, AccessToken=forged).name == "NotAuthorized"
    assert town.theirs.refresh(tokens["RefreshToken"])


def pages(town: Town) -> dict[str, tuple[dict[str, Any], str, str]]:
    """Every list with its size and token member, two rows long in both pools."""
    idp = town.house.idp
    for pool_id in (town.ours.pool_id, town.theirs.pool_id):
        for name in ("bob", "carol"):
            town.house.user(pool_id, name)
            idp.create_group(UserPoolId=pool_id, GroupName=f"group-{name}")
            idp.admin_add_user_to_group(UserPoolId=pool_id, GroupName=f"group-{name}", Username="bob")
            town.house.app(pool_id)
        idp.admin_add_user_to_group(UserPoolId=pool_id, GroupName="group-bob", Username="carol")
    return {
        "ListUsers": ({}, "Limit", "PaginationToken"),
        "ListGroups": ({}, "Limit", "NextToken"),
        "ListUsersInGroup": ({"GroupName": "group-bob"}, "Limit", "NextToken"),
        "AdminListGroupsForUser": ({"Username": "bob"}, "Limit", "NextToken"),
        "ListUserPoolClients": ({}, "MaxResults", "NextToken"),
    }


def test_a_pagination_token_belongs_to_its_list_pool_filter_and_caller(town: Town) -> None:
    lists = pages(town)
    other = town.house.boto("AKIAOTHEROTHEROTHER1", "other-secret")
    everything_allowed = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
    town.house.access_key("AKIAOTHEROTHEROTHER1", "other-secret", everything_allowed, operator_id="other")
    tokens = {}
    for name, (arguments, size, member) in lists.items():
        asked = {"UserPoolId": town.theirs.pool_id, size: 1, **arguments}
        tokens[name] = town.house.idp._make_api_call(name, asked)[member]
        assert "bob" not in tokens[name]
        assert town.victim not in tokens[name]

    for name, (arguments, size, member) in lists.items():
        for source, token in tokens.items():
            for pool_id, client in ((town.ours.pool_id, town.house.idp), (town.theirs.pool_id, other)):
                asked = {"UserPoolId": pool_id, size: 1, member: token, **arguments}
                assert refusal(client._make_api_call, name, asked).name == "InvalidParameter"
            if source != name:
                asked = {"UserPoolId": town.theirs.pool_id, size: 1, member: token, **arguments}
                assert refusal(town.house.idp._make_api_call, name, asked).name == "InvalidParameter"
        edited = tokens[name][:-2] + ("AA" if not tokens[name].endswith("AA") else "BB")
        asked = {"UserPoolId": town.theirs.pool_id, size: 1, member: edited, **arguments}
        assert refusal(town.house.idp._make_api_call, name, asked).name == "InvalidParameter"
    filtered = {"UserPoolId": town.theirs.pool_id, "PaginationToken": tokens["ListUsers"], "Filter": 'username = "bob"'}
    assert refusal(town.house.idp._make_api_call, "ListUsers", filtered).name == "InvalidParameter"


def test_a_pool_of_another_region_is_not_there(house: World) -> None:
    people = People(house)
    house.lido.house = type(house.lido.house)(
        **{**{n: getattr(house.lido.house, n) for n in house.lido.house.__struct_fields__}, "regions": None}
    )
    from tests.world import ROOT_ID, ROOT_SECRET

    elsewhere = house.boto(ROOT_ID, ROOT_SECRET, region="eu-west-1")
    assert refusal(elsewhere.describe_user_pool, UserPoolId=people.pool_id).name == "ResourceNotFound"
    assert refusal(elsewhere.list_users, UserPoolId=people.pool_id).name == "ResourceNotFound"
    arn = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{people.pool_id}"
    assert refusal(elsewhere.list_tags_for_resource, ResourceArn=arn).name == "ResourceNotFound"
    assert elsewhere.list_user_pools(MaxResults=10)["UserPools"] == []


@pytest.mark.parametrize(
    "region", ["US-EAST-1", "us east 1", "us-east-1:000000000000:userpool", "us_east", "x" * 46, "*"]
)
def test_no_pool_is_made_in_a_region_whose_name_is_none(house: World, region: str) -> None:
    house.lido.house = type(house.lido.house)(
        **{**{n: getattr(house.lido.house, n) for n in house.lido.house.__struct_fields__}, "regions": None}
    )
    from tests.world import ROOT_ID, ROOT_SECRET

    elsewhere = house.boto(ROOT_ID, ROOT_SECRET)
    elsewhere._request_signer._region_name = region
    assert refusal(elsewhere.create_user_pool, PoolName="people").name == "InvalidSignature"


def test_a_settings_change_of_one_pool_is_none_of_another(town: Town) -> None:
    before = json.dumps(town.house.idp.describe_user_pool(UserPoolId=town.theirs.pool_id)["UserPool"], default=str)
    town.house.idp.update_user_pool(UserPoolId=town.ours.pool_id, UserPoolTags={"lido:profile": "secure"})
    after = json.dumps(town.house.idp.describe_user_pool(UserPoolId=town.theirs.pool_id)["UserPool"], default=str)
    assert before == after
