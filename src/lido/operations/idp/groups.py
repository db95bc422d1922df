"""Groups and their members."""

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact, Kind
from lido.operations import operation
from lido.operations.describing import group_type, user_type
from lido.operations.pages import Pages, size
from lido.records import Group, User
from lido.shapes import idp
from lido.storage import groups, users
from lido.storage.database import Transaction

MOST_GROUPS = 10_000
MOST_GROUPS_OF_USER = 100
_DISMISSED_AT_ONCE = 1_000


@operation
def create_group(call: Call, request: idp.CreateGroupRequest) -> idp.CreateGroupResponse:
    """Raises ResourceNotFound, GroupExists, LimitExceeded."""
    group = Group(
        pool_id=request.user_pool_id,
        name=request.group_name,
        description=request.description,
        role_arn=request.role_arn,
        precedence=request.precedence,
        created_at=call.now,
        modified_at=call.now,
    )
    with call.db.write() as tx:
        access.lock_pool(call, tx, request.user_pool_id)
        if not groups.add(tx, group):
            raise errors.GroupExists
        if groups.count(tx, group.pool_id) > MOST_GROUPS:
            raise errors.LimitExceeded(f"A user pool cannot have more than {MOST_GROUPS} groups.")
        _tell(call, tx, group.pool_id, group.name, "group_created")
    return idp.CreateGroupResponse(group=group_type(group))


@operation
def get_group(call: Call, request: idp.GetGroupRequest) -> idp.GetGroupResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        group = _require(call, tx, request.user_pool_id, request.group_name)
    return idp.GetGroupResponse(group=group_type(group))


@operation
def update_group(call: Call, request: idp.UpdateGroupRequest) -> idp.UpdateGroupResponse:
    """Changes what is sent. Raises ResourceNotFound."""
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        groups.change(
            tx,
            pool.pool_id,
            request.group_name,
            description=request.description,
            role_arn=request.role_arn,
            precedence=request.precedence,
            now=call.now,
        )
        group = _require(call, tx, pool.pool_id, request.group_name)
        _tell(call, tx, pool.pool_id, group.name, "group_changed")
    return idp.UpdateGroupResponse(group=group_type(group))


@operation
def delete_group(call: Call, request: idp.DeleteGroupRequest) -> None:
    """Its members stay, without it; they leave a large group in bites, so that nobody waits for all of them.

    What cuts it off leaves a smaller group, which is deleted by asking again.
    Raises ResourceNotFound.
    """
    is_gone = False
    while not is_gone:
        with call.db.write() as tx:
            pool = access.require_pool(call, tx, request.user_pool_id)
            left = groups.dismiss(tx, pool.pool_id, request.group_name, limit=_DISMISSED_AT_ONCE)
            if left < _DISMISSED_AT_ONCE:
                is_gone = groups.remove(tx, pool.pool_id, request.group_name)
                if not is_gone:
                    raise _unknown()
                _tell(call, tx, pool.pool_id, request.group_name, "group_deleted")


@operation
def list_groups(call: Call, request: idp.ListGroupsRequest) -> idp.ListGroupsResponse:
    """By name. Raises ResourceNotFound, InvalidParameter for a foreign token."""
    pages, most = Pages(call, "ListGroups", request.user_pool_id), size(request.limit)
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = groups.page(tx, pool.pool_id, after=pages.after_text(request.next_token), limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda group: [group.name])
    return idp.ListGroupsResponse(groups=[group_type(group) for group in shown], next_token=next_token)


@operation
def admin_add_user_to_group(call: Call, request: idp.AdminAddUserToGroupRequest) -> None:
    """Whoever is in the group already stays in it. Raises ResourceNotFound, UserNotFound, InvalidParameter."""
    with call.db.write() as tx:
        user = _user(call, tx, request.user_pool_id, request.username)
        # The user's row holds the cap, the group's row the group.
        if not users.lock(tx, user.pool_id, user.sub):
            raise errors.UserNotFound
        if not groups.lock(tx, user.pool_id, request.group_name):
            raise _unknown()
        if groups.join(tx, user.pool_id, user.sub, request.group_name, call.now):
            if groups.count_of_user(tx, user.pool_id, user.sub) > MOST_GROUPS_OF_USER:
                raise errors.InvalidParameter(f"A user cannot be in more than {MOST_GROUPS_OF_USER} groups.")
            _tell(call, tx, user.pool_id, request.group_name, "group_joined", user.sub)


@operation
def admin_remove_user_from_group(call: Call, request: idp.AdminRemoveUserFromGroupRequest) -> None:
    """Whoever is not in the group need not leave it. Raises ResourceNotFound, UserNotFound."""
    with call.db.write() as tx:
        user = _user(call, tx, request.user_pool_id, request.username)
        if groups.find(tx, user.pool_id, request.group_name) is None:
            raise _unknown()
        if groups.leave(tx, user.pool_id, user.sub, request.group_name):
            _tell(call, tx, user.pool_id, request.group_name, "group_left", user.sub)


@operation
def admin_list_groups_for_user(
    call: Call, request: idp.AdminListGroupsForUserRequest
) -> idp.AdminListGroupsForUserResponse:
    """By name. Raises ResourceNotFound, UserNotFound, InvalidParameter for a foreign token."""
    most = size(request.limit)
    with call.db.read() as tx:
        user = _user(call, tx, request.user_pool_id, request.username)
        pages = Pages(call, "AdminListGroupsForUser", user.pool_id, {"sub": user.sub})
        after = pages.after_text(request.next_token)
        found = groups.of_user(tx, user.pool_id, user.sub, after=after, limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda group: [group.name])
    return idp.AdminListGroupsForUserResponse(groups=[group_type(group) for group in shown], next_token=next_token)


@operation
def list_users_in_group(call: Call, request: idp.ListUsersInGroupRequest) -> idp.ListUsersInGroupResponse:
    """By sub. Raises ResourceNotFound, InvalidParameter for a foreign token."""
    pages = Pages(call, "ListUsersInGroup", request.user_pool_id, {"GroupName": request.group_name})
    most = size(request.limit)
    with call.db.read() as tx:
        group = _require(call, tx, request.user_pool_id, request.group_name)
        after = pages.after_text(request.next_token)
        found = groups.members(tx, group.pool_id, group.name, after=after, limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda user: [user.sub])
    return idp.ListUsersInGroupResponse(users=[user_type(user) for user in shown], next_token=next_token)


def _require(call: Call, tx: Transaction, pool_id: str, name: str) -> Group:
    group = groups.find(tx, access.require_pool(call, tx, pool_id).pool_id, name)
    if group is None:
        raise _unknown()
    return group


def _user(call: Call, tx: Transaction, pool_id: str, username: str) -> User:
    return access.require_user(tx, access.require_pool(call, tx, pool_id), username)


def _unknown() -> errors.ResourceNotFound:
    return errors.ResourceNotFound("Group not found.")


def _tell(call: Call, tx: Transaction, pool_id: str, name: str, kind: Kind, sub: str = "") -> None:
    events.tell(call, tx, pool_id, kind, sub, Fact(names=[name]))
