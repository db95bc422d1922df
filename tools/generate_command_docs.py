"""Writes docs/commands.md from the command line's own tree; with --check, says whether the page is fresh."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from lido.cli import main as lido
from lido.cli.options import INSTALLATION

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"
LINE = 120

HEAD = """\
# Commands

Generated from `src/lido/cli` by `make docs`. `lido COMMAND --help` says the same.

Exit status: 0 when it is done, 1 when it is refused (one sentence on stderr says why), 2 for a command line that cannot
be understood.
"""

COMMON = """
## Where an installation is

Commands that work on the data of an installation, running or not, take these options too. Like all settings they may
also come from variables or from `lido.toml` ([settings.md](settings.md)).

"""


def page() -> str:
    """The whole page."""
    sections = "".join(_section(path, command) for path, command in commands())
    return f"{HEAD}{COMMON}{_table(_installation())}{sections}"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it, in the order of `lido --help`."""
    yield from _below("lido", lido)


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command, info_name=path)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is not None:
            yield from _below(f"{path} {name}", child)


def _section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    own = [
        option for option in _options(command) if path == "lido serve" or option.name not in _names_of_installation()
    ]
    parts = [f"\n## {path}\n", f"```text\n{path} {usage}\n```\n", _help(command)]
    if own:
        parts.append(_table(own))
    if len(own) < len(_options(command)):
        parts.append("And [where the installation is](#where-an-installation-is).\n")
    return "\n".join(parts)


def _help(command: click.Command) -> str:
    """The help, its paragraphs filled anew; what click keeps as it stands becomes a block."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return "\n".join(_paragraph(text) for text in paragraphs)


def _paragraph(text: str) -> str:
    if text.startswith("\b\n"):
        return f"```text\n{inspect.cleandoc(text[2:])}\n```\n"
    lines, words = [""], " ".join(text.split()).split(" ")
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return "\n".join(lines) + "\n"


def _options(command: click.Command) -> list[click.Option]:
    return [option for option in command.params if isinstance(option, click.Option) and not option.hidden]


def _names_of_installation() -> tuple[str, ...]:
    return ("config", *INSTALLATION)


def _installation() -> list[click.Option]:
    """The options that say where an installation is, as a command on its data has them."""
    backup = next(command for path, command in commands() if path == "lido backup")
    return [option for option in _options(backup) if option.name in _names_of_installation()]


def _table(options: list[click.Option]) -> str:
    return "| Option | |\n|---|---|\n" + "".join(_row(option) for option in options)


def _row(option: click.Option) -> str:
    context = click.Context(click.Command("lido"))
    names, sentence = option.get_help_record(context) or ("", "")
    # In Markdown spaces run together, and a bar ends a cell.
    cell = " ".join(sentence.split()).replace("|", r"\|")
    return f"| `{names}` | {cell} |\n"


def main() -> int:
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != page():
        print("docs/commands.md is stale: run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
