"""The master key: made with a new database and at no other time, and nothing starts without the right one."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click import ClickException
from tests.conftest import ENGINES
from tests.databases import fresh_url

from lido.cli import master_key_file
from lido.flows import master_key
from lido.rules.sealing import KeyRing, key_id
from lido.settings import load
from lido.storage.database import connect

ONE, OTHER = bytes([1]) * 32, bytes([2]) * 32


@pytest.fixture(params=ENGINES)
def url(request, tmp_path):
    with fresh_url(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def open_database(url):
    opened = []

    def database():
        opened.append(connect(url, synchronous="OFF", connections=2))
        return opened[-1]

    yield database
    for each in opened:
        each.close()


def settings(folder: Path, **given):
    return load({"data_dir": str(folder), **given}, {})


def text(*keys: bytes) -> str:
    return "".join(base64.b64encode(key).decode() + "\n" for key in keys)


def test_a_new_database_gets_a_key_that_only_its_owner_reads(open_database, tmp_path):
    said = []
    ring = master_key_file.unlock(settings(tmp_path), open_database(), create=True, say=said.append)

    file = tmp_path / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key_id(base64.b64decode(file.read_text())) == ring.key_id
    assert said == [f"master key: {ring.key_id.hex()} in {file}, new: back it up"]
    assert [path.name for path in tmp_path.iterdir() if "key" in path.name] == ["master.key"]


def test_later_starts_use_the_same_key(open_database, tmp_path):
    first = master_key_file.unlock(settings(tmp_path), open_database(), create=True)
    sealed = first.seal("test", b"content")

    assert master_key_file.unlock(settings(tmp_path), open_database(), create=True).open("test", sealed) == b"content"


def test_a_lost_key_is_not_replaced(open_database, tmp_path):
    ring = master_key_file.unlock(settings(tmp_path), open_database(), create=True)
    (tmp_path / "master.key").unlink()

    with pytest.raises(ClickException, match=rf"sealed with master key {ring.key_id.hex()}, .*which does not exist"):
        master_key_file.unlock(settings(tmp_path), open_database(), create=True)
    assert not (tmp_path / "master.key").exists()


def test_a_wrong_key_is_refused_by_the_name_of_the_missing_one(open_database, tmp_path):
    ring = master_key_file.unlock(settings(tmp_path), open_database(), create=True)

    with pytest.raises(ClickException, match=rf"master key {ring.key_id.hex()}, not in the setting master_key"):
        master_key_file.unlock(settings(tmp_path, master_key=text(OTHER)), open_database(), create=True)


def test_a_misfit_is_cured_where_the_key_came_from(open_database, tmp_path):
    master_key_file.unlock(settings(tmp_path), open_database(), create=True)
    (tmp_path / "master.key").write_text(text(OTHER))

    with pytest.raises(ClickException, match=r"Restore that file from its backup, or .* with --master-key-file\.$"):
        master_key_file.unlock(settings(tmp_path), open_database())
    with pytest.raises(ClickException, match=r"Set master_key \(LIDO_MASTER_KEY\) to the right one, or unset it"):
        master_key_file.unlock(settings(tmp_path, master_key=text(OTHER)), open_database())


def test_a_key_with_the_right_name_and_wrong_content_is_refused(open_database):
    database = open_database()
    check = KeyRing([OTHER], bytes).check_value()
    with database.write() as tx:
        for name, value in (("master key", "00"), ("master key check:00", base64.urlsafe_b64encode(check).decode())):
            tx.run("INSERT INTO facts (name, value) VALUES (:name, :value)", name=name, value=value.rstrip("="))

    with pytest.raises(master_key.MissingMasterKey):
        master_key.key_ring(database, [ONE], bytes)


def test_a_file_that_is_named_is_never_made(open_database, tmp_path):
    named = settings(tmp_path, master_key_file=str(tmp_path / "elsewhere"))

    with pytest.raises(ClickException, match="elsewhere does not exist"):
        master_key_file.unlock(named, open_database(), create=True)
    assert not (tmp_path / "elsewhere").exists()


def test_a_damaged_file_is_told_apart_from_a_wrong_one(open_database, tmp_path):
    (tmp_path / "master.key").write_text("not a key\n")

    with pytest.raises(ClickException, match="damaged: a master key must be base64 of 32 bytes"):
        master_key_file.unlock(settings(tmp_path), open_database(), create=True)


def test_a_command_that_only_works_on_what_is_there_adopts_no_key(open_database, tmp_path):
    database = open_database()

    with pytest.raises(ClickException, match="no master key yet"):
        master_key_file.unlock(settings(tmp_path, master_key=text(ONE)), database)
    assert master_key.sealing_ids(database) == []


def test_the_database_says_which_key_seals(open_database, tmp_path):
    master_key_file.unlock(settings(tmp_path, master_key=text(ONE)), open_database(), create=True)

    ring = master_key_file.unlock(settings(tmp_path, master_key=text(OTHER, ONE)), open_database(), create=True)

    assert ring.key_ids == (key_id(ONE), key_id(OTHER))


def test_nodes_that_start_at_once_never_seal_with_two_keys(open_database, tmp_path):
    nodes = [tmp_path / str(number) for number in range(4)]
    for node in nodes:
        node.mkdir()

    def start(node):
        try:
            return master_key_file.unlock(settings(node), open_database(), create=True).key_id
        except ClickException as refusal:
            return refusal

    with ThreadPoolExecutor(len(nodes)) as threads:
        outcomes = list(threads.map(start, nodes))

    winners = [outcome for outcome in outcomes if isinstance(outcome, bytes)]
    assert len(winners) == 1
    assert master_key.sealing_ids(open_database()) == [winners[0].hex()]
    assert len([node for node in nodes if (node / "master.key").exists()]) == 1


def test_nodes_that_share_a_folder_share_the_key(open_database, tmp_path):
    with ThreadPoolExecutor(4) as threads:
        rings = list(
            threads.map(lambda _: master_key_file.unlock(settings(tmp_path), open_database(), create=True), range(4))
        )

    assert len({ring.key_id for ring in rings}) == 1
