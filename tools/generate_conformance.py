"""Writes docs/conformance.md from the tests of tests/conformance; with --check, says whether the page is fresh."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "conformance.md"
HEAD = """\
# Conformance

Generated from `tests/conformance` by `make docs`.

The OpenID Foundation certifies providers by a public suite. Each module of its plans that concerns Lido stands here as
a test of Lido's own, over HTTP, with ID tokens verified by an independent library; what a module checks follows from
the section of the specification that its name points to. Lido is not certified, and this is not the suite.

Every test runs in a pool whose [`standard_answers`](pools.md) is on, as it is in the profile `secure`, and in one where
Lido answers as Cognito does. The last column says how Cognito differs where that fails the module: such a test *must*
fail there. Two habits of Cognito are kept everywhere, of which the suite warns without failing anybody: ID tokens carry
the claims of the scopes, which userInfo tells too, and `openid` alone opens every claim that the client may read.

Whoever runs the suite against a pool of the profile `secure` sets `require_pkce` to `false` there: the basic plan sends
no challenge. The suite also reads registered clients back (RFC 7592), which is not built.
"""
BEYOND = """
## Beyond these plans
"""


def page() -> str:
    """The whole page. Plans of the same rows share a table."""
    sys.path.insert(0, str(ROOT))
    tests: Any = import_module("tests.conformance.plans")
    plans: dict[str, Any] = tests.rows()
    tables: dict[Any, list[str]] = {}
    for plan, rows in plans.items():
        tables.setdefault(rows, []).append(plan)
    further = "".join(_beyond(title, sentences) for title, sentences in tests.beyond())
    return HEAD + "".join(_table(names, rows) for rows, names in tables.items()) + BEYOND + further


def _table(names: list[str], rows: Any) -> str:
    passed = sum(bool(row.sentences) for row in rows)
    title = " and ".join(f"`{name}`" for name in names)
    head = f"\n## {title}\n\n{passed} of {len(rows)} modules.\n\n| Module | Test | Cognito's answers |\n|---|---|---|\n"
    return head + "".join(_line(row) for row in rows)


def _beyond(title: str, sentences: list[str]) -> str:
    return f"\n{title}\n\n" + "".join(f"- {sentence}\n" for sentence in sentences)


def _line(row: Any) -> str:
    if not row.sentences:
        return f"| `{row.name}` | *none:* {row.reason} | |\n"
    return f"| `{row.name}` | {' '.join(row.sentences)} | {row.differs or 'pass too'} |\n"


def main() -> int:
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != page():
        print("docs/conformance.md is stale: run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
