"""Carrying a plan out, one thing after the other. What was done is remembered at once: a run that ends in the middle is
gone on with by the next.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from lido import errors
from lido.flows import stacks
from lido.flows.stacks import StackResource
from lido.stacks import TemplateError
from lido.stacks.door import GONE
from lido.stacks.kinds import Kind
from lido.stacks.kinds.table import KINDS
from lido.stacks.looking import Action, Look, Stack, named, set_now
from lido.stacks.values import is_known

Say = Callable[[Action, str, str], None]


def carry_out(stack: Stack, say: Say) -> None:
    """Make everything as the template wants it; `say` is told each step: action, logical id, physical id.

    Raises TemplateError and errors.Fault, with the resource's name in the sentence.
    """
    stack.begin()
    for resource in stack.order:
        with named(resource.logical_id):
            look = stack.look(resource)
            if not is_known(look.wanted):
                raise TemplateError(f"{resource.logical_id} names something that its condition leaves out.")
            physical_id = _done(stack, look)
            stack.is_there(look, physical_id)
        if look.action != "none":
            say(look.action, resource.logical_id, physical_id)
    for row in stack.departed():
        with named(row.logical_id):
            _take_away(stack, row)
        say("retain" if row.retained else "delete", row.logical_id, row.physical_id)


def outputs(stack: Stack) -> dict[str, Any]:
    """The values of the template's outputs, after a run. Raises TemplateError."""
    found: dict[str, Any] = {}
    for name, declared in stack.template.outputs.items():
        evaluated = stack.scope.value({"Value": declared.get("Value")})
        condition = declared.get("Condition")
        if condition is None or stack.scope.holds(str(condition)):
            found[name] = evaluated.get("Value")
    return found


def _done(stack: Stack, look: Look) -> str:
    """The physical id of the thing as it now is."""
    if look.action == "replace":
        _step_aside(stack, look)
    if look.action in ("create", "replace"):
        return _make(stack, look)
    if look.found:
        look.kind.update(stack.door, look.physical_id, look.present or {}, look.wanted, look.found)
    _remember(stack, look, look.row or _new_row(stack, look, look.physical_id))
    return look.physical_id


def _make(stack: Stack, look: Look) -> str:
    call = stack.door.call()
    begun = replace(_new_row(stack, look, look.kind.expected(look.wanted)), request_id=call.request_id)
    before = [row for row in (look.stale, look.row if look.action == "create" else None) if row is not None]
    begun = stacks.remember(call, begun, *before)
    try:
        physical_id = look.kind.create(stack.door, call, look.wanted)
    except errors.Fault:
        if stacks.made_by(call, begun) is None:
            stacks.forget(call, begun)
        raise
    made = replace(begun, physical_id=physical_id, pool_id=look.kind.pool_of(physical_id))
    stacks.remember(stack.door.call(), made, begun)
    _complete(stack, look, physical_id)
    _remember(stack, look, made)
    return physical_id


def _complete(stack: Stack, look: Look, physical_id: str) -> None:
    """What the making alone could not set."""
    present = look.kind.read(stack.door, physical_id)
    found = look.kind.differences(look.wanted, present, ()) if present is not None else []
    if present is not None and found and not look.kind.replaces(found):
        look.kind.update(stack.door, physical_id, present, look.wanted, found)


def _step_aside(stack: Stack, look: Look) -> None:
    """The old thing is to go: now, where there cannot be both, else when everything else is done."""
    if look.row is None:
        return
    old = replace(look.row, state="leaving", retained=look.resource.replaced_is_retained)
    old = stacks.remember(stack.door.call(), old)
    if look.kind.goes_first:
        _take_away(stack, old)
    else:
        stack.leaving.append(old)
    del stack.rows[look.resource.logical_id]


def _take_away(stack: Stack, row: StackResource) -> None:
    kind = KINDS.get(row.type)
    if row.state == "creating" and kind is not None:
        made = stacks.made_by(stack.door.call(), row)
        row_id = (row.physical_id or kind.recover(*made)) if made else ""
    else:
        row_id = row.physical_id
    if kind is not None and row_id and not row.retained:
        with suppress(*GONE):
            kind.delete(stack.door, row_id)
    stacks.forget(stack.door.call(), row)


def _remember(stack: Stack, look: Look, row: StackResource) -> None:
    """The row says what the template set; it is written where that is news."""
    standing = replace(row, state="standing", request_id="", properties=set_now(look), retained=look.resource.retained)
    if standing != row or look.stale is not None:
        stacks.remember(stack.door.call(), standing, *([look.stale] if look.stale else []))


def _new_row(stack: Stack, look: Look, physical_id: str) -> StackResource:
    kind: Kind = look.kind
    return StackResource(
        pool_id=kind.pool_of(physical_id) if physical_id else str(look.wanted.get("UserPoolId", "")),
        region=stack.door.region,
        stack=stack.name,
        logical_id=look.resource.logical_id,
        physical_id=physical_id,
        type=look.resource.type,
        state="creating",
        request_id="",
        properties=(),
        retained=look.resource.retained,
        created_at=0,
        modified_at=0,
    )
