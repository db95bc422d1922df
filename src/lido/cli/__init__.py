"""The `lido` command: its commands by name, loaded when asked for.

A module of commands imports what is heavy inside its functions, so that `lido --help` is quick. What a
user can mend ends as one sentence on stderr and exit status 1.
"""

import importlib
from typing import Any

import click

COMMANDS = {
    "serve": "lido.cli.serve:serve",
    "call": "lido.cli.call:call",
    "doctor": "lido.cli.doctor:doctor",
    "pool": "lido.cli.pool:pool",
    "client": "lido.cli.client:client",
    "apply": "lido.cli.apply:apply",
    "template": "lido.cli.template:template",
    "users": "lido.cli.users:users",
    "imports": "lido.cli.imports:imports",
    "triggers": "lido.cli.triggers:triggers",
    "keys": "lido.cli.keys:keys",
    "certificates": "lido.cli.certificates:certificates",
    "limits": "lido.cli.limits:limits",
    "outbox": "lido.cli.outbox:outbox",
    "webhooks": "lido.cli.webhooks:webhooks",
    "messages": "lido.cli.messages:messages",
    "audit": "lido.cli.audit:audit",
    "backup": "lido.cli.backup:backup",
    "restore": "lido.cli.backup:restore",
    "migrate": "lido.cli.migrate:migrate",
    "version": "lido.cli.version:version",
}
"""In the order of `lido --help`: name → module and attribute of the click command or group."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click's, but a long sentence goes on in the next line instead of ending in dots."""
        commands = {name: self.get_command(ctx, name) for name in COMMANDS}
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(limit=200)) for name, each in commands.items() if each])

    def invoke(self, ctx: click.Context) -> Any:
        from lido import errors
        from lido.settings import SettingError

        try:
            return super().invoke(ctx)
        except (SettingError, errors.Unavailable, errors.Conflict) as error:
            raise click.ClickException(str(error)) from error
        except errors.Fault as fault:
            raise click.ClickException(f"{fault.wire_name()}: {fault.message}") from fault
        except BrokenPipeError:
            raise
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{named}{error.strerror or error}.") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Amazon Cognito on your own machines.

    To begin, start a server with a user to try, then sign that user in with what it prints:

      lido serve --demo

    Every setting is an option of `lido serve`, a variable LIDO_…, or a line in lido.toml; `lido doctor` says what is
    in force. The other commands find a running server, or its data, by the same settings.
    """
