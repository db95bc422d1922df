"""Every module of the conformance plans has its test or its reason, and the page of them is fresh."""

import runpy
from pathlib import Path

from tests.conformance import plans

ROOT = Path(__file__).parent.parent.parent


def test_every_module_has_a_test_or_the_reason_why_it_has_none():
    found = {
        plan: [row.name for row in rows if bool(row.sentences) == bool(row.reason)]
        for plan, rows in plans.rows().items()
    }

    assert {plan: names for plan, names in found.items() if names} == {}


def test_every_test_stands_for_a_module_of_its_plans():
    strangers = [(plan, of.name) for plan, of, _ in plans.tested() if of.name not in plans.MODULES[plan]]

    assert strangers == []


def test_the_page_of_conformance_is_fresh():
    generated = runpy.run_path(str(ROOT / "tools" / "generate_conformance.py"))["page"]()

    assert (ROOT / "docs" / "conformance.md").read_text("utf-8") == generated
