"""One history for both engines."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tests.databases import MIGRATED_AT, fresh_database

from lido.storage.database import connect
from lido.storage.migrations import NewerDatabase, migrate, pending

SETTINGS_TABLES = {"clients", "client_secrets", "signing_keys", "groups"}


@pytest.fixture
def sqlite(tmp_path):
    with fresh_database("sqlite", tmp_path) as database:
        yield database


@pytest.fixture
def postgresql(tmp_path):
    with fresh_database("postgresql", tmp_path) as database:
        yield database


@pytest.fixture
def empty(empty_url):
    database = connect(empty_url, synchronous="OFF", connections=2)
    yield database
    database.close()


def test_an_empty_database_is_migrated_once(empty):
    assert pending(empty)[0] == "0001_initial"

    applied = migrate(empty, now=5)

    assert applied[0] == "0001_initial"
    assert pending(empty) == []
    assert migrate(empty, now=6) == []
    with empty.read() as tx:
        assert tx.rows("SELECT name, applied_at FROM migrations ORDER BY name") == [(name, 5) for name in applied]


def test_nodes_that_start_together_migrate_once(empty_url):
    together = Barrier(3)

    def start(now):
        database = connect(empty_url, synchronous="OFF", connections=2)
        together.wait(10)
        try:
            return migrate(database, now=now)
        finally:
            database.close()

    with ThreadPoolExecutor(3) as nodes:
        applied = [name for names in nodes.map(start, range(3)) for name in names]

    # One node may have applied the first, and another the second.
    assert sorted(applied) == sorted(set(applied))
    assert "0001_initial" in applied


def test_a_newer_database_is_refused(database):
    with database.write() as tx:
        tx.run("INSERT INTO migrations (name, applied_at) VALUES ('9999_future', :now)", now=MIGRATED_AT)

    with pytest.raises(NewerDatabase, match=r"later release of Lido \(9999_future\)"):
        migrate(database, now=5)
    with pytest.raises(NewerDatabase):
        pending(database)


def test_both_engines_have_the_same_columns(sqlite, postgresql):
    with sqlite.read() as tx:
        here = tx.rows("""SELECT t.name, c.name, c."notnull" = 1 OR c.pk > 0 FROM sqlite_master t
            JOIN pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, 2""")
    with postgresql.read() as tx:
        there = tx.rows("""SELECT CAST(table_name AS TEXT) COLLATE "C", CAST(column_name AS TEXT) COLLATE "C",
            is_nullable = 'NO' FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""")

    assert here == there
    assert ("users", "enabled", True) in there


def test_both_engines_have_the_same_indexes(sqlite, postgresql):
    with sqlite.read() as tx:
        here = tx.rows("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
    with postgresql.read() as tx:
        there = tx.rows("""SELECT CAST(indexname AS TEXT) COLLATE "C" FROM pg_indexes
            WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey' ORDER BY 1""")

    assert here == there


def test_every_text_compares_by_its_bytes(postgresql):
    with postgresql.read() as tx:
        odd = tx.rows("""SELECT table_name, column_name, collation_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'""")

    assert odd == []


def test_only_settings_have_foreign_keys(sqlite):
    with sqlite.read() as tx:
        pointing = tx.rows("""SELECT t.name, f."table" FROM sqlite_master t
            JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'""")

    assert {table for table, _ in pointing} == SETTINGS_TABLES
    assert {to for _, to in pointing} == {"pools", "clients"}


def test_rows_that_change_at_every_sign_in_have_room_on_their_page(postgresql):
    with postgresql.read() as tx:
        options = dict(tx.rows("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL"))

    assert "fillfactor=80" in options["sessions"]
    assert "fillfactor=90" in options["users"]
    assert "autovacuum_vacuum_scale_factor=0.02" in options["spent"]
