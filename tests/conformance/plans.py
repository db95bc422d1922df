"""Which tests stand for which module of the conformance plans, and why a module has none.

A test says by `@module("oidcc-…")` what it stands for; its file says by PLANS of which plans.
"""

import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

FOLDER = Path(__file__).parent
MODULES: dict[str, list[str]] = tomllib.loads((FOLDER / "modules.toml").read_text("utf-8"))
"""Every module by plan."""

_SESSION = "there is no session management by hidden frames: browsers keep cookies from frames of other sites"
_BY_ADDRESS = "no request is fetched from an address; requests are pushed (RFC 9126)"
NOT_APPLICABLE = {
    "oidcc-idtoken-unsigned": "ID tokens are never unsigned; the metadata lists no `none`, so the suite skips it",
    "oidcc-userinfo-rs256": "userInfo answers in JSON; the metadata lists no algorithm to sign it by",
    "oidcc-registration-logo-uri": "logos are registered and told back, but no page shows a picture of a stranger's",
    "oidcc-registration-sector-uri": "subjects are public, which have no sectors: such registrations are refused",
    "oidcc-request-uri-unsigned": _BY_ADDRESS,
    "oidcc-request-uri-signed-rs256": _BY_ADDRESS,
    "oidcc-session-management-discovery-endpoint-verification": _SESSION,
    "oidcc-session-management-rp-initiated-logout": _SESSION,
}
"""Modules that ask for what is not there on purpose, and why."""


class Module(NamedTuple):
    """What a test stands for; `differs` is how Cognito answers instead, '' where its answers pass too."""

    name: str
    differs: str


class Row(NamedTuple):
    """A module of a plan: the sentences of its tests, how Cognito differs, and why there is no test."""

    name: str
    sentences: tuple[str, ...]
    differs: str
    reason: str


def module(name: str, *, differs: str = "") -> Callable[[Test], Test]:
    """The test stands for that module. Where Cognito `differs`, pools without `standard_answers` must fail it."""

    def mark(test: Test) -> Test:
        test.module = Module(name, differs)  # type: ignore[attr-defined]  # a function takes attributes
        return test

    return mark


def tested() -> Iterator[tuple[str, Module, str]]:
    """Plan, module and sentence of every test, in the order of the files."""
    for path in sorted(FOLDER.glob("test_*.py")):
        file = import_module(f"tests.conformance.{path.stem}")
        marked = [test for name, test in vars(file).items() if name.startswith("test_") and hasattr(test, "module")]
        for plan in getattr(file, "PLANS", ()):
            yield from ((plan, test.module, _sentence(test.__name__)) for test in marked)


def beyond() -> Iterator[tuple[str, list[str]]]:
    """What files without a plan test beyond them: what the file is about, and the sentences of its tests."""
    for path in sorted(FOLDER.glob("test_fapi2_*.py")):
        file = import_module(f"tests.conformance.{path.stem}")
        yield str(file.__doc__), [_sentence(name) for name in vars(file) if name.startswith("test_")]


def rows() -> dict[str, tuple[Row, ...]]:
    """Every module of every plan."""
    found = list(tested())
    return {plan: tuple(_row(plan, name, found) for name in names) for plan, names in MODULES.items()}


def _row(plan: str, name: str, found: list[tuple[str, Module, str]]) -> Row:
    mine = [(stands_for, sentence) for of, stands_for, sentence in found if (of, stands_for.name) == (plan, name)]
    differs = "; ".join(dict.fromkeys(stands_for.differs for stands_for, _ in mine if stands_for.differs))
    return Row(name, tuple(sentence for _, sentence in mine), differs, NOT_APPLICABLE.get(name, ""))


def _sentence(test: str) -> str:
    text = test.removeprefix("test_").replace("_", " ")
    return text[0].upper() + text[1:] + "."
