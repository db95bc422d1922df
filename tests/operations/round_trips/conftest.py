"""Stories are no test modules by their names, and yet should tell what they saw when they fail."""

from pathlib import Path

import pytest

for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem != "conftest":
        pytest.register_assert_rewrite(f"tests.operations.round_trips.{path.stem}")
