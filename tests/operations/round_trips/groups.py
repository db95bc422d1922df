"""Groups, and who is in them."""

import pytest
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns, differences

ROLE = "arn:aws:iam::000000000000:role/{}"


@story("CreateGroup", "GetGroup", "UpdateGroup", "DeleteGroup", "ListGroups")
def groups(asker: Asker) -> None:
    pool_id = asker.house.pool()
    examples = {
        "UserPoolId": pool_id,
        "GroupName": "readers",
        "RoleArn": Turns((ROLE.format("one"), ROLE.format("two"))),
    }
    named = {"UserPoolId": pool_id, "GroupName": "readers"}
    made, told = asker.ask_all("CreateGroup", examples)
    assert differences(made, told["Group"]) == []
    assert asker.ask("GetGroup", **named)["Group"] == told["Group"]

    changed, told = asker.ask_all("UpdateGroup", examples, turn=1)
    assert differences(changed, told["Group"]) == []
    assert asker.ask("GetGroup", **named)["Group"] == told["Group"]

    asker.ask("CreateGroup", UserPoolId=pool_id, GroupName="writers")
    page = asker.ask("ListGroups", UserPoolId=pool_id, Limit=1)
    rest = asker.ask("ListGroups", UserPoolId=pool_id, Limit=1, NextToken=page["NextToken"])
    assert sorted(group["GroupName"] for group in page["Groups"] + rest["Groups"]) == ["readers", "writers"]

    asker.ask("DeleteGroup", **named)
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        asker.ask("GetGroup", **named)


@story("AdminAddUserToGroup", "AdminListGroupsForUser", "ListUsersInGroup", "AdminRemoveUserFromGroup")
def memberships(asker: Asker) -> None:
    pool_id = asker.house.pool()
    own = {"UserPoolId": pool_id}
    for name in ("ann", "bob"):
        asker.house.user(pool_id, name)
        asker.ask("CreateGroup", **own, GroupName=name)
        asker.ask("AdminAddUserToGroup", **own, Username=name, GroupName="ann")
    asker.ask("AdminAddUserToGroup", **own, Username="ann", GroupName="bob")

    page = asker.ask("AdminListGroupsForUser", **own, Username="ann", Limit=1)
    rest = asker.ask("AdminListGroupsForUser", **own, Username="ann", Limit=1, NextToken=page["NextToken"])
    assert sorted(group["GroupName"] for group in page["Groups"] + rest["Groups"]) == ["ann", "bob"]
    page = asker.ask("ListUsersInGroup", **own, GroupName="ann", Limit=1)
    rest = asker.ask("ListUsersInGroup", **own, GroupName="ann", Limit=1, NextToken=page["NextToken"])
    assert sorted(user["Username"] for user in page["Users"] + rest["Users"]) == ["ann", "bob"]

    asker.ask("AdminRemoveUserFromGroup", **own, Username="ann", GroupName="ann")
    assert [user["Username"] for user in asker.ask("ListUsersInGroup", **own, GroupName="ann")["Users"]] == ["bob"]
