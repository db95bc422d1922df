"""docs/clients.md shows what the tests of this folder run."""

import pytest
from tests.sdk.manual import HERE, blocks


def flat(code):
    """Without line breaks, indentation and the commas that come with them."""
    return " ".join(code.split()).replace("( ", "(").replace(", )", ")")


@pytest.mark.parametrize(
    ("block", "programs"),
    [*((block, "*.mjs") for block in blocks("js")), *((block, "*.py") for block in blocks("python"))],
)
def test_every_snippet_is_part_of_a_program_that_runs(block, programs):
    assert [path.name for path in HERE.glob(programs) if flat(block) in flat(path.read_text("utf-8"))]


def test_the_page_has_snippets():
    assert (len(blocks("sh")), len(blocks("python")), len(blocks("js"))) == (1, 7, 10)
