"""SQLite alone: the disk, the file lock, the queue of writers, the connections of threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import apsw
import pytest
from tests.databases import fresh_url

from lido import silence
from lido.errors import Unavailable
from lido.storage.database import connect
from lido.storage.sqlite import _require_version

ADD_FACT = "INSERT INTO facts (name, value) VALUES (:name, :value)"
FACTS = "SELECT name, value FROM facts ORDER BY name"


def facts(database):
    with database.read() as tx:
        return tx.rows(FACTS)


@pytest.fixture
def database(tmp_path):
    with fresh_url("sqlite", tmp_path) as url:
        database = connect(url, patience_seconds=0.1)
        yield database
        database.close()


@pytest.fixture
def path(database):
    return database._path


def test_a_new_file_belongs_to_its_owner_alone(tmp_path):
    connect(f"sqlite:///{tmp_path}/new.db").close()

    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600


def test_the_log_survives_a_power_cut_by_default(database):
    assert database._writer.pragma("journal_mode") == "wal"
    assert database._writer.pragma("synchronous") == 2
    assert database._writer.pragma("foreign_keys") == 1


def test_only_what_need_not_last_does_without_the_disk(database):
    def level():
        return database._writer.pragma("synchronous")

    with database.write(durable=False):
        assert level() == 1
    with database.write():
        assert level() == 2


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2"])
def test_a_version_that_may_corrupt_the_log_is_refused(version):
    with pytest.raises(RuntimeError, match=r"3\.51\.3"):
        _require_version(version)


def test_a_full_disk_is_unavailable_and_leaves_nothing_half_done(database):
    kept = database._writer.pragma("max_page_count")
    database._writer.pragma("max_page_count", database._writer.pragma("page_count") + 4)
    with pytest.raises(Unavailable, match="full"), database.write() as tx:
        for n in range(100):
            tx.run(ADD_FACT, name=str(n), value="x" * 1000)
    assert facts(database) == []

    database._writer.pragma("max_page_count", kept)
    with database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")
    assert facts(database) == [("a", "1")]


def test_what_follows_a_full_disk_is_not_committed_on_its_own(database):
    database._writer.pragma("max_page_count", database._writer.pragma("page_count") + 4)
    with pytest.raises(Unavailable), database.write() as tx:
        try:
            for n in range(100):
                tx.run(ADD_FACT, name=str(n), value="x" * 1000)
        except Unavailable:
            tx.run(ADD_FACT, name="small", value="")

    assert facts(database) == []


def test_a_failed_commit_leaves_nothing_and_the_next_write_works(database):
    database._writer.set_commit_hook(lambda: True)
    with pytest.raises(apsw.ConstraintError), database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")
    assert facts(database) == []

    database._writer.set_commit_hook(None)
    with database.write() as tx:
        tx.run(ADD_FACT, name="b", value="1")
    assert facts(database) == [("b", "1")]


def test_a_lock_held_too_long_by_another_process_is_unavailable(database, path):
    other = apsw.Connection(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable), database.write():
        pass
    silence.refuse_if_open("Nothing")

    other.execute("ROLLBACK")
    with database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")


def test_a_lock_released_in_time_is_waited_for(tmp_path):
    with fresh_url("sqlite", tmp_path) as url:
        database = connect(url, patience_seconds=5)
        other = apsw.Connection(database._path)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.05, lambda: other.execute("ROLLBACK")).start()
        with database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")
        other.close()
        database.close()


def test_a_writer_of_this_process_that_takes_too_long_makes_others_unavailable(database):
    def write():
        with database.write():
            pass

    with database.write(), ThreadPoolExecutor(1) as elsewhere, pytest.raises(Unavailable, match="too long"):
        elsewhere.submit(write).result()
    write()


def test_writers_come_in_the_order_of_asking(tmp_path):
    with fresh_url("sqlite", tmp_path) as url:
        database = connect(url, synchronous="OFF")
        order = []

        def write(n):
            with database.write():
                order.append(n)

        with ThreadPoolExecutor(8) as threads, database.write():
            for n in range(8):
                threads.submit(write, n)
                while len(database._turns._waiting) <= n:
                    threading.Event().wait(0.001)
        database.close()

    assert order == list(range(8))


def test_the_connection_of_a_thread_ends_with_it(database):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: facts(database), range(8)))
        assert len(database._readers) >= 1

    assert len(database._readers) == 0


def test_a_reading_connection_cannot_write_even_when_the_check_is_passed(database):
    with database.read() as tx, pytest.raises(Unavailable, match="readonly"):
        tx.row("WITH x AS (SELECT 1) INSERT INTO facts (name, value) SELECT 'a', 'b' RETURNING name")
