"""PostgreSQL alone: lost connections, the pool, locks, round trips and prepared statements."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.databases import fresh_url, postgresql_server

from lido.errors import Conflict, Unavailable
from lido.storage.database import connect
from lido.storage.postgresql import _require_version, _translated

ADD_FACT = "INSERT INTO facts (name, value) VALUES (:name, :value)"
FACTS = "SELECT name, value FROM facts ORDER BY name"


def facts(database):
    with database.read() as tx:
        return tx.rows(FACTS)


@pytest.fixture
def url(tmp_path):
    with fresh_url("postgresql", tmp_path) as url:
        yield url


@pytest.fixture
def database(url):
    database = connect(url, connections=4, patience_seconds=2)
    yield database
    database.close()


@pytest.fixture
def kill_connections(database):
    with database.read() as tx:
        name = tx.row("SELECT current_database()")[0]

    def kill():
        with psycopg.connect(postgresql_server(), autocommit=True) as administrator:
            killed = administrator.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
            ).fetchall()
        assert (True,) in killed

    return kill


def test_a_read_survives_the_loss_of_all_connections(database, kill_connections):
    kill_connections()

    assert facts(database) == []


def test_a_read_survives_a_loss_between_its_statements(database, kill_connections):
    with database.read() as tx:
        tx.rows(FACTS)
        kill_connections()
        assert tx.rows(FACTS) == []


def test_a_write_survives_a_loss_before_its_first_statement(database, kill_connections):
    kill_connections()
    with database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")

    assert facts(database) == [("a", "1")]


def test_a_write_that_loses_its_connection_is_unavailable_and_undone(database, kill_connections):
    with pytest.raises(Unavailable), database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")
        kill_connections()
        tx.run(ADD_FACT, name="b", value="1")

    assert facts(database) == []


def test_a_commit_that_finds_its_connection_lost_is_never_run_again(database, kill_connections):
    with pytest.raises(Unavailable), database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")
        kill_connections()

    assert facts(database) == []


def test_a_pool_without_a_free_connection_is_unavailable(url):
    database = connect(url, connections=1, patience_seconds=0.2)
    with database.write() as tx, ThreadPoolExecutor(1) as elsewhere:
        tx.run(ADD_FACT, name="a", value="1")
        with pytest.raises(Unavailable, match="free"):
            elsewhere.submit(facts, database).result()
    assert facts(database) == [("a", "1")]
    database.close()


def test_a_row_locked_too_long_is_unavailable(url):
    database = connect(url, connections=2, patience_seconds=0.2)

    def change():
        with database.write() as tx:
            tx.run("UPDATE facts SET value = '2' WHERE name = 'a'")

    with database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")
    with database.write() as tx, ThreadPoolExecutor(1) as elsewhere:
        tx.run("UPDATE facts SET value = '3' WHERE name = 'a'")
        with pytest.raises(Unavailable):
            elsewhere.submit(change).result()
    database.close()


def test_two_writers_in_each_others_way_are_a_conflict_for_one(url):
    database = connect(url, connections=2)
    both = threading.Barrier(2)

    def change(first, second):
        with database.write() as tx:
            tx.run("UPDATE facts SET value = '2' WHERE name = :name", name=first)
            both.wait(5)
            tx.run("UPDATE facts SET value = '2' WHERE name = :name", name=second)

    with database.write() as tx:
        tx.run(ADD_FACT, name="a", value="1")
        tx.run(ADD_FACT, name="b", value="1")
    with ThreadPoolExecutor(2) as threads:
        outcomes = [threads.submit(change, "a", "b"), threads.submit(change, "b", "a")]
        errors = [outcome.exception() for outcome in outcomes]
    database.close()

    assert sorted(type(error) for error in errors if error is not None) == [Conflict]


def test_a_refusal_keeps_the_prepared_statements(database):
    def prepared():
        with database.read() as tx:
            return tx.rows("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%leases%'")

    for _ in range(8):
        with database.write() as tx:
            tx.row("SELECT holder FROM leases WHERE name = :name", name="n")
    before = prepared()
    with pytest.raises(LookupError), database.write() as tx:
        tx.row("SELECT holder FROM leases WHERE name = :name", name="n")
        raise LookupError

    assert before
    assert prepared() == before


def test_one_text_is_prepared_once_whatever_the_size_of_its_numbers(url):
    database = connect(url, connections=1)
    with database.read() as tx:
        for n in (1, 1, 1, 40_000, 40_000, 40_000, 2**40, 2**40, 2**40):
            tx.row("SELECT fence FROM leases WHERE fence = :n", n=n)
        statements = tx.rows("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%leases%'")
    database.close()

    assert len(statements) == 1


def test_behind_pgbouncer_nothing_is_prepared(url):
    database = connect(url, pgbouncer=True)
    with database.read() as tx:
        for _ in range(8):
            tx.row("SELECT holder FROM leases WHERE name = :name", name="n")
        statements = tx.rows("SELECT statement FROM pg_prepared_statements")
    database.close()

    assert statements == []


def test_a_begin_costs_no_round_trip_of_its_own_and_reads_have_none(database):
    with database.read() as tx:
        tx.row("SELECT 1")
        assert tx._connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
    with database.write() as tx:
        assert tx._connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        tx.row("SELECT 1")
        assert tx._connection.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ("SELECT :a, :b_2", "SELECT %(a)s, %(b_2)s"),
        ("SELECT 1::text, :a::text", "SELECT 1::text, %(a)s::text"),
        ("SELECT ':a' || \":a\" || ''':a'", "SELECT ':a' || \":a\" || ''':a'"),
        ("SELECT '5 %', 5 % 2 /* :a % */ -- :a %", "SELECT '5 %%', 5 %% 2 /* :a %% */ -- :a %%"),
    ],
)
def test_values_are_written_as_psycopg_wants_them(ours, theirs):
    assert _translated(ours) == theirs.encode()


def test_a_server_too_old_is_refused():
    with pytest.raises(RuntimeError, match="14 or later is required; this is 13"):
        _require_version(130_014)
    _require_version(140_000)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("127.0.0.1:1", r"PostgreSQL at 127\.0\.0\.1 cannot be reached: .*port 1 failed: Connection refused\.\Z"),
        ("nowhere.invalid", r"PostgreSQL at nowhere\.invalid cannot be reached: failed to resolve host .*\.\Z"),
    ],
)
def test_a_server_that_is_not_there_is_told_with_its_host_and_the_cause(where, told):
    with pytest.raises(Unavailable, match=told) as refused:
        connect(f"postgresql://lido:hidden@{where}/lido", patience_seconds=0.2)

    assert "hidden" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_database_that_is_not_there_is_the_cause():
    with pytest.raises(Unavailable, match='database "nothing_of_that_name" does not exist'):
        connect(postgresql_server().replace("/postgres", "/nothing_of_that_name"), patience_seconds=0.5)


@pytest.mark.parametrize("password", ["hid%zzden", "hidden/hidden", "x@hidden", "hid den%"])
def test_a_password_that_is_not_encoded_is_refused_and_not_repeated(password):
    with pytest.raises(ValueError, match="percent-encoded") as refused:
        connect(f"postgresql://lido:{password}@db.invalid/lido", patience_seconds=0.2)

    assert "hid" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
