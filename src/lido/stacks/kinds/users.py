"""Users that a template makes, and the groups that it puts them in."""

from collections.abc import Mapping, Sequence

from lido import errors
from lido.call import Call
from lido.stacks.comparing import Difference
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, joined_id, parts_of
from lido.stacks.kinds.of_pools import members

# Cognito's own.
_NOT_SET = ("sub", "identities")


class UserPoolUser(Kind):
    """Attributes change in place: making the user anew, as CloudFormation does, would lose a person."""

    type = "AWS::Cognito::UserPoolUser"
    rank = 5
    properties = members("AdminCreateUserRequest", "TemporaryPassword")
    replaced_by = ("UserPoolId", "Username")
    only_at_creation = (
        "ClientMetadata",
        "DesiredDeliveryMediums",
        "ForceAliasCreation",
        "MessageAction",
        "ValidationData",
    )
    operations = ("AdminCreateUser",)

    def normal(self, wanted: Properties, generated: str) -> Properties:
        """Attributes by name."""
        attributes = {each["Name"]: each.get("Value", "") for each in wanted.get("UserAttributes", ())}
        return {"Username": generated, **wanted, "UserAttributes": attributes}

    def expected(self, wanted: Properties) -> str:
        return joined_id(str(wanted["UserPoolId"]), str(wanted["Username"]))

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        attributes = wanted["UserAttributes"]
        given = {**wanted, "UserAttributes": _listed({k: v for k, v in attributes.items() if k not in _NOT_SET})}
        door.ask("AdminCreateUser", call, **given)
        return self.expected(wanted)

    def read(self, door: Door, physical_id: str) -> Properties | None:
        names = _names(physical_id)
        found = door.find("AdminGetUser", **names)
        if found is None:
            return None
        return {**names, "UserAttributes": {each["Name"]: each.get("Value") for each in found["UserAttributes"]}}

    def update(
        self,
        door: Door,
        physical_id: str,
        present: Properties,  # noqa: ARG002 - only what differs is sent
        wanted: Properties,
        found: Sequence[Difference],
    ) -> None:
        changed = {each.path[1]: each.wanted for each in found if each.path[0] == "UserAttributes"}
        lost = [name for name, value in changed.items() if value is None]
        kept = {name: value for name, value in changed.items() if value is not None}
        # Who writes an address says in the same request whether it is verified.
        kept |= {name: wanted["UserAttributes"][name] for name in _verdicts(kept) if name in wanted["UserAttributes"]}
        if kept:
            door.ask("AdminUpdateUserAttributes", UserAttributes=_listed(kept), **_names(physical_id))
        if lost:
            door.ask("AdminDeleteUserAttributes", UserAttributeNames=lost, **_names(physical_id))

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask("AdminDeleteUser", **_names(physical_id))


class UserPoolUserToGroupAttachment(Kind):
    type = "AWS::Cognito::UserPoolUserToGroupAttachment"
    rank = 7
    is_shared = True
    properties = members("AdminAddUserToGroupRequest")
    required = ("UserPoolId", "GroupName", "Username")
    replaced_by = ("UserPoolId", "GroupName", "Username")
    operations = ("AdminAddUserToGroup",)

    def expected(self, wanted: Properties) -> str:
        return joined_id(str(wanted["UserPoolId"]), str(wanted["GroupName"]), str(wanted["Username"]))

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        door.ask("AdminAddUserToGroup", call, **wanted)
        return self.expected(wanted)

    def read(self, door: Door, physical_id: str) -> Properties | None:
        pool_id, group, username = parts_of(physical_id)
        try:
            groups = [
                each["GroupName"]
                for each in door.every("AdminListGroupsForUser", "Groups", UserPoolId=pool_id, Username=username)
            ]
        except (errors.ResourceNotFound, errors.UserNotFound):
            return None
        return {"UserPoolId": pool_id, "GroupName": group, "Username": username} if group in groups else None

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        """Every property makes another attachment."""

    def delete(self, door: Door, physical_id: str) -> None:
        pool_id, group, username = parts_of(physical_id)
        door.ask("AdminRemoveUserFromGroup", UserPoolId=pool_id, GroupName=group, Username=username)


def _names(physical_id: str) -> dict[str, str]:
    pool_id, username = parts_of(physical_id)
    return {"UserPoolId": pool_id, "Username": username}


def _listed(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def _verdicts(names: Mapping[str, str]) -> list[str]:
    return [f"{name}_verified" for name in ("email", "phone_number") if name in names]
