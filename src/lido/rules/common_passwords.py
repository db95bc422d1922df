"""The commonest passwords, which the profile `secure` refuses. The list is data beside this file."""

from functools import cache
from importlib.resources import files


def is_common(password: str) -> bool:
    """Whether `password` is among the 3000 commonest, whatever the case of its letters."""
    return password.casefold() in _words()


@cache
def _words() -> frozenset[str]:
    text = files("lido.rules").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))
