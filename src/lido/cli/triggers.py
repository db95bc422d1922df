"""`lido triggers`: the functions that pools' triggers call, registered under names."""

import json
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from lido.cli.assignments import assignment
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.flows.trigger_targets import Use, Wish
    from lido.ports.triggers.carrier import Failure
    from lido.records import TriggerTarget

_WAYS = ("handler", "url", "python", "arn")


@click.group()
def triggers() -> None:
    """Functions that a pool's triggers call: your Lambda handlers, an HTTPS address, or Python.

    A registered function has a name, which stands at the end of an ARN in the pool's LambdaConfig, so that the API
    shows it as AWS does. ARNs of other names go to AWS Lambda itself, where LIDO_LAMBDA_ENDPOINT is set.
    """


@triggers.command()
@click.option("--pool", "pool_id", metavar="POOL", required=True, help="The pool whose trigger it is.")
@click.option("--trigger", metavar="TRIGGER", required=True, help="PreSignUp, PostConfirmation, CustomMessage, …")
@click.option("--handler", metavar="FILE.FUNCTION", help="A Lambda handler on this machine: ./app.handler for app.py.")
@click.option("--url", metavar="URL", help="An HTTPS address, to which the signed event is posted.")
@click.option("--python", metavar="MODULE:FUNCTION", help="A Python function, run inside the server.")
@click.option("--arn", metavar="ARN", help="A function that is registered already, or one of AWS Lambda.")
@click.option("--name", metavar="NAME", help="What the function is called.  [default: from pool and trigger]")
@click.option("--version", metavar="VERSION", help="Version of the event: V1_0, V2_0 or V3_0.  [default: V1_0]")
@click.option(
    "--env", metavar="NAME=VALUE", type=assignment, multiple=True, help="A variable of the handler; may be repeated."
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0.1, 60),
    default=5.0,
    show_default=True,
    help="How long one attempt may take.",
)
@click.option(
    "--attempts",
    metavar="N",
    type=click.IntRange(1, 10),
    default=3,
    show_default=True,
    help="How often it is tried in all, when the time is over.",
)
@click.option("--kms-key", metavar="ARN", help="Key under which a custom sender gets codes; it becomes the pool's.")
@click.option("--replace", is_flag=True, help="Take the place of the function of that name; a URL gets a new secret.")
@options(*INSTALLATION)
def add(pool_id: str, trigger: str, *, version: str | None, kms_key: str | None, replace: bool, **given: Any) -> None:
    """Let a trigger of a pool call a function.

    \b
      lido triggers add --pool POOL --trigger PreSignUp --handler ./app.handler
      lido triggers add --pool POOL --trigger PreSignUp --url https://hooks.example.com/sign-up
      lido triggers add --pool POOL --trigger PreSignUp --python my_rules:sign_up

    The folder in which you type ./app.handler becomes the function's own, as /var/task is at AWS; every node needs
    the code at the same place. A URL's secret, with which it verifies signatures, is printed this once. Running
    servers obey within a second.
    """  # noqa: D301 - \b is how click is told to keep the lines of a paragraph
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import trigger_targets
    from lido.settings import load

    mine = ("handler", "url", "python", "arn", "name", "env", "timeout", "attempts")
    asked = {name: given.pop(name) for name in mine}
    kind = _only_way(asked)
    with open_installation(load(given)) as lido, acting(lido, "triggers add", pool_id, trigger=trigger) as call:
        try:
            if kind == "arn":
                arn = asked["arn"]
                trigger_targets.name_function(call, pool_id, trigger, arn, version=version, kms_key_id=kms_key)
                click.echo(f"{trigger} of {pool_id} calls {arn}")
                return
            wish = _wish(kind, f"{pool_id}-{trigger}"[:64], asked)
            made = trigger_targets.register(
                call, pool_id, trigger, wish, version=version, kms_key_id=kms_key, again=replace
            )
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{trigger} of {pool_id} calls {made.arn}")
    if made.secret is not None:
        click.echo(f"secret = {made.secret}")
        click.echo("The secret is not shown again.", err=True)


@triggers.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options(*INSTALLATION)
def list_(*, as_json: bool, **given: Any) -> None:
    """List all functions and the triggers that call them. Secrets and variables are never shown."""
    from lido.cli.installation import open_installation
    from lido.flows import trigger_targets
    from lido.settings import load

    with open_installation(load(given)) as lido:
        registered = trigger_targets.every(lido.call())
        foreign = trigger_targets.foreign(lido.call())
    rows = [_members(row, uses) for row, uses in registered]
    rows += [{"name": use.function.arn, "kind": "lambda", "triggers": [_used(use)]} for use in foreign]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo("  ".join(filter(None, [row["name"], row["kind"], row.get("address")])))
        for used in row["triggers"]:
            click.echo(f"    {used['trigger']} ({used['version']}) of {used['pool']}")


@triggers.command()
@click.argument("name", metavar="NAME")
@options(*INSTALLATION)
def remove(name: str, **given: Any) -> None:
    """Forget a function, and take it from every trigger that calls it."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import trigger_targets
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "triggers remove", function=name) as call:
        uses = trigger_targets.remove(call, name)
    for use in uses:
        click.echo(f"{use.trigger} of {use.pool_id} calls nothing now.")
    click.echo(f"{name} is removed.")


@triggers.command()
@click.argument("name", metavar="NAME")
@click.argument("event", metavar="EVENT", type=click.File("rb"))
@options(*INSTALLATION)
def test(name: str, event: Any, **given: Any) -> None:
    """Send an event to a function, once, and print its answer.

    EVENT is a file, or - for the input. What the function prints goes to stderr, and so does how long it took.
    """
    from lido.cli import log
    from lido.cli.installation import open_installation
    from lido.flows import trigger_targets
    from lido.ports.triggers.carrier import Failure
    from lido.settings import load

    settings = load(given)
    log.configure("info", "console")
    content = _event(event.read())
    with open_installation(settings) as lido:
        begun = monotonic()
        try:
            answer = trigger_targets.try_out(lido.call(), name, content)
        except Failure as failure:
            raise click.ClickException(_told(name, failure)) from failure
        took = monotonic() - begun
    click.echo(json.dumps(json.loads(answer), indent=2, ensure_ascii=False))
    click.echo(f"{name} answered in {took * 1000:.0f} ms.", err=True)


def _only_way(asked: dict[str, Any]) -> str:
    named = [way for way in _WAYS if asked[way]]
    if len(named) != 1:
        raise click.UsageError("Give one of --handler, --url, --python and --arn.")
    if asked["env"] and named != ["handler"]:
        raise click.UsageError("--env is for handlers; Python functions see the server's variables.")
    return named[0]


def _wish(kind: str, name: str, asked: dict[str, Any]) -> "Wish":
    """What is to be registered, looked at as far as this machine can. Raises ValueError with a sentence."""
    from lido.flows.trigger_targets import Wish
    from lido.ports import outgoing
    from lido.ports.triggers import function_process, python_function

    folder, address = "", asked[kind]
    if kind == "handler":
        folder, address = function_process.split(address)
        complaint = function_process.missing(function_process.find(folder, address), function_process.Runtimes())
        if complaint:
            raise ValueError(complaint)
    elif kind == "python":
        python_function.load(address)
    else:
        try:
            outgoing.check(address)
        except outgoing.Refused as refusal:
            raise ValueError(f"{address} cannot be called: {refusal}.") from refusal
    return Wish(
        name=asked["name"] or name,
        kind=kind,  # type: ignore[arg-type] # "arn", the fourth way, registers nothing
        address=address,
        folder=folder,
        environment=dict(asked["env"]),
        timeout_seconds=asked["timeout"],
        attempts=asked["attempts"],
    )


def _event(content: bytes) -> bytes:
    try:
        json.loads(content)
    except ValueError as error:
        raise click.ClickException(f"The event is not JSON: {error}.") from error
    return content


def _told(name: str, failure: "Failure") -> str:
    """What became of an event, for whoever tries a function out."""
    from lido.ports.triggers.carrier import NotInvocable, Raised, TimedOut

    match failure:
        case Raised(message=message):
            return f"{name} raised: {message}"
        case NotInvocable(exception_name=exception_name):
            return f"{name} cannot be invoked: {exception_name}."
        case TimedOut():
            return f"{name} did not answer in time."
        case _:
            return f"{name} answered what is no JSON, or more than 6 MiB."


def _members(row: "TriggerTarget", uses: "list[Use]") -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "address": row.address,
        **({"folder": row.settings.folder} if row.settings.folder else {}),
        "timeout_seconds": row.settings.timeout_seconds,
        "attempts": row.settings.attempts,
        "triggers": [_used(use) for use in uses],
    }


def _used(use: "Use") -> dict[str, str]:
    return {"pool": use.pool_id, "trigger": use.trigger, "version": use.function.version}
