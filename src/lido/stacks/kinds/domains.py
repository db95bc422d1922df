"""Domains of pools."""

from collections.abc import Mapping, Sequence
from typing import Any

from lido import errors
from lido.call import Call
from lido.stacks.comparing import Difference, merged
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, gone, joined_id, parts_of
from lido.stacks.kinds.of_pools import members


class UserPoolDomain(Kind):
    """A pool has one prefix domain: the old one goes before another comes."""

    type = "AWS::Cognito::UserPoolDomain"
    rank = 2
    properties = members("CreateUserPoolDomainRequest")
    required = ("UserPoolId", "Domain")
    replaced_by = ("UserPoolId", "Domain")
    goes_first = True
    stays = ("CustomDomainConfig", "Routing")
    operations = ("CreateUserPoolDomain",)

    def expected(self, wanted: Properties) -> str:
        return joined_id(str(wanted["UserPoolId"]), str(wanted["Domain"]))

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        door.ask("CreateUserPoolDomain", call, **wanted)
        return self.expected(wanted)

    def read(self, door: Door, physical_id: str) -> Properties | None:
        names = _names(physical_id)
        found: Properties = door.ask("DescribeUserPoolDomain", Domain=names["Domain"])["DomainDescription"]
        if found.get("UserPoolId") != names["UserPoolId"]:
            return None
        return {name: value for name, value in found.items() if name in self.properties}

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        complete = merged(present, wanted, gone(found))
        if ("ManagedLoginVersion",) in gone(found):
            complete["ManagedLoginVersion"] = 1
        door.ask("UpdateUserPoolDomain", **{**complete, **_names(physical_id)})

    def delete(self, door: Door, physical_id: str) -> None:
        if self.read(door, physical_id) is None:
            raise errors.ResourceNotFound("The domain is gone.")
        door.ask("DeleteUserPoolDomain", **_names(physical_id))

    def attributes(self, door: Door, physical_id: str) -> Mapping[str, Any]:
        described = door.ask("DescribeUserPoolDomain", Domain=_names(physical_id)["Domain"])["DomainDescription"]
        return {"CloudFrontDistribution": described.get("CloudFrontDistribution", "")}


def _names(physical_id: str) -> dict[str, str]:
    pool_id, domain = parts_of(physical_id)
    return {"UserPoolId": pool_id, "Domain": domain}
