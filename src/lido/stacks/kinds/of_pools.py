"""Things of a pool that have a name and four operations: groups, resource servers, identity providers."""

from collections.abc import Sequence
from typing import Any, ClassVar

from lido.call import Call
from lido.shapes import Structure
from lido.shapes.constraints import CONSTRAINTS
from lido.stacks.comparing import Difference, merged
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, gone, joined_id, parts_of


def members(shape: str, *without: str) -> dict[str, str]:
    """The members of a structure of the service model and their shapes."""
    found = CONSTRAINTS["cognito-idp"][shape]
    if not isinstance(found, Structure):
        raise TypeError(shape)
    return {name: each for name, each in found.members.items() if name not in without}


class OfPool(Kind):
    """What its four operations are called follows from `noun` and `reads`; `named` is the property that names it."""

    noun: ClassVar[str]
    named: ClassVar[str]
    reads: ClassVar[str]
    whole: ClassVar[tuple[str, ...]] = ()
    """Properties of which nothing is kept that a template does not say."""

    def expected(self, wanted: Properties) -> str:
        return joined_id(str(wanted["UserPoolId"]), str(wanted[self.named]))

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        door.ask(f"Create{self.noun}", call, **wanted)
        return self.expected(wanted)

    def read(self, door: Door, physical_id: str) -> Properties | None:
        found = door.find(f"{self.reads}{self.noun}", **self._names(physical_id))
        return None if found is None else self._properties(found[self.noun])

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        complete = merged(present, wanted, gone(found))
        complete |= {name: wanted[name] for name in self.whole if name in wanted}
        complete |= {
            each.path[0]: _nothing(each.present) for each in found if each.wanted is None and not each.path[1:]
        }
        taken = members(f"Update{self.noun}Request")
        given = {name: value for name, value in complete.items() if name in taken}
        door.ask(f"Update{self.noun}", **given, **self._names(physical_id) if self.named not in given else {})

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask(f"Delete{self.noun}", **self._names(physical_id))

    def _names(self, physical_id: str) -> dict[str, str]:
        pool_id, name = parts_of(physical_id)
        return {"UserPoolId": pool_id, self.named: name}

    def _properties(self, described: dict[str, Any]) -> Properties:
        return {name: value for name, value in described.items() if name in self.properties}


def _nothing(present: Any) -> Any:
    """What is sent to take something back, where what is left out stays as it is."""
    return {} if isinstance(present, dict) else [] if isinstance(present, list) else ""


class Group(OfPool):
    type = "AWS::Cognito::UserPoolGroup"
    noun, named, reads = "Group", "GroupName", "Get"
    properties = members("CreateGroupRequest")
    replaced_by = ("UserPoolId", "GroupName")
    stays = ("RoleArn", "Precedence")
    operations = ("CreateGroup",)
    rank = 5

    def normal(self, wanted: Properties, generated: str) -> Properties:
        return {"GroupName": generated, **wanted}


class ResourceServer(OfPool):
    type = "AWS::Cognito::UserPoolResourceServer"
    noun, named, reads = "ResourceServer", "Identifier", "Describe"
    properties = members("CreateResourceServerRequest")
    required = ("UserPoolId", "Identifier", "Name")
    replaced_by = ("UserPoolId", "Identifier")
    operations = ("CreateResourceServer",)
    rank = 2


class IdentityProvider(OfPool):
    """Describe tells more of ProviderDetails than was sent: what it tells is never sent back."""

    type = "AWS::Cognito::UserPoolIdentityProvider"
    noun, named, reads = "IdentityProvider", "ProviderName", "Describe"
    properties = members("CreateIdentityProviderRequest")
    required = ("UserPoolId", "ProviderName", "ProviderType", "ProviderDetails")
    replaced_by = ("UserPoolId", "ProviderName", "ProviderType")
    whole = ("ProviderDetails",)
    secrets = (("ProviderDetails", "client_secret"), ("ProviderDetails", "private_key"))
    operations = ("CreateIdentityProvider", "DescribeIdentityProvider", "UpdateIdentityProvider")
    rank = 2
