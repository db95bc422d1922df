"""`lido apply`: user pools as a CloudFormation template wants them."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lido.cli.assignments import assignment
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.stacks.looking import Action, Stack
    from lido.stacks.planning import Step

_CHANGES = 2
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@click.command()
@click.argument("template", metavar="TEMPLATE")
@click.option("--stack", "name", metavar="NAME", help="The stack's name.  [default: the name of the file]")
@click.option(
    "--parameter", "parameters", metavar="NAME=VALUE", type=assignment, multiple=True, help="May be repeated."
)
@click.option("--parameter-file", metavar="FILE", help="Values of parameters, secret ones too, as YAML or JSON.")
@click.option("--adopt", is_flag=True, help="Take over what exists already and is called as the template says.")
@click.option("--dry-run", is_flag=True, help="Show the plan alone; exit status 2 where something would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--region", metavar="REGION", help="The region of the pools.  [default: the first region served]")
@options(*INSTALLATION, "public_url")
def apply(
    template: str,
    name: str | None,
    parameters: tuple[tuple[str, str], ...],
    parameter_file: str | None,
    *,
    adopt: bool,
    dry_run: bool,
    yes: bool,
    region: str | None,
    **given: Any,
) -> None:
    """Make user pools as TEMPLATE wants them: a file of CloudFormation, YAML or JSON, or - for the input.

    Resources of AWS::Cognito::* are made, changed, replaced and taken away; those of other services are passed over.
    The plan is shown first, and you are asked. A second run changes nothing, and what has left the template goes,
    unless its DeletionPolicy is Retain. A run that ended in the middle is gone on with by the next.

    \b
      lido apply people.yaml --parameter Stage=test --dry-run
      lido apply people.yaml --parameter Stage=test
    """  # noqa: D301 - \b is how click is told to keep the lines of a paragraph
    from lido.cli.acting import whoever
    from lido.cli.installation import open_installation
    from lido.settings import load
    from lido.stacks import TemplateError, documents, templates
    from lido.stacks.door import Door
    from lido.stacks.looking import Stack

    name = name or _name_of(template)
    if _STACK.fullmatch(name) is None:
        raise click.ClickException(f"{name!r} is no name for a stack: letters, digits and -, a letter first (--stack).")
    with open_installation(load(given)) as lido:
        region = region or lido.house.default_region
        if not lido.house.serves(region):
            raise click.ClickException(f"{region} is not among the regions that are served.")
        door = Door(lido.call, actor=whoever(), region=region)
        try:
            wanted = templates.parse(documents.read(_text_of(template)))
            values = {**_values_of(parameter_file), **dict(parameters)}
            _run(Stack(door, name, wanted, values, adopts=adopt), dry_run=dry_run, yes=yes)
        except TemplateError as error:
            raise click.ClickException(str(error)) from error


def _run(stack: "Stack", *, dry_run: bool, yes: bool) -> None:
    from lido.cli.plans import lines
    from lido.stacks import planning

    for resource in stack.foreign:
        click.echo(f"  {resource.logical_id}  {resource.type}  is not of Cognito and passed over", err=True)
    steps = planning.plan(stack)
    for line in lines(steps) if steps else ("Everything is as the template wants it.",):
        click.echo(line)
    if dry_run:
        sys.exit(_CHANGES if steps else 0)
    if steps and not yes:
        click.confirm("Do this?", abort=True)
    elif planning.takes_pools_of_another(stack, steps):
        raise click.ClickException(
            f"The stack {stack.name} has nothing of what the template names, and user pools of it would be deleted: "
            "name the template's own stack (--stack), or run without --yes."
        )
    _carry_out(stack, steps)


def _carry_out(stack: "Stack", shown: "list[Step]") -> None:
    """Do what was shown, and nothing else."""
    from lido.cli.plans import MARKS
    from lido.flows import stacks
    from lido.stacks import applying, planning

    with stacks.alone(stack.door.call(), stack.door.region, stack.name) as hold_on:

        def say(action: "Action", name: str, physical_id: str) -> None:
            click.echo(f"{name} {MARKS[action][2]}  {physical_id}".rstrip())
            hold_on(stack.door.call().now)

        if planning.plan(stack) != shown:
            raise click.ClickException("Something was changed meanwhile: look at the plan again.")
        applying.carry_out(stack, say)
    _tell_outputs(applying.outputs(stack))


def _tell_outputs(outputs: dict[str, Any]) -> None:
    import json

    from lido.stacks.values import shown

    for name, value in outputs.items():
        text = shown(value)
        click.echo(f"{name} = {text if isinstance(text, str) else json.dumps(text)}")


def _name_of(template: str) -> str:
    return "lido" if template == "-" else re.sub(r"[^A-Za-z0-9-]+", "-", Path(template).name.partition(".")[0])


def _text_of(template: str) -> str:
    try:
        return sys.stdin.read() if template == "-" else Path(template).read_text("utf-8")
    except UnicodeDecodeError:
        raise click.ClickException("The template is no text in UTF-8.") from None


def _values_of(file: str | None) -> dict[str, str]:
    """A mapping of names and values, or AWS's list of ParameterKey and ParameterValue."""
    from lido.stacks import documents

    if file is None:
        return {}
    return documents.parameters(_text_of(file))
