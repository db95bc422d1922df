"""Single-page applications of this folder, as a browser gets them: one script with everything it imports."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser import chromium

HERE = Path(__file__).parent
_PAGE = """<!doctype html><html lang="en"><title>An app</title><script type="module" src="/app.js"></script></html>"""


def bundle(program: str, folder: Path) -> None:
    """Put the application into an empty folder."""
    esbuild = HERE / "node_modules" / ".bin" / "esbuild"
    asked = ["--bundle", "--format=esm", "--log-level=error", f"--outfile={folder / 'app.js'}"]
    done = subprocess.run([esbuild, HERE / program, *asked], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (folder / "index.html").write_text(_PAGE)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The origin at which the application is found."""
    with chromium.pages(folder) as address:
        yield address


def tell(folder: Path, facts: dict[str, Any]) -> None:
    """What the application is configured with."""
    (folder / "facts.json").write_text(json.dumps(facts))
