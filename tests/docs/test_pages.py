"""The manual holds together: links lead somewhere, its index names every page, its tables say what the code says."""

import re
import runpy

import pytest
from tests.docs.pages import DOCS, PAGES, ROOT, headings, name, prose

from lido.cli.installation import STANDBY
from lido.flows.webhooks import TYPES
from lido.rules.options import OPTIONS


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    astray = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in headings(target)):
            astray.append(link)

    assert astray == []


def test_the_index_names_every_page():
    index = (DOCS / "README.md").read_text("utf-8")

    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []


def test_every_command_has_its_heading():
    tool = runpy.run_path(str(ROOT / "tools" / "generate_command_docs.py"))
    page = (DOCS / "commands.md").read_text("utf-8")

    assert [path for path, _ in tool["commands"]() if f"\n## {path}\n" not in page] == []
    assert page == tool["page"]()


def test_the_table_of_options_is_the_code_s():
    page = (DOCS / "pools.md").read_text("utf-8")
    rows = [
        "| `{}` | {} | {} | {} | {} |".format(
            row.name, row.form.replace("|", r"\|"), row.compatible, row.secure, row.sentence
        )
        for row in OPTIONS.values()
    ]

    assert "\n".join(rows) in page


def test_every_type_of_event_is_told():
    page = (DOCS / "webhooks.md").read_text("utf-8")

    assert [type_ for type_ in TYPES if f"`{type_}`" not in page.partition("## Types")[2]] == []


def test_what_lido_says_on_a_standby_is_told():
    page = (DOCS / "replicas.md").read_text("utf-8")

    assert f"Error: {STANDBY}" in " ".join(page.split())
