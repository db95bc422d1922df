"""Which test stands for which module of the conformance plans, and why a module has none.

A test says by `@module("oidcc-…")` what it stands for; its file says by PLANS of which plans.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

FOLDER = Path(__file__).parent
MODULES: dict[str, list[str]] = tomllib.loads((FOLDER / "modules.toml").read_text("utf-8"))
"""Every module by plan."""

_SESSION = "Session management by hidden frames is not built: browsers keep cookies from frames of other sites"
NOT_APPLICABLE = {
    "oidcc-idtoken-unsigned": "ID tokens are never unsigned; the metadata does not list `none`, so the suite skips it",
    "oidcc-session-management-discovery-endpoint-verification": _SESSION,
    "oidcc-session-management-rp-initiated-logout": _SESSION,
}
"""Modules that ask for what is not there on purpose, and why."""


class Module(NamedTuple):
    """What a test stands for; `differs` is how Cognito answers instead, '' where its answers pass too."""

    name: str
    differs: str


def module(name: str, *, differs: str = "") -> Callable[[Test], Test]:
    """The test stands for that module. Where Cognito `differs`, pools without `standard_answers` must fail it."""

    def mark(test: Test) -> Test:
        test.module = Module(name, differs)  # type: ignore[attr-defined]  # a function takes attributes
        return test

    return mark
