"""One resource of a template and what there is of it: whether it is to be made, changed, replaced or left."""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lido import errors
from lido.flows import stacks
from lido.flows.stacks import StackResource
from lido.stacks import TemplateError
from lido.stacks.comparing import SEPARATOR, Difference, Path, paths
from lido.stacks.door import Door
from lido.stacks.functions import Place, Scope
from lido.stacks.kinds import Kind, Properties
from lido.stacks.kinds.table import KINDS, RANKS, kind_of
from lido.stacks.templates import Resource, Template, ordered, values_of_parameters
from lido.stacks.values import is_known

Action = Literal["create", "change", "replace", "adopt", "delete", "retain", "none"]


class Look(Struct):
    """What there is of a resource. `row` is what the stack remembers of it, `present` its properties; `stale` is a row
    that a run left behind which ended in the middle.
    """

    resource: Resource
    kind: Kind
    wanted: Properties
    action: Action
    row: StackResource | None = None
    present: Properties | None = None
    found: list[Difference] = []
    why: str = ""
    physical_id: str = ""
    stale: StackResource | None = None


class Stack:
    """A template, and the things that a stack of that name answers for."""

    def __init__(
        self, door: Door, name: str, template: Template, given: Mapping[str, str], *, adopts: bool = False
    ) -> None:
        self.door = door
        self.name = name
        self.template = template
        self.adopts = adopts
        parameters = values_of_parameters(template, given)
        self._scope_of = (template, parameters, given)
        self.begin()
        present = [logical_id for logical_id in template.resources if self.scope.is_present(logical_id)]
        self.order = ordered(template, present, RANKS)
        self.foreign = [template.resources[each] for each in present if not template.resources[each].is_ours]
        self.kinds = {each.logical_id: kind_of(door, each.logical_id, each.type) for each in self.order}

    def begin(self) -> None:
        """Know of nothing that was made but what the stack remembers."""
        template, parameters, given = self._scope_of
        place = Place(self.door.region, self.door.account)
        self.scope = Scope(template, parameters, given, stack=self.name, place=place)
        rows = stacks.of_stack(self.door.call(), self.door.region, self.name)
        self.leaving = [row for row in rows if row.state == "leaving"]
        self.rows = {row.logical_id: row for row in rows if row.state != "leaving"}

    def look(self, resource: Resource) -> Look:
        """What there is of a resource now. Raises TemplateError."""
        kind = self.kinds[resource.logical_id]
        generated = f"{self.name}-{resource.logical_id}"
        wanted = kind.wanted(self.scope.properties(resource.properties), resource.logical_id, generated)
        row, stale = self.rows.get(resource.logical_id), None
        if row is not None and row.state == "creating":
            stale, row = row, self._recovered(row, kind, wanted)
        if row is None:
            return self._look_for_another(Look(resource, kind, wanted, "create", stale=stale))
        if row.type != resource.type:
            return Look(resource, kind, wanted, "replace", row, why=f"was of {row.type}")
        present = kind.read(self.door, row.physical_id)
        if present is None:
            return Look(resource, kind, wanted, "create", row, why="it is there no more")
        found = self._differences(kind, resource, wanted, present, set_before(row))
        action: Action = "replace" if kind.replaces(found) else "change" if found else "none"
        return Look(resource, kind, wanted, action, row, present, found, physical_id=row.physical_id, stale=stale)

    def is_there(self, look: Look, physical_id: str) -> None:
        """From now on others may ask for it."""
        kind = look.kind
        self.scope.made[look.resource.logical_id] = (
            kind.reference(physical_id),
            lambda: kind.attributes(self.door, physical_id),
        )

    def departed(self) -> list[StackResource]:
        """What the template has no more, and what was replaced; in the order in which it goes."""
        names = {each.logical_id for each in self.order}
        going = [*self.leaving, *(row for name, row in self.rows.items() if name not in names)]
        return sorted(going, key=lambda row: (-rank_of(row), -row.created_at))

    def _recovered(self, row: StackResource, kind: Kind, wanted: Properties) -> StackResource | None:
        """The row of a thing whose making was cut short, if it was made after all."""
        made = stacks.made_by(self.door.call(), row)
        if made is None:
            return None
        physical_id = row.physical_id or kind.recover(*made)
        if not physical_id and is_known(wanted):
            physical_id = kind.find(self.door, wanted) or ""
        return replace(row, physical_id=physical_id) if physical_id else None

    def _look_for_another(self, look: Look) -> Look:
        """Something that exists already is taken over, if that is wished."""
        kind, name = look.kind, look.resource.logical_id
        told = look.resource.adopts if self.adopts else None
        there = self._read_told(kind, name, told) if told else None
        if there is None and is_known(look.wanted) and (self.adopts or not kind.is_shared):
            told = kind.find(self.door, look.wanted) if self.adopts else _taken(kind, self.door, look.wanted)
            there = kind.read(self.door, told) if told else None
        if there is None or told is None:
            return look
        other = stacks.holder(self.door.call(), self.door.region, kind.type, told)
        if other is not None and not kind.is_shared:
            raise TemplateError(f"{name}: {kind.reference(told)} is of the stack {other}.")
        if not self.adopts:
            raise TemplateError(f"{name}: {kind.reference(told)} exists already; --adopt takes it over.")
        found = self._differences(kind, look.resource, look.wanted, there, ())
        if kind.replaces(found):
            raise TemplateError(f"{name}: {kind.reference(told)} differs in {found[0].path[0]}, which cannot change.")
        return Look(look.resource, kind, look.wanted, "adopt", None, there, found, physical_id=told, stale=look.stale)

    def _read_told(self, kind: Kind, name: str, told: str) -> Properties | None:
        try:
            return kind.read(self.door, told)
        except (ValueError, errors.InvalidParameter):
            raise TemplateError(f"{name}: {told} is no physical id of {kind.type}.") from None

    def _differences(
        self, kind: Kind, resource: Resource, wanted: Properties, present: Properties, before: Iterable[Path]
    ) -> list[Difference]:
        try:
            return kind.differences(wanted, present, list(before))
        except TemplateError as error:
            raise TemplateError(f"{resource.logical_id}: {error}") from None


def _taken(kind: Kind, door: Door, wanted: Properties) -> str | None:
    expected = kind.expected(wanted)
    return expected if expected and kind.read(door, expected) is not None else None


def set_before(row: StackResource) -> list[Path]:
    """The paths that the template set the last time."""
    return [tuple(path.split(SEPARATOR)) for path in row.properties]


def set_now(look: Look) -> tuple[str, ...]:
    """The paths that the template sets now, as they are stored."""
    compared = {name: value for name, value in look.wanted.items() if name not in look.kind.only_at_creation}
    return tuple(sorted(SEPARATOR.join(path) for path in paths(compared)))


def rank_of(row: StackResource) -> int:
    """How early things of its type are made."""
    return KINDS[row.type].rank if row.type in KINDS else 0


class named:  # noqa: N801 - reads as a function
    """A refusal says which resource it was about."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, errors.Fault):
            raise TemplateError(f"{self._name}: {error.wire_name()}: {error.message}") from error
