"""Backups from the shell, and their return."""

import shutil
import stat
import threading

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from tests.cli.conftest import Shell
from tests.databases import fresh_url

from lido.cli import main
from lido.storage.database import connect


@pytest.fixture
def sqlite(tmp_path):
    with fresh_url("sqlite", tmp_path) as url:
        shell = Shell(url, tmp_path / "data")
        yield shell
        shell.close()


def users_in(file):
    database = connect(f"sqlite:///{file}")
    with database.read() as tx:
        names = [name for (name,) in tx.rows("SELECT username FROM users ORDER BY username")]
    database.close()
    return names


def test_a_backup_holds_everything_and_is_for_its_owner_alone(sqlite, tmp_path):
    pool = sqlite.house.pool()
    sqlite.house.user(pool, "alice")
    file = tmp_path / "backup.db"

    printed = sqlite.prints("backup", file)

    assert f"sealed with master key {sqlite.house.lido.keys.key_id.hex()}" in printed
    assert str(sqlite.folder / "master.key") in printed
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert users_in(file) == ["alice"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("backup.db")] == ["backup.db"]


def test_a_backup_never_replaces_a_file(sqlite, tmp_path):
    file = tmp_path / "precious"
    file.write_text("mine")

    assert "never replaces" in sqlite.refuses("backup", file)
    assert file.read_text() == "mine"


def test_a_backup_is_of_one_moment_while_others_write(sqlite, tmp_path):
    """Both rows of each write are in it, or neither."""
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with sqlite.database.write() as tx:
                for half in ("left", "right"):
                    tx.run("INSERT INTO facts (name, value) VALUES (:name, '')", name=f"{half} {number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            sqlite.prints("backup", tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        database = connect(f"sqlite:///{tmp_path / f'{number}.db'}")
        with database.read() as tx:
            rows = [name.split() for (name,) in tx.rows("SELECT name FROM facts WHERE name LIKE '%t %'")]
        database.close()
        assert {n for half, n in rows if half == "left"} == {n for half, n in rows if half == "right"}


def test_postgresql_is_left_to_its_own_tools(tmp_path):
    (tmp_path / "backup.db").touch()
    where = [str(tmp_path / "backup.db"), "--database", "postgresql://nowhere/lido"]

    assert "pg_dump" in CliRunner().invoke(main, ["backup", *where]).stderr
    assert "pg_restore" in CliRunner().invoke(main, ["restore", *where]).stderr


def test_a_restored_database_has_the_accounts_and_none_of_the_sessions(sqlite, tmp_path):
    pool = sqlite.house.pool()
    app = sqlite.house.app(pool)
    sqlite.house.user(pool, "alice")
    tokens = signed_in(sqlite.house, app)
    sqlite.prints("backup", tmp_path / "backup.db")
    sqlite.house.user(pool, "bob")
    sqlite.close()

    printed = sqlite.prints("restore", tmp_path / "backup.db")

    assert "is restored" in printed
    kept = next((path for path in tmp_path.iterdir() if ".before-" in path.name), None)
    assert users_in(kept) == ["alice", "bob"]
    reopen(sqlite)
    assert finds(sqlite, pool) == ["alice"]
    with pytest.raises(ClientError, match="revoked"):
        sqlite.house.idp.get_user(AccessToken=tokens["AccessToken"])
    with pytest.raises(ClientError):
        refreshed(sqlite.house, app, tokens)
    assert signed_in(sqlite.house, app)["AccessToken"]


def test_a_planned_move_keeps_the_sessions(sqlite, tmp_path):
    pool = sqlite.house.pool()
    app = sqlite.house.app(pool)
    sqlite.house.user(pool, "alice")
    tokens = signed_in(sqlite.house, app)
    sqlite.prints("backup", tmp_path / "backup.db")
    sqlite.close()

    sqlite.prints("restore", tmp_path / "backup.db", "--keep-sessions")

    reopen(sqlite)
    assert refreshed(sqlite.house, app, tokens)["AccessToken"]


def test_a_database_in_use_is_not_replaced(sqlite, tmp_path):
    sqlite.prints("backup", tmp_path / "backup.db")

    assert "stop the server first" in sqlite.refuses("restore", tmp_path / "backup.db")


def test_a_damaged_backup_replaces_nothing(sqlite, tmp_path):
    sqlite.close()
    file = tmp_path / "backup.db"
    file.write_bytes(b"no database at all" * 1000)

    assert "not a whole SQLite database" in sqlite.refuses("restore", file)
    shutil.copyfile(sqlite.settings.sqlite_path, file)
    with file.open("r+b") as damaged:
        damaged.truncate(file.stat().st_size // 2)
    assert sqlite("restore", file).exit_code == 1
    assert [path.name for path in tmp_path.iterdir() if "restoring" in path.name or "before" in path.name] == []
    reopen(sqlite)


def test_a_backup_that_another_key_seals_replaces_nothing(sqlite, tmp_path):
    sqlite.prints("backup", tmp_path / "backup.db")
    sqlite.close()
    key = sqlite.folder / "master.key"
    ours = key.read_text()
    key.write_text("A" * 42 + "E=\n")

    assert "is sealed with master key" in sqlite.refuses("restore", tmp_path / "backup.db")

    key.write_text(ours)
    reopen(sqlite)


def reopen(shell):
    shell.open()
    shell.house.clock.advance(seconds=2)


def finds(shell, pool):
    return [user["Username"] for user in shell.house.idp.list_users(UserPoolId=pool)["Users"]]


def signed_in(house, app):
    return house.idp_unsigned.initiate_auth(
        ClientId=app["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": "Passw0rd!"},
    )["AuthenticationResult"]


def refreshed(house, app, tokens):
    return house.idp_unsigned.initiate_auth(
        ClientId=app["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )["AuthenticationResult"]
