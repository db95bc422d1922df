"""The tree keeps its own rules: names, sizes, docstrings, no sleeping tests, no traces of a machine, a fresh manual."""

import ast
import re
import runpy
import subprocess
from pathlib import Path

import pytest

from lido import settings

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
WRITTEN = [path for path in SOURCES if "shapes" not in path.parts]
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts)
TOOLS = sorted((ROOT / "tools").rglob("*.py"))

EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "common",
    "base",
    "core",
    "manager",
    "managers",
    "models",
    "services",
    "misc",
}
LONGEST = 400
NO_TEXT = {".png", ".svg", ".ico", ".woff2", ".lock"}
A_MACHINE = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/\w")


def name(path):
    return str(path.relative_to(ROOT))


def texts():
    """Every file of text that belongs to the repository: those that git tracks, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / found.decode() for found in listed.stdout.split(b"\0") if found)
    return (path for path in paths if path.is_file() and path.suffix not in NO_TEXT)


def test_every_file_is_named_after_a_thing():
    assert [name(path) for path in SOURCES + TESTS + TOOLS if path.stem.removeprefix("test_") in EMPTY_NAMES] == []
    assert [name(path) for path in SOURCES if EMPTY_NAMES & set(path.relative_to(ROOT).parts)] == []


def test_no_written_file_is_long():
    assert [name(path) for path in WRITTEN if len(path.read_text("utf-8").splitlines()) > LONGEST] == []


@pytest.mark.parametrize("path", SOURCES + TOOLS, ids=name)
def test_every_module_says_what_it_owns(path):
    tree = ast.parse(path.read_text("utf-8"))

    assert ast.get_docstring(tree) or not tree.body


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_no_test_sleeps(path):
    calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))

    assert [call.lineno for call in calls if getattr(call, "attr", getattr(call, "id", "")) == "sleep"] == []


def test_no_file_knows_the_machine_it_was_written_on():
    pages = ((path, path.read_text("utf-8", errors="replace")) for path in texts())

    assert [name(path) for path, text in pages if path != Path(__file__) and A_MACHINE.search(text)] == []


def test_the_manual_lists_every_setting():
    manual = (ROOT / "docs" / "settings.md").read_text("utf-8")

    assert [row.name for row in settings.describe() if f"| `{row.name}` | `{row.variable}` |" not in manual] == []


def test_the_page_of_settings_is_fresh():
    generated = runpy.run_path(str(ROOT / "tools" / "generate_settings_docs.py"))["page"]()

    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == generated


def test_decisions_are_numbered_without_a_gap():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_change_says_its_kind():
    kinds = {"added", "changed", "fixed", "removed", "security"}
    fragments = [path for path in (ROOT / "changes").glob("*.md") if path.name != "README.md"]

    assert [name(path) for path in fragments if path.suffixes[:-1] not in [[f".{kind}"] for kind in kinds]] == []
