from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from lido.records import Status, User
from lido.rules.profile import search_keys
from lido.storage import groups, users


def refused(code, sentence):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


@pytest.fixture
def pool_id(house):
    return house.pool()


def user(house, pool_id, number=0):
    """A user without a password, by the sub that operators may name."""
    sub = f"00000000-0000-4000-8000-{number:012d}"
    now = house.clock.now()
    row = User(
        pool_id=pool_id,
        sub=sub,
        username=f"user{number}",
        status=Status.CONFIRMED,
        enabled=True,
        epoch=1,
        signed_out_at=0,
        version=1,
        factors=0,
        preferred_factor=None,
        email="a@example.com",
        email_verified=True,
        phone_number=None,
        phone_verified=False,
        attributes={},
        created_at=now,
        modified_at=now,
    )
    with house.database.write() as tx:
        users.add(tx, row, search_keys(row, 1))
    return sub


def test_a_group_is_described_as_it_was_created(house, idp, pool_id):
    members = {"GroupName": "staff", "Description": "d", "RoleArn": "arn:aws:iam::123456789012:role/r", "Precedence": 0}
    created = idp.create_group(UserPoolId=pool_id, **members)["Group"]
    assert created == idp.get_group(UserPoolId=pool_id, GroupName="staff")["Group"]
    assert created["CreationDate"].timestamp() * 1000 == house.clock.now()
    assert created["LastModifiedDate"] == created.pop("CreationDate")
    del created["LastModifiedDate"]
    assert created == {"UserPoolId": pool_id, **members}


def test_what_a_group_lacks_is_left_out(idp, pool_id):
    group = idp.create_group(UserPoolId=pool_id, GroupName="staff")["Group"]
    assert set(group) == {"GroupName", "UserPoolId", "CreationDate", "LastModifiedDate"}


def test_a_name_is_given_once(idp, pool_id):
    idp.create_group(UserPoolId=pool_id, GroupName="staff")
    with refused("GroupExistsException", "A group with the name already exists."):
        idp.create_group(UserPoolId=pool_id, GroupName="staff")


def test_an_update_changes_only_what_is_sent(idp, pool_id):
    idp.create_group(UserPoolId=pool_id, GroupName="staff", Description="d", Precedence=4)
    idp.update_group(UserPoolId=pool_id, GroupName="staff", Precedence=0)
    group = idp.update_group(UserPoolId=pool_id, GroupName="staff", Description="new")["Group"]
    assert (group["Description"], group["Precedence"]) == ("new", 0)


def test_an_unknown_group_is_not_found(house, idp, pool_id):
    sub = user(house, pool_id)
    named = {"UserPoolId": pool_id, "GroupName": "staff"}
    for operation in (idp.get_group, idp.update_group, idp.delete_group, idp.list_users_in_group):
        with refused("ResourceNotFoundException", "Group not found."):
            operation(**named)
    for operation in (idp.admin_add_user_to_group, idp.admin_remove_user_from_group):
        with refused("ResourceNotFoundException", "Group not found."):
            operation(**named, Username=sub)


def test_an_unknown_user_is_not_found(idp, pool_id):
    idp.create_group(UserPoolId=pool_id, GroupName="staff")
    named = {"UserPoolId": pool_id, "Username": "nobody"}
    for operation in (idp.admin_add_user_to_group, idp.admin_remove_user_from_group):
        with refused("UserNotFoundException", "User does not exist."):
            operation(**named, GroupName="staff")
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_list_groups_for_user(**named)


def groups_of(idp, pool_id, sub):
    found = idp.admin_list_groups_for_user(UserPoolId=pool_id, Username=sub)["Groups"]
    return [group["GroupName"] for group in found]


def test_a_user_joins_and_leaves_as_often_as_asked(house, idp, pool_id):
    sub = user(house, pool_id)
    idp.create_group(UserPoolId=pool_id, GroupName="staff")
    named = {"UserPoolId": pool_id, "Username": sub, "GroupName": "staff"}
    for _ in range(2):
        idp.admin_add_user_to_group(**named)
        assert groups_of(idp, pool_id, sub) == ["staff"]
    for _ in range(2):
        idp.admin_remove_user_from_group(**named)
        assert groups_of(idp, pool_id, sub) == []
    with house.database.read() as tx:
        told = tx.rows("SELECT kind FROM events WHERE pool_id = :p AND sub = :s", p=pool_id, s=sub)
    assert sorted(row[0] for row in told) == ["group_joined", "group_left"]


def test_a_recreated_group_has_none_of_the_old_members(house, idp, pool_id):
    sub = user(house, pool_id)
    named = {"UserPoolId": pool_id, "GroupName": "staff"}
    idp.create_group(**named)
    idp.admin_add_user_to_group(**named, Username=sub)
    idp.delete_group(**named)
    idp.create_group(**named)
    assert idp.list_users_in_group(**named)["Users"] == []
    assert groups_of(idp, pool_id, sub) == []


def test_a_large_group_goes_with_all_its_members_in_bites(house, idp, pool_id, monkeypatch):
    named = {"UserPoolId": pool_id, "GroupName": "staff"}
    idp.create_group(**named)
    with house.database.write() as tx:
        for number in range(2_001):
            groups.join(tx, pool_id, f"{number:04}", "staff", house.clock.now())
    write, left = house.database.write, []

    @contextmanager
    def watched(**given):
        with write(**given) as tx:
            yield tx
            left.append(tx.row("SELECT count(*) FROM group_members")[0])

    monkeypatch.setattr(house.database, "write", watched)

    idp.delete_group(**named)

    assert sorted(set(left), reverse=True)[:2] == [1_001, 1]

    with house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM group_members") == (0,)
    with refused("ResourceNotFoundException", "Group not found"):
        idp.get_group(**named)


def test_the_users_of_a_group_are_listed_page_by_page(house, idp, pool_id):
    named = {"UserPoolId": pool_id, "GroupName": "staff"}
    idp.create_group(**named)
    idp.create_group(UserPoolId=pool_id, GroupName="others")
    subs = [user(house, pool_id, number) for number in range(3)]
    for sub in subs:
        idp.admin_add_user_to_group(**named, Username=sub)
    idp.admin_add_user_to_group(UserPoolId=pool_id, GroupName="others", Username=subs[0])
    first = idp.list_users_in_group(**named, Limit=2)
    second = idp.list_users_in_group(**named, Limit=2, NextToken=first["NextToken"])
    listed = [*first["Users"], *second["Users"]]
    assert [entry["Username"] for entry in listed] == ["user0", "user1", "user2"]
    assert "NextToken" not in second
    assert listed[0]["Attributes"] == [
        {"Name": "sub", "Value": subs[0]},
        {"Name": "email", "Value": "a@example.com"},
        {"Name": "email_verified", "Value": "true"},
    ]
    assert (listed[0]["Enabled"], listed[0]["UserStatus"]) == (True, "CONFIRMED")
    with refused("InvalidParameterException", "Paging marker"):
        idp.list_users_in_group(UserPoolId=pool_id, GroupName="others", NextToken=first["NextToken"])


def test_groups_are_listed_by_name_page_by_page(house, idp, pool_id):
    sub = user(house, pool_id)
    names = ["alpha", "beta", "gamma"]
    for name in reversed(names):
        idp.create_group(UserPoolId=pool_id, GroupName=name)
        idp.admin_add_user_to_group(UserPoolId=pool_id, GroupName=name, Username=sub)
    idp.create_group(UserPoolId=house.pool(), GroupName="elsewhere")
    for operation, more in ((idp.list_groups, {}), (idp.admin_list_groups_for_user, {"Username": sub})):
        first = operation(UserPoolId=pool_id, Limit=2, **more)
        second = operation(UserPoolId=pool_id, Limit=2, NextToken=first["NextToken"], **more)
        assert [group["GroupName"] for group in [*first["Groups"], *second["Groups"]]] == names
        assert "NextToken" not in second


def test_a_limit_of_zero_is_the_usual_page(idp, pool_id):
    idp.create_group(UserPoolId=pool_id, GroupName="staff")
    assert len(idp.list_groups(UserPoolId=pool_id, Limit=0)["Groups"]) == 1


def test_a_pool_holds_so_many_groups(idp, pool_id, monkeypatch):
    monkeypatch.setattr("lido.operations.idp.groups.MOST_GROUPS", 1)
    idp.create_group(UserPoolId=pool_id, GroupName="one")
    with refused("LimitExceededException", "A user pool cannot have more than 1 groups."):
        idp.create_group(UserPoolId=pool_id, GroupName="two")
    assert len(idp.list_groups(UserPoolId=pool_id)["Groups"]) == 1


def test_of_many_groups_at_once_a_user_joins_as_many_as_allowed(house, idp, pool_id, monkeypatch):
    monkeypatch.setattr("lido.operations.idp.groups.MOST_GROUPS_OF_USER", 3)
    sub = user(house, pool_id)
    names = [f"group{number}" for number in range(8)]
    for name in names:
        idp.create_group(UserPoolId=pool_id, GroupName=name)

    def join(name):
        try:
            idp.admin_add_user_to_group(UserPoolId=pool_id, GroupName=name, Username=sub)
        except ClientError as refusal:
            return refusal.response["Error"]["Code"]
        return "joined"

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(join, names))
    assert sorted(set(outcomes)) == ["InvalidParameterException", "joined"]
    assert outcomes.count("joined") == 3
    assert len(groups_of(idp, pool_id, sub)) == 3
