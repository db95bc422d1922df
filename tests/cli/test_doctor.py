"""`lido doctor`, `lido migrate`, `lido version`, `lido --help`: what they say, and that they change nothing."""

import re

import pytest
from tests.databases import fresh_url
from tests.server import Server

from lido import __version__
from lido.cli import COMMANDS, examination
from lido.settings import describe, load

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "lido-data", f"sqlite:///{tmp_path}/lido-data/lido.db") as server:
        (tmp_path / "lido-data").chmod(0o700)
        yield server


def wrong(said: str) -> list[str]:
    return re.findall(r"WRONG (.*?): ", said)


def test_a_healthy_installation_is_well(server, run):
    said = run("doctor")

    assert (said.returncode, wrong(said.stdout)) == (0, [])
    assert re.search(r"ok    master key: \w{8} in lido-data/master.key fits", said.stdout)
    assert re.search(r"ok    database: SQLite at lido-data/lido.db, 3\.", said.stdout)
    assert said.stdout.endswith("All is well.\n")


def test_every_setting_is_shown_and_no_secret():
    given = {"smtp_url": "smtp://user:hunter2@mail", "database": "postgresql://u:hunter2@db.test/x", "port": 80}
    shown = "\n".join(examination.in_force(load(given, {})))

    assert "hunter2" not in shown
    assert re.search(r"^\* smtp_url +\(set\)$", shown, re.MULTILINE)
    assert re.search(r"^\* database +PostgreSQL, x at db.test$", shown, re.MULTILINE)
    assert re.search(r"^\* port +80$", shown, re.MULTILINE)
    assert re.search(r"^  workers +1$", shown, re.MULTILINE)
    assert len(shown.splitlines()) == len(describe())


def test_what_is_wrong_is_named_and_the_status_says_so(server, run):
    (server.data_dir / "master.key").write_text("A" * 43 + "=\n")
    (server.data_dir / "credentials").chmod(0o644)

    said = run("doctor", "--public-url", "http://id.example.com", LIDO_PROT="9229", LIDO_SYNCHRONOUS="NORMAL")

    assert said.returncode == 1
    assert wrong(said.stdout) == ["variables", "public_url", "lido-data/credentials", "synchronous", "master key"]
    assert said.stderr == "Error: 5 things look wrong.\n"


def test_a_key_service_without_its_package_is_wrong(monkeypatch, tmp_path):
    settings = load({"kms_endpoint": "https://kms.{region}.amazonaws.com", "data_dir": str(tmp_path)}, {})
    found = {finding.about: finding.fault for finding in examination.examine(settings)}
    assert found["kms_endpoint"] is None

    monkeypatch.setattr("lido.ports.kms.find_spec", lambda _: None)
    found = {finding.about: finding.fault for finding in examination.examine(settings)}
    assert "lido-idp[kms]" in found["kms_endpoint"]


def test_it_changes_nothing_where_nothing_is(run, tmp_path):
    said = run("doctor")

    assert said.returncode == 1
    assert wrong(said.stdout) == ["data directory", "database"]
    assert list(tmp_path.iterdir()) == []


def test_a_command_refuses_tables_of_another_release_and_migrate_brings_them_up(run, tmp_path):
    with fresh_url("postgresql", tmp_path, migrated=False) as url:
        before = run("doctor", "--database", url)
        first, second = run("migrate", "--database", url), run("migrate", "--database", url)
        after = run("doctor", "--database", url)

    assert "tables" in wrong(before.stdout)
    assert "run `lido migrate` first" in before.stdout
    assert first.stdout.startswith("migrated: 0001_initial\n")
    assert second.stdout == "The tables are those of this release.\n"
    assert "tables" not in wrong(after.stdout)


def test_a_setting_that_cannot_be_obeyed_is_one_sentence(run):
    refused = run("doctor", "--port", "many")

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith("Error: port (option --port) is not valid")


def test_help_names_every_command(run):
    said = run("--help").stdout

    assert [name for name in COMMANDS if f"  {name} " not in said] == []
    assert [line for line in said.splitlines() if line.endswith("...") and "Usage" not in line] == []


def test_the_version_is_told(run):
    assert run("version").stdout == f"lido {__version__}\n"
