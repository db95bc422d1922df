"""Documents that are attached to a pool or to one of its clients: they are set as a whole, and never missing."""

from collections.abc import Sequence
from typing import ClassVar

from lido.call import Call
from lido.stacks.comparing import Difference, merged
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, gone, joined_id, parts_of
from lido.stacks.kinds.of_pools import members

ALL = "ALL"
"""Instead of a client: what holds for all that have nothing of their own."""


class Attachment(Kind):
    """`sets` and `reads` are its operations; `member` is where the answer of the second has it."""

    rank = 6
    is_shared = True
    sets: ClassVar[str]
    reads: ClassVar[str]
    member: ClassVar[str]

    def expected(self, wanted: Properties) -> str:
        return joined_id(str(wanted["UserPoolId"]), *([str(wanted["ClientId"])] if "ClientId" in wanted else ()))

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        door.ask(self.sets, call, **{**wanted, **self._names(self.expected(wanted))})
        return self.expected(wanted)

    def read(self, door: Door, physical_id: str) -> Properties | None:
        """A client that has nothing of its own is told what all have, under their name: that is not its own."""
        found = door.find(self.reads, **self._names(physical_id))
        if found is None:
            return None
        pool_id, *client = parts_of(physical_id)
        told = found.get(self.member, {})
        own = told if told.get("ClientId", ALL) == (client or [ALL])[0] else {}
        properties = {name: value for name, value in own.items() if name in self.properties}
        return {**properties, "UserPoolId": pool_id, **({"ClientId": client[0]} if client else {})}

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        door.ask(self.sets, **{**merged(present, wanted, gone(found)), **self._names(physical_id)})

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask(self.sets, **self._names(physical_id))

    def reference(self, physical_id: str) -> str:
        return "-".join([self.type.rpartition("::")[2], *parts_of(physical_id)])

    def _names(self, physical_id: str) -> Properties:
        pool_id, *client = parts_of(physical_id)
        return {"UserPoolId": pool_id, **({"ClientId": client[0]} if client else {})}


class UICustomization(Attachment):
    type = "AWS::Cognito::UserPoolUICustomizationAttachment"
    properties = members("SetUICustomizationRequest", "ImageFile")
    required = ("UserPoolId", "ClientId")
    replaced_by = ("UserPoolId", "ClientId")
    sets, reads, member = "SetUICustomization", "GetUICustomization", "UICustomization"
    operations = ("SetUICustomization", "GetUICustomization")

    def delete(self, door: Door, physical_id: str) -> None:
        """Without a domain nobody sees it, and Cognito lets nobody change it: it goes with the pool."""
        pool = door.ask("DescribeUserPool", UserPoolId=self.pool_of(physical_id))["UserPool"]
        if {"Domain", "CustomDomain"} & set(pool):
            super().delete(door, physical_id)


class RiskConfiguration(Attachment):
    type = "AWS::Cognito::UserPoolRiskConfigurationAttachment"
    properties = members("SetRiskConfigurationRequest")
    required = ("UserPoolId", "ClientId")
    replaced_by = ("UserPoolId", "ClientId")
    sets, reads, member = "SetRiskConfiguration", "DescribeRiskConfiguration", "RiskConfiguration"
    operations = ("SetRiskConfiguration", "DescribeRiskConfiguration")

    def _names(self, physical_id: str) -> Properties:
        """For the operations, the pool itself is no client."""
        return {name: value for name, value in super()._names(physical_id).items() if value != ALL}

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        given = {name: value for name, value in wanted.items() if name != "ClientId"}
        door.ask(self.sets, call, **{**given, **self._names(self.expected(wanted))})
        return self.expected(wanted)

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        complete = merged(present, wanted, gone(found))
        complete.pop("ClientId", None)
        door.ask(self.sets, **{**complete, **self._names(physical_id)})


class LogDelivery(Attachment):
    type = "AWS::Cognito::LogDeliveryConfiguration"
    properties = members("SetLogDeliveryConfigurationRequest")
    sets, reads, member = "SetLogDeliveryConfiguration", "GetLogDeliveryConfiguration", "LogDeliveryConfiguration"
    operations = ("SetLogDeliveryConfiguration",)

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        return super().create(door, call, {"LogConfigurations": [], **wanted})

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        super().update(door, physical_id, present, {"LogConfigurations": [], **wanted}, found)

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask(self.sets, LogConfigurations=[], **self._names(physical_id))
