"""The databases of the tests themselves: what a killed run leaves must not stop the next."""

from pathlib import Path

import pytest
from tests import databases


def test_what_is_left_of_a_killed_server_is_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_BASE", tmp_path)
    left = tmp_path / "killed"
    (left / "data").mkdir(parents=True)
    (left / "users").touch()
    (left / "binaries").write_text(str(next(databases.installed())))
    (left / "data" / "postmaster.pid").write_text(f"4194305\n{left / 'data'}\n0\n5432\n{left}\n\n")

    databases._clear_abandoned()

    assert list(tmp_path.iterdir()) == []


def test_a_choice_of_engines_fails_under_ci() -> None:
    assert databases.chosen_engines({"CI": "true"}) == ["sqlite", "postgresql"]
    assert databases.chosen_engines({"LIDO_TEST_DATABASES": "sqlite"}) == ["sqlite"]
    assert databases.chosen_engines({"CI": "false", "LIDO_TEST_DATABASES": "sqlite"}) == ["sqlite"]

    with pytest.raises(pytest.UsageError, match="Under CI tests run on sqlite and postgresql: unset"):
        databases.chosen_engines({"CI": "true", "LIDO_TEST_DATABASES": "sqlite"})
