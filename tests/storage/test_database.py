"""What every statement may rely on, on both engines."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from lido import silence
from lido.errors import Conflict, Unavailable
from lido.storage.database import connect

ADD_FACT = "INSERT INTO facts (name, value) VALUES (:name, :value)"
FACTS = "SELECT name, value FROM facts ORDER BY name"
ADD_USER = """INSERT INTO users (pool_id, sub, username, status, enabled, epoch, signed_out_at, version, factors,
  email, email_verified, phone_verified, attributes, created_at, modified_at)
VALUES ('p', :sub, :sub, 2, :enabled, 0, :signed_out_at, 1, 0, :email, FALSE, TRUE, '{}', 1, 1)"""


class Fact(NamedTuple):
    name: str
    value: str


class Flags(NamedTuple):
    sub: str
    enabled: bool
    email_verified: bool


def add_user(tx, sub, *, enabled=True, signed_out_at=0, email=None):
    tx.run(ADD_USER, sub=sub, enabled=enabled, signed_out_at=signed_out_at, email=email)


def facts(database):
    with database.read() as tx:
        return tx.rows(FACTS)


class TestStatements:
    def test_a_row_becomes_a_record(self, database):
        with database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")

            assert tx.find(Fact, "SELECT name, value FROM facts WHERE name = :name", name="a") == Fact("a", "1")
            assert tx.find(Fact, "SELECT name, value FROM facts WHERE name = :name", name="b") is None

    def test_all_rows_become_records(self, database):
        with database.write() as tx:
            tx.run(ADD_FACT, name="b", value="2")
            tx.run(ADD_FACT, name="a", value="1")

            assert tx.all(Fact, FACTS) == [Fact("a", "1"), Fact("b", "2")]

    def test_a_change_says_how_many_rows_it_touched(self, database):
        with database.write() as tx:
            assert tx.run(ADD_FACT, name="a", value="1") == 1
            assert tx.run(ADD_FACT, name="b", value="1") == 1
            assert tx.run("UPDATE facts SET value = '2' WHERE value = :value", value="1") == 2
            assert tx.run("DELETE FROM facts WHERE name = 'c'") == 0

    def test_an_upsert_returns_the_row_or_nothing_when_its_condition_fails(self, database):
        take = """INSERT INTO budgets (pool_id, subject, kind, used, resets_at) VALUES ('p', 's', 'k', 1, :resets)
          ON CONFLICT (pool_id, subject, kind) DO UPDATE SET used = budgets.used + 1
          WHERE budgets.used < :most RETURNING used"""
        with database.write() as tx:
            taken = [tx.row(take, resets=1_700_000_000_000, most=3) for _ in range(5)]

        assert taken == [(1,), (2,), (3,), None, None]

    def test_delete_returning_gives_the_deleted_once(self, database):
        with database.write() as tx:
            tx.run(ADD_FACT, name="code", value="1")
            gone = "DELETE FROM facts WHERE name = :name RETURNING value"

            assert (tx.row(gone, name="code"), tx.row(gone, name="code")) == (("1",), None)

    def test_an_insert_that_gives_way_returns_nothing(self, database):
        insert = "INSERT INTO spent (pool_id, id, expires_at) VALUES ('p', :id, 1) ON CONFLICT DO NOTHING RETURNING id"
        with database.write() as tx:
            assert (tx.row(insert, id="i"), tx.row(insert, id="i")) == (("i",), None)

    def test_pages_go_by_key_in_the_order_of_bytes(self, database):
        names = ["Al", "al b", "al-b", "al", "alz", "äl", "al😀"]
        page = """SELECT email_key, sub FROM users WHERE pool_id = :p AND (email_key, sub) > (:key, :sub)
          AND email_key < :end ORDER BY pool_id, email_key, sub LIMIT :most"""
        with database.write() as tx:
            for n, name in enumerate(names):
                add_user(tx, f"s{n}")
                tx.run("UPDATE users SET email_key = :name WHERE pool_id = 'p' AND sub = :sub", name=name, sub=f"s{n}")
        with database.read() as tx:
            first = tx.rows(page, p="p", key="al", sub="", end="am", most=3)
            rest = tx.rows(page, p="p", key=first[-1][0], sub=first[-1][1], end="am", most=3)

        assert [key for key, _ in first + rest] == ["al", "al b", "al-b", "alz", "al😀"]

    def test_null_is_not_distinct_from_null(self, database):
        same = "SELECT sub FROM users WHERE email IS NOT DISTINCT FROM :email ORDER BY sub"
        with database.write() as tx:
            add_user(tx, "a", email="a@example.com")
            add_user(tx, "b")

            assert (tx.rows(same, email=None), tx.rows(same, email="a@example.com")) == ([("b",)], [("a",)])


class TestValues:
    def test_booleans_are_booleans_in_rows_records_and_returning(self, database):
        with database.write() as tx:
            add_user(tx, "on", enabled=True)
            add_user(tx, "off", enabled=False)
            returned = tx.row(
                "UPDATE users SET version = 2 WHERE sub = 'on' RETURNING enabled, email_verified, version"
            )
            found = tx.find(Flags, "SELECT sub, enabled, email_verified FROM users WHERE sub = 'off'")
            rows = tx.rows("SELECT enabled FROM users ORDER BY sub DESC")
            only = tx.rows("SELECT sub FROM users WHERE enabled AND NOT email_verified")

        assert [type(value) for value in returned] == [bool, bool, int]
        assert found.enabled is False
        assert [value for (value,) in rows] == [True, False]
        assert all(value is True or value is False for (value,) in rows)
        assert only == [("on",)]

    def test_a_boolean_missing_from_an_outer_join_is_none(self, database):
        joined = """SELECT u.enabled, w.temporary FROM users u
          LEFT JOIN passwords w ON w.pool_id = 'p' AND w.sub = u.sub WHERE u.sub = 's'"""
        with database.write() as tx:
            add_user(tx, "s")

            assert tx.row(joined) == (True, None)

    def test_a_statement_that_first_found_nothing_still_gives_booleans_later(self, database):
        look = "SELECT enabled FROM users WHERE sub = :sub"
        with database.write() as tx:
            assert tx.row(look, sub="s") is None
            add_user(tx, "s")
            assert tx.row(look, sub="s")[0] is True

    def test_bytes_arrive_as_bytes(self, database):
        material = bytes(range(256))
        with database.write() as tx:
            row = tx.row(
                """INSERT INTO passwords (pool_id, sub, material, temporary, version, set_at)
                   VALUES ('p', 's', :material, :temporary, 1, 1) RETURNING material, temporary""",
                material=material,
                temporary=False,
            )
            again = tx.row("SELECT material FROM passwords WHERE material = :material", material=material)

        assert row == (material, False)
        assert type(row[0]) is bytes
        assert again == (material,)

    @pytest.mark.parametrize("number", [0, 1, -1, 2**31, 2**63 - 1, -(2**63)])
    def test_numbers_keep_64_bits(self, database, number):
        with database.write() as tx:
            add_user(tx, "s", signed_out_at=number)

            assert tx.row("SELECT signed_out_at FROM users WHERE signed_out_at = :n", n=number) == (number,)

    def test_small_and_large_numbers_meet_in_one_expression(self, database):
        with database.write() as tx:
            add_user(tx, "s", signed_out_at=7)
            row = tx.row(
                "SELECT CASE WHEN status = :two THEN :now + (1000 << (epoch + 1)) ELSE 0 END FROM users",
                two=2,
                now=1_700_000_000_000,
            )

        assert row == (1_700_000_002_000,)

    @pytest.mark.parametrize(
        "text", ["", "ß", "é", "e\u0301", "😀\U0001d518", "it's", 'a "b"', "100 %", "%s %(x)s", ":x", "\\"]
    )
    def test_text_comes_back_as_it_went(self, database, text):
        with database.write() as tx:
            tx.run(ADD_FACT, name="n", value=text)

            assert tx.row("SELECT value FROM facts WHERE value = :value", value=text) == (text,)

    def test_colons_and_percents_in_the_text_of_a_statement_are_only_text(self, database):
        with database.read() as tx:
            row = tx.row("SELECT ':no', '100 %', 'it''s :no', 7 % 4, CAST(:x AS TEXT) -- :not % either", x="yes")

        assert row == (":no", "100 %", "it's :no", 3, "yes")

    def test_a_value_that_is_missing_is_a_mistake_and_not_null(self, database):
        with database.read() as tx, pytest.raises(Exception, match=r"name|x"):
            tx.row("SELECT CAST(:x AS TEXT), CAST(:name AS TEXT)", x="x")


class TestTransactions:
    def test_a_write_is_seen_after_its_end(self, database):
        with database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")

        assert facts(database) == [("a", "1")]

    def test_a_write_is_not_seen_before_its_end(self, database):
        with database.write() as tx, ThreadPoolExecutor(1) as elsewhere:
            tx.run(ADD_FACT, name="a", value="1")

            assert elsewhere.submit(facts, database).result() == []

    def test_an_exception_rolls_everything_back(self, database):
        with pytest.raises(LookupError), database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")
            raise LookupError

        assert facts(database) == []

    def test_a_taken_key_is_a_conflict(self, database):
        with pytest.raises(Conflict), database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")
            tx.run(ADD_FACT, name="a", value="2")

        assert facts(database) == []

    def test_a_write_whose_error_was_swallowed_cannot_be_committed(self, database):
        with pytest.raises(Conflict), database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")
            try:
                tx.run(ADD_FACT, name="a", value="2")
            except Conflict:
                with pytest.raises(Conflict):
                    tx.run(ADD_FACT, name="b", value="1")

        assert facts(database) == []

    def test_a_change_outside_a_write_is_refused(self, database):
        with database.read() as tx:
            for change in (ADD_FACT, "UPDATE facts SET value = ''", "DELETE FROM facts", "\n  drop table facts"):
                with pytest.raises(ValueError, match="write"):
                    tx.run(change, name="a", value="1")

    def test_a_transaction_knows_whether_it_writes_and_carries_the_kept_documents(self, database):
        with database.read() as reading:
            assert not reading.writing
        with database.write() as writing:
            assert writing.writing
            assert writing.documents is reading.documents

    def test_an_empty_write_does_nothing(self, database):
        with database.write():
            pass

    def test_parallel_writers_lose_no_update(self, database):
        with database.write() as tx:
            tx.run("INSERT INTO leases (name, holder, expires_at, fence) VALUES ('n', 'h', 0, 0)")

        def raise_fence(_):
            with database.write() as tx:
                return tx.row("UPDATE leases SET fence = fence + 1 WHERE name = 'n' RETURNING fence")[0]

        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(raise_fence, range(200)))

        assert sorted(seen) == list(range(1, 201))

    def test_a_closed_database_is_unavailable(self, database):
        database.close()

        with pytest.raises(Unavailable), database.read():
            pass
        with pytest.raises(Unavailable), database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")
        silence.refuse_if_open("Nothing")


class TestSilence:
    @pytest.mark.parametrize("kind", ["read", "write"])
    def test_nothing_goes_outside_during_a_transaction(self, database, kind):
        outside = pytest.raises(RuntimeError, match="Sending mail while a transaction is open")
        with getattr(database, kind)(), outside:
            silence.refuse_if_open("Sending mail")

        silence.refuse_if_open("Sending mail")

    @pytest.mark.parametrize("kind", ["read", "write"])
    def test_the_silence_ends_also_after_a_failure(self, database, kind):
        with pytest.raises(LookupError), getattr(database, kind)():
            raise LookupError

        silence.refuse_if_open("Sending mail")

    def test_the_silence_ends_also_after_a_failed_commit(self, database):
        with pytest.raises(Conflict), database.write() as tx:
            tx.run(ADD_FACT, name="a", value="1")
            tx.run(ADD_FACT, name="a", value="1")

        silence.refuse_if_open("Sending mail")

    @pytest.mark.parametrize("outer", ["read", "write"])
    @pytest.mark.parametrize("inner", ["read", "write"])
    def test_a_transaction_inside_another_is_refused(self, database, outer, inner):
        refused = pytest.raises(RuntimeError, match="second transaction")
        with getattr(database, outer)(), refused, getattr(database, inner)():
            pass


class TestConnect:
    @pytest.mark.parametrize("url", ["", "mysql://h/d", "sqlite://", "sqlite:///", "sqlite:relative"])
    def test_an_unknown_address_is_refused(self, url):
        with pytest.raises(ValueError, match="sqlite:///path or postgresql://"):
            connect(url)

    def test_a_folder_that_does_not_exist_is_unavailable(self, tmp_path):
        with pytest.raises(Unavailable, match="No such file"):
            connect(f"sqlite:///{tmp_path}/none/lido.db")

    def test_a_server_that_does_not_answer_is_unavailable(self, tmp_path):
        with pytest.raises(Unavailable):
            connect(f"postgresql://lido@/lido?host={tmp_path}", patience_seconds=0.2)

    def test_a_missing_driver_is_named(self, monkeypatch):
        monkeypatch.delitem(sys.modules, "lido.storage.postgresql", raising=False)
        monkeypatch.setitem(sys.modules, "psycopg", None)

        with pytest.raises(RuntimeError, match=r"pip install 'lido-idp\[postgresql\]'"):
            connect("postgresql://lido@/lido")
