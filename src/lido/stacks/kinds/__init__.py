"""The kinds of resources: each knows by which operations its things are made, told, changed and taken away.

A kind speaks of properties in CloudFormation's words; what its things are called for ever (a physical id) is text of
its own making: `POOL` or `POOL|["part", …]`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from lido.call import Call
from lido.stacks import TemplateError
from lido.stacks.comparing import Difference, Path, at, differences
from lido.stacks.door import Door
from lido.stacks.shaping import shaped
from lido.stacks.values import Secret

Properties = dict[str, Any]


class Kind:
    """A kind of resource. `properties` are its properties and their shapes in the service model."""

    type: ClassVar[str]
    rank: ClassVar[int] = 5
    """Of things that may be made in any order, the lower first; they are taken away the other way round."""
    properties: ClassVar[Mapping[str, str]]
    required: ClassVar[tuple[str, ...]] = ("UserPoolId",)
    replaced_by: ClassVar[tuple[str, ...]] = ("UserPoolId",)
    """A change of these makes a new thing in place of the old one."""
    goes_first: ClassVar[bool] = False
    """The old thing goes before the new one is made: there cannot be both."""
    is_shared: ClassVar[bool] = False
    """It is always there, or may be made twice: nothing is taken over by setting it."""
    only_at_creation: ClassVar[tuple[str, ...]] = ()
    """These matter when a thing is made, and cannot be read; a change of them changes nothing."""
    stays: ClassVar[tuple[str, ...]] = ()
    """These no operation takes back: where they leave a template they stay."""
    secrets: ClassVar[tuple[Path, ...]] = ()
    operations: ClassVar[tuple[str, ...]]
    """Those without which there are no such things; they are asked for in this order."""

    def missing(self, door: Door) -> str | None:
        """The operation that is not built, if there is one."""
        return next((name for name in self.operations if not door.is_built(name)), None)

    def wanted(self, given: Mapping[str, Any], name: str, generated: str) -> Properties:
        """The properties of a template in the model's types; `generated` names what has no name of its own.

        Raises TemplateError.
        """
        strange = sorted(set(map(str, given)) - set(self.properties))
        if strange:
            raise TemplateError(f"{name}: {self.type} has no property {strange[0]}.")
        missing = [each for each in self.required if given.get(each) in (None, "")]
        if missing:
            raise TemplateError(f"{name}: {missing[0]} is missing.")
        found = {each: shaped(self.properties[each], value, f"{name}.{each}") for each, value in given.items()}
        return self.normal(_hide(found, self.secrets), generated)

    def normal(self, wanted: Properties, generated: str) -> Properties:  # noqa: ARG002 - some kinds name their things
        """The same in the one form in which it is compared."""
        return wanted

    def differences(self, wanted: Properties, present: Properties, set_before: Collection[Path]) -> list[Difference]:
        """What differs, beside what only matters at creation."""
        compared = {name: value for name, value in wanted.items() if name not in self.only_at_creation}
        found = differences(compared, _hide(present, self.secrets), set_before)
        return [each for each in found if each.wanted is not None or each.path[0] not in self.stays]

    def replaces(self, found: Sequence[Difference]) -> bool:
        """Whether these differences make a new thing."""
        return any(each.path[0] in self.replaced_by for each in found)

    def expected(self, wanted: Properties) -> str:
        """What the thing will be called, '' where that is chosen when it is made."""
        raise NotImplementedError

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        """Make it, by `call`; its physical id."""
        raise NotImplementedError

    def recover(self, pool_id: str, client_id: str) -> str:  # noqa: ARG002 - pools know no client
        """The physical id of what a request made, of which only the audit trail told."""
        return pool_id

    def read(self, door: Door, physical_id: str) -> Properties | None:
        """Its properties; None where it is there no more."""
        raise NotImplementedError

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        """Change what differs."""
        raise NotImplementedError

    def delete(self, door: Door, physical_id: str) -> None:
        """Take it away. Raises errors.ResourceNotFound or errors.UserNotFound where it is there no more."""
        raise NotImplementedError

    def find(self, door: Door, wanted: Properties) -> str | None:
        """One that exists already and is called so. Raises TemplateError where several are."""
        expected = self.expected(wanted)
        return expected if expected and self.read(door, expected) is not None else None

    def reference(self, physical_id: str) -> str:
        """What `Ref` gives."""
        return parts_of(physical_id)[-1]

    def attributes(self, door: Door, physical_id: str) -> Mapping[str, Any]:  # noqa: ARG002 - most have none
        """What `Fn::GetAtt` gives."""
        return {}

    def pool_of(self, physical_id: str) -> str:
        """The pool that owns it."""
        return parts_of(physical_id)[0]


def joined_id(pool_id: str, *parts: str) -> str:
    """A physical id within a pool."""
    return f"{pool_id}|{json.dumps(parts, ensure_ascii=False)}"


def parts_of(physical_id: str) -> list[str]:
    """The pool and the parts of a physical id."""
    pool_id, _, rest = physical_id.partition("|")
    return [pool_id, *(json.loads(rest) if rest else ())]


def gone(found: Sequence[Difference]) -> list[Path]:
    """The paths that go back to their default."""
    return [each.path for each in found if each.wanted is None]


def _hide(properties: Properties, secrets: Collection[Path]) -> Properties:
    """The same, with what is secret marked so."""
    result = dict(properties)
    for path in secrets:
        value = at(result, path)
        if isinstance(value, str) and type(value) is str:
            inner: Any = result
            for name in path[:-1]:
                inner[name] = dict(inner[name])
                inner = inner[name]
            inner[path[-1]] = Secret(value)
    return result
