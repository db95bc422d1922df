"""Replicas: the primary is there, and nothing is pretended beside it."""

import pytest
from tests.sign_ins import refusal


def test_a_pool_has_its_primary_and_no_other_replica(house):
    pool_id = house.pool()
    arn = house.idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]

    assert house.idp.list_user_pool_replicas(UserPoolId=pool_id)["UserPoolReplicas"] == [
        {"RegionName": "us-east-1", "Status": "ACTIVE", "Role": "PRIMARY", "UserPoolArn": arn}
    ]
    assert refusal(house.idp.list_user_pool_replicas, UserPoolId=pool_id, NextToken="x").name == "InvalidParameter"


@pytest.mark.parametrize(
    ("region", "name"),
    [("eu-west-1", "OperationNotEnabled"), ("us-east-1", "InvalidParameter"), ("EU WEST", "InvalidParameter")],
)
def test_no_request_creates_a_replica(house, region, name):
    pool_id = house.pool()

    assert refusal(house.idp.create_user_pool_replica, UserPoolId=pool_id, RegionName=region).name == name
    assert len(house.idp.list_user_pool_replicas(UserPoolId=pool_id)["UserPoolReplicas"]) == 1


@pytest.mark.parametrize(("region", "name"), [("eu-west-1", "ResourceNotFound"), ("us-east-1", "InvalidParameter")])
def test_what_is_no_replica_is_not_changed_or_deleted(house, region, name):
    asked = {"UserPoolId": house.pool(), "RegionName": region}

    assert refusal(house.idp.update_user_pool_replica, **asked, Status="INACTIVE").name == name
    assert refusal(house.idp.delete_user_pool_replica, **asked).name == name


@pytest.mark.parametrize("operation", ["create", "update", "delete", "list"])
def test_a_pool_that_is_not_there_has_no_replicas(house, operation):
    pool_id = "us-east-1_aaaaaaaaa"
    asked = {"UserPoolId": pool_id, "RegionName": "eu-west-1", "Status": "ACTIVE"}
    members = {"create": 2, "update": 3, "delete": 2, "list": 1}[operation]
    deed = getattr(house.idp, f"{operation}_user_pool_replica" + ("s" if operation == "list" else ""))

    answer = refusal(deed, **dict(list(asked.items())[:members]))
    assert answer == ("ResourceNotFound", f"User pool {pool_id} does not exist.")
