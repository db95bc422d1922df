"""Reads the code in the pages of docs."""

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs"


def blocks(language: str, page: str = "clients.md") -> list[str]:
    """The page's blocks of code in that language."""
    text = (DOCS / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
