"""Settings as options: `@options("host", "port")` gives a command --host and --port, worded as in the manual."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lido import settings

Command = TypeVar("Command", bound=Callable[..., Any])
INSTALLATION = ("data_dir", "database", "master_key_file")
"""Where an installation is: the settings that every command on its data takes."""

_FLAGS = {"acme_directory": "--acme"}
"""Options that are not called as their setting is."""

_METAVARS = {
    "acme_directory": "URL",
    "host": "ADDRESS",
    "port": "PORT",
    "database": "URL",
    "public_url": "URL",
    "data_dir": "DIR",
    "workers": "N",
    "region": "REGION",
    "account_id": "ID",
}


def options(*names: str) -> Callable[[Command], Command]:
    """Add the options of those settings, and --config; the command passes what it is given to `settings.load`."""

    def decorate(command: Command) -> Command:
        rows = {row.name: row for row in settings.describe()}
        for name in reversed(names):
            command = _option(rows[name])(command)
        return click.option(
            "--config", metavar="FILE", help=f"Settings in TOML.  [default: {settings.DEFAULT_FILE}; LIDO_CONFIG]"
        )(command)

    return decorate


def _option(row: settings.Row) -> Callable[[Command], Command]:
    flag = _FLAGS.get(row.name, f"--{row.name.replace('_', '-')}")
    sentence = row.sentence.replace("`", "")
    if row.default == "false":
        return click.option(flag, is_flag=True, default=None, help=f"{sentence}  [{row.variable}]")
    default = f"default: {row.default.replace('`', '')}; " if row.default else ""
    metavar = _METAVARS.get(row.name, "FILE")
    return click.option(flag, row.name, metavar=metavar, help=f"{sentence}  [{default}{row.variable}]")
