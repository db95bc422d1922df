"""Users that a template makes, and the groups that it puts them in."""

from collections.abc import Collection, Mapping, Sequence

from lido import errors
from lido.call import Call
from lido.stacks import TemplateError
from lido.stacks.comparing import Difference, Path, differences
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, joined_id, parts_of
from lido.stacks.kinds.of_pools import members

_ATTRIBUTES = "UserAttributes"
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
        given = wanted.get("UserAttributes", ())
        if any(not isinstance(each, dict) or "Name" not in each for each in given):
            raise TemplateError("Each of UserAttributes has a Name and a Value.")
        attributes = {each["Name"]: each.get("Value", "") for each in given}
        return {"Username": generated, **wanted, "UserAttributes": attributes}

    def differences(self, wanted: Properties, present: Properties, set_before: Collection[Path]) -> list[Difference]:
        """Of the attributes only those that the template sets, or had set; others are the user's own."""
        before = [path[1:] for path in set_before if path[0] == _ATTRIBUTES and path[1:]]
        compared = differences(wanted[_ATTRIBUTES], present[_ATTRIBUTES], before)
        # Whether an address is verified goes with the address, and not without it.
        found = [each for each in compared if each.wanted is not None or not each.path[0].endswith("_verified")]
        others = {name: value for name, value in wanted.items() if name != _ATTRIBUTES}
        return [
            *super().differences(others, present, ()),
            *(Difference((_ATTRIBUTES, *each.path), each.present, each.wanted) for each in found),
        ]

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
        changed = {each.path[1]: each.wanted for each in found}
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
