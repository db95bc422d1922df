"""The plan: what a run would do, property by property, without doing anything."""

from msgspec import Struct

from lido.stacks.comparing import Difference
from lido.stacks.kinds import Properties
from lido.stacks.kinds.user_pool import UserPool
from lido.stacks.looking import Action, Look, Stack, named


class Step(Struct, frozen=True):
    """What becomes of one thing. `given` is what a new one is made with, `found` what changes at an old one."""

    action: Action
    logical_id: str
    type: str
    physical_id: str = ""
    given: Properties = {}
    found: list[Difference] = []
    why: str = ""


def plan(stack: Stack) -> list[Step]:
    """Every step of a run, in its order; [] where everything is as the template wants. Raises TemplateError."""
    stack.begin()
    steps: list[Step] = []
    for resource in stack.order:
        with named(resource.logical_id):
            look = stack.look(resource)
        if look.action in ("none", "change", "adopt"):
            stack.is_there(look, look.physical_id)
        if look.action != "none":
            steps.append(_step(look))
    for row in stack.departed():
        action: Action = "retain" if row.retained else "delete"
        steps.append(Step(action, row.logical_id, row.type, row.physical_id))
    return steps


def takes_pools_of_another(stack: Stack, steps: list[Step]) -> bool:
    """Whether user pools would go that seem to be another project's, whose stack is called alike: the template has
    resources, and none of those that the stack has.
    """
    known = {*stack.rows, *(row.logical_id for row in stack.leaving)}
    deletes = any(step.action == "delete" and step.type == UserPool.type for step in steps)
    return deletes and bool(stack.template.resources) and known.isdisjoint(stack.template.resources)


def _step(look: Look) -> Step:
    makes = look.action in ("create", "replace")
    return Step(
        action=look.action,
        logical_id=look.resource.logical_id,
        type=look.resource.type,
        physical_id=look.row.physical_id if look.row else look.physical_id,
        given=look.wanted if makes else {},
        found=look.found,
        why=look.why,
    )
