"""Writes docs/settings.md from lido.settings; with --check, says whether the page is fresh."""

import sys
from pathlib import Path

from lido import settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"

HEAD = """\
# Settings

Generated from `src/lido/settings.py` by `make docs`.

A setting may come from four places; the later wins: its default, a TOML file (`--config FILE` or `LIDO_CONFIG`, else
`./lido.toml` if it is there; keys are the names below), a variable, an option of `lido serve`. A list is written with
commas, in TOML also as an array. Relative paths start at the working directory. What is marked *secret* may also be
read from a file, which the variable with `_FILE` at its end names, and is never printed.

`lido doctor` prints what is in force. How one pool behaves is never a setting: it belongs to the pool.

| Setting | Variable | Default | |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_line(row) for row in settings.describe())


def _line(row: settings.Row) -> str:
    default = row.default if not row.default or "`" in row.default else f"`{row.default}`"
    secret = " *Secret.*" if row.secret else ""
    return f"| `{row.name}` | `{row.variable}` | {default} | {row.sentence}{secret} |\n"


def main() -> int:
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != page():
        print("docs/settings.md is stale: run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
