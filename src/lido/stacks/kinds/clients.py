"""App clients."""

from collections.abc import Mapping, Sequence
from typing import Any

from lido.call import Call
from lido.stacks.comparing import Difference, merged
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, gone, joined_id, parts_of
from lido.stacks.kinds.of_pools import members
from lido.stacks.kinds.user_pool import only
from lido.stacks.values import Secret


class UserPoolClient(Kind):
    """A client gets its secret, or none, when it is made: another wish makes another client."""

    type = "AWS::Cognito::UserPoolClient"
    rank = 4
    properties = members("CreateUserPoolClientRequest", "ClientSecret")
    replaced_by = ("UserPoolId", "GenerateSecret")
    operations = ("CreateUserPoolClient",)

    def normal(self, wanted: Properties, generated: str) -> Properties:
        """Zero days are Cognito's default, as if nothing were said."""
        found = {"ClientName": generated, **wanted}
        if found.get("RefreshTokenValidity") == 0:
            del found["RefreshTokenValidity"]
        return found

    def expected(self, wanted: Properties) -> str:  # noqa: ARG002 - its id is chosen when it is made
        return ""

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        made = door.ask("CreateUserPoolClient", call, **wanted)["UserPoolClient"]
        return joined_id(made["UserPoolId"], made["ClientId"])

    def recover(self, pool_id: str, client_id: str) -> str:
        return joined_id(pool_id, client_id)

    def read(self, door: Door, physical_id: str) -> Properties | None:
        found = door.find("DescribeUserPoolClient", **_names(physical_id))
        if found is None:
            return None
        client = found["UserPoolClient"]
        told = {name: value for name, value in client.items() if name in self.properties}
        return {**told, "GenerateSecret": "ClientSecret" in client}

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        complete = merged(present, wanted, gone(found))
        taken = members("UpdateUserPoolClientRequest", "UserPoolId")
        given = {name: value for name, value in complete.items() if name in taken}
        door.ask("UpdateUserPoolClient", **given, **_names(physical_id))

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask("DeleteUserPoolClient", **_names(physical_id))

    def find(self, door: Door, wanted: Properties) -> str | None:
        pool_id, name = wanted["UserPoolId"], wanted["ClientName"]
        clients = door.every("ListUserPoolClients", "UserPoolClients", UserPoolId=pool_id, MaxResults=60)
        return only([joined_id(pool_id, each["ClientId"]) for each in clients if each["ClientName"] == name], self.type)

    def attributes(self, door: Door, physical_id: str) -> Mapping[str, Any]:
        client = door.ask("DescribeUserPoolClient", **_names(physical_id))["UserPoolClient"]
        secret = {"ClientSecret": Secret(client["ClientSecret"])} if "ClientSecret" in client else {}
        return {"ClientId": client["ClientId"], "Name": client["ClientName"], **secret}


def _names(physical_id: str) -> dict[str, str]:
    pool_id, client_id = parts_of(physical_id)
    return {"UserPoolId": pool_id, "ClientId": client_id}
