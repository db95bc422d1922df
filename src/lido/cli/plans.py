"""How a plan is shown: what is made, changed, replaced and taken away, property by property; secrets are hidden."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lido.stacks.looking import Action
    from lido.stacks.planning import Step

_LONGEST = 100
MARKS: "dict[Action, tuple[str, str, str]]" = {
    "create": ("+", "green", "made"),
    "change": ("~", "yellow", "changed"),
    "replace": ("±", "magenta", "replaced"),
    "adopt": ("=", "cyan", "taken over"),
    "delete": ("-", "red", "deleted"),
    "retain": ("·", "blue", "left to itself"),
}
"""The mark, the colour and the word of each action."""


def lines(steps: "Sequence[Step]") -> Iterator[str]:
    """The steps of a plan, and their number."""
    for step in steps:
        yield from _step(step)
    told = [(word, sum(step.action == action for step in steps)) for action, (_, _, word) in MARKS.items()]
    yield ", ".join(f"{number} to be {word}" for word, number in told if number) + "."


def _step(step: "Step") -> Iterator[str]:
    mark, colour, _ = MARKS[step.action]
    head = "  ".join(filter(None, [f"{mark} {step.logical_id}", step.type, step.physical_id]))
    yield click.style(head, fg=colour) + (f"  ({step.why})" if step.why else "")
    changed = {each.path[0] for each in step.found}
    for name, value in step.given.items():
        if name not in changed:
            yield f"    {name}: {_text(value)}"
    for each in step.found:
        after = "(its default)" if each.wanted is None else _text(each.wanted)
        yield f"    {'.'.join(each.path)}: {_text(each.present)} → {after}"


def _text(value: Any) -> str:
    from lido.stacks.values import shown

    if value is None:
        return "(nothing)"
    text = json.dumps(shown(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
