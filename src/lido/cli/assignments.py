"""NAME=VALUE on the command line."""

import click


def assignment(value: str) -> tuple[str, str]:
    """Name and value; the value may be empty. Raises click.BadParameter."""
    name, equals, text = value.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE.")
    return name, text
