"""Java's expressions in Python."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido.operations.patterns import matcher, to_python
from lido.shapes import Text
from lido.shapes.constraints import CONSTRAINTS

PATTERNS = sorted(
    {
        constraint.pattern
        for table in CONSTRAINTS.values()
        for constraint in table.values()
        if isinstance(constraint, Text) and constraint.pattern
    }
)
ANY = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
INVITATION = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*\{##[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*##\}[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*"
ADDRESS = f"{ANY}@{ANY}"


@pytest.mark.parametrize(
    "pattern, value, matches",
    [
        (ANY, "Zoë→٣☃", True),
        (ANY, "a b", False),
        (ANY, "a\u3000b", False),
        (ANY, "a\u0000", False),
        (ANY, "\ue000", False),
        (r"[\w+]+", "é", False),
        (r"[\S]+", "a\u00a0b", True),
        (r"[0-9]+", "123456\n", False),
        (r"^[\w\- ]+$", "abc\n", False),
        (r"\d+", "٣", False),
        (r".*\{####\}.*", "code {####} end", True),
        (r".*\{####\}.*", "code\n{####}", False),
        (r".*\{####\}.*", "code\u2028{####}", False),
        (INVITATION, "{##a##}", True),
        (INVITATION, "{####}", True),
        (INVITATION, "{##}", False),
        (INVITATION, "x {## {##Click##} here ##}", True),
        (ADDRESS, "@@a", True),
        (ADDRESS, "@a", False),
        (ADDRESS, "a@", False),
        (r"^[0-9A-Za-z\.\-_]*(?<!\.)$", "a.", False),
    ],
)
def test_patterns_mean_what_they_mean_in_java(pattern: str, value: str, matches: bool) -> None:
    assert matcher(pattern)(value) is matches


@pytest.mark.parametrize("pattern", PATTERNS)
@given(value=st.text("{#}@a: -\n_.0", max_size=14))
def test_not_going_back_misses_nothing(pattern: str, value: str) -> None:
    thorough = re.compile(to_python(pattern).replace("(?>", "(?:"), re.ASCII)
    assert matcher(pattern)(value) is (thorough.fullmatch(value) is not None)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_value_makes_a_pattern_slow(pattern: str) -> None:
    begun = time.process_time()
    for unit in ("a", "{##", "{####}", "a@", "a:", "é"):
        matcher(pattern)(unit * (100_000 // len(unit)) + "\x00")
    assert time.process_time() - begun < 1


def test_every_pattern_of_the_model_compiles_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    for pattern in PATTERNS:
        re.compile(to_python(pattern), re.ASCII)
    assert len(PATTERNS) > 40
    assert not recwarn.list
