from typing import Any, get_args

import pytest

from lido.records import User
from lido.rules.profile import search_keys
from lido.rules.usernames import cut_key, prefix_end
from lido.storage import user_pages, users
from lido.storage.database import Database
from lido.storage.user_pages import START

POOL = "us-east-1_pages"
COLUMNS = get_args(user_pages.Column)


def person(number: int, pool_id: str = POOL, **changes: Any) -> User:
    sub = f"{number:08d}-0000-4000-8000-000000000000"
    fields: dict[str, Any] = {
        "pool_id": pool_id,
        "sub": sub,
        "username": f"user{number}",
        "status": 2,
        "enabled": True,
        "epoch": 0,
        "signed_out_at": 0,
        "version": 1,
        "factors": 0,
        "preferred_factor": None,
        "email": None,
        "email_verified": False,
        "phone_number": None,
        "phone_verified": False,
        "attributes": {},
        "created_at": 5,
        "modified_at": 6,
    }
    return User(**{**fields, **changes})


def add(database: Database, *people: User) -> None:
    with database.write() as tx:
        for user in people:
            users.add(tx, user, search_keys(user, 1))


def walk(database: Database, ask: Any, limit: int = 2) -> list[str]:
    """Every username of a list, page by page; no page holds more than it may."""
    names, after = [], START
    while True:
        with database.read() as tx:
            page = ask(tx, after, limit)
        assert len(page) <= limit
        names += [found.user.username for found in page]
        if not page:
            return names
        after = (page[-1].value, page[-1].user.sub)


def starting(column: user_pages.Column, prefix: str) -> Any:
    return lambda tx, after, limit: user_pages.starting(
        tx, POOL, column, cut_key(prefix, 1), prefix_end(cut_key(prefix, 1)), after=after, limit=limit
    )


def test_everyone_comes_once_and_other_pools_never(database: Database) -> None:
    add(database, *(person(number) for number in range(5)), person(9, pool_id="us-east-1_other"))

    found = walk(database, lambda tx, after, limit: user_pages.everyone(tx, POOL, after=after, limit=limit))

    assert found == [f"user{number}" for number in range(5)]


def test_users_of_one_value_are_paged_by_sub(database: Database) -> None:
    add(database, *(person(number, attributes={"name": "Ann"}) for number in range(5)), person(7))

    found = walk(
        database,
        lambda tx, after, limit: user_pages.equal(tx, POOL, "name_key", "ann", after=after, limit=limit),
    )

    assert found == [f"user{number}" for number in range(5)]


def test_a_prefix_finds_every_value_that_begins_with_it_and_no_other(database: Database) -> None:
    values = ["al", "Al", "ALZ", "al-b", "al b", "alé", "al\U0010ffff", "ak", "am", "a"]
    add(database, *(person(number, attributes={"name": value}) for number, value in enumerate(values)))

    found = walk(database, starting("name_key", "al"))

    assert sorted(found) == [f"user{number}" for number in range(7)]


def test_an_empty_prefix_finds_whoever_has_a_value(database: Database) -> None:
    add(database, person(1, attributes={"family_name": "\U0010ffff"}), person(2))
    assert walk(database, starting("family_name_key", "")) == ["user1"]


@pytest.mark.parametrize("column", COLUMNS)
def test_each_column_is_searched(database: Database, column: user_pages.Column) -> None:
    found = person(
        1,
        username="+4912345",
        email="+4912345",
        phone_number="+4912345",
        attributes=dict.fromkeys(("name", "given_name", "family_name", "preferred_username"), "+4912345"),
    )
    add(database, found, person(2))
    with database.read() as tx:
        equal = user_pages.equal(tx, POOL, column, "+4912345", after=START, limit=60)
        unequal = user_pages.equal(tx, POOL, column, "+491234", after=START, limit=60)
    assert [row.user for row in equal] == [found]
    assert unequal == []
    assert walk(database, starting(column, "+49")) == ["+4912345"]


def test_a_sub_is_found_by_its_beginning(database: Database) -> None:
    add(database, *(person(number) for number in (11, 12, 13, 21)))

    found = walk(
        database,
        lambda tx, after, limit: user_pages.by_sub(tx, POOL, "0000001", "0000002", after=after, limit=limit),
    )

    assert found == ["user11", "user12", "user13"]


def test_states_are_merged_in_order_of_sub(database: Database) -> None:
    add(database, *(person(number, status=1 + number % 4, enabled=number % 2 == 0) for number in range(12)))

    found = walk(
        database,
        lambda tx, after, limit: user_pages.in_state(tx, POOL, [(1, True), (3, True)], after=after, limit=limit),
    )

    assert found == ["user0", "user2", "user4", "user6", "user8", "user10"]


def test_users_of_a_merged_page_are_whole(database: Database) -> None:
    add(database, person(1, enabled=False, email="a@b.example", email_verified=True))
    with database.read() as tx:
        page = user_pages.in_state(tx, POOL, [(2, True), (2, False)], after=START, limit=60)
    (found,) = page
    assert found.user.enabled is False
    assert found.user.email_verified is True


def test_no_state_finds_nobody(database: Database) -> None:
    add(database, person(1))
    with database.read() as tx:
        assert user_pages.in_state(tx, POOL, [], after=START, limit=60) == []


class Watched:
    """A transaction that keeps the plan of every statement that reads."""

    def __init__(self, tx: Any, engine: str) -> None:
        self._tx, self._engine = tx, engine
        self.plans: list[str] = []

    def rows(self, sql: str, /, **values: Any) -> list[Any]:
        explain = "EXPLAIN QUERY PLAN " if self._engine == "sqlite" else "EXPLAIN "
        lines = self._tx.rows(explain + sql, **values)
        self.plans.append("\n".join(str(line[-1]) for line in lines))
        return self._tx.rows(sql, **values)


ASKING = {
    "everyone": lambda tx: user_pages.everyone(tx, POOL, after=("", "00000003"), limit=5),
    "by_sub": lambda tx: user_pages.by_sub(tx, POOL, "0000", "0001", after=START, limit=5),
    **{
        f"{column} =": lambda tx, column=column: user_pages.equal(tx, POOL, column, "ann", after=START, limit=5)
        for column in COLUMNS
    },
    **{
        f"{column} ^=": lambda tx, column=column: user_pages.starting(
            tx, POOL, column, "an", "ao", after=("ann", "00000003"), limit=5
        )
        for column in COLUMNS
    },
    "in_state": lambda tx: user_pages.in_state(tx, POOL, [(1, True), (2, True), (2, False)], after=START, limit=5),
}


@pytest.fixture
def analyzed(database: Database, request: pytest.FixtureRequest) -> Database:
    """A pool of 300 users, with or without the statistics that may mislead a planner."""
    people = [
        person(
            number,
            email=f"ann{number}@b.example",
            phone_number=f"+49{number}",
            attributes=dict.fromkeys(("name", "given_name", "family_name", "preferred_username"), f"ann{number % 7}"),
        )
        for number in range(300)
    ]
    add(database, *people)
    if request.param:
        with database.write() as tx:
            tx.run("ANALYZE")
    return database


@pytest.mark.parametrize("analyzed", [False, True], indirect=True, ids=["bare", "analyzed"])
def test_every_page_comes_from_an_index_in_order(analyzed: Database) -> None:
    for name, ask in ASKING.items():
        # A small table is cheaper to scan; what counts is that the index can answer.
        with analyzed.write() as tx:
            if analyzed.engine == "postgresql":
                tx.run("SET LOCAL enable_seqscan = off")
                tx.run("SET LOCAL enable_bitmapscan = off")
            watched = Watched(tx, analyzed.engine)
            ask(watched)
        for plan in watched.plans:
            assert "ANY(" not in plan, (name, plan)
            if analyzed.engine == "sqlite":
                # The arms of the merge hold at most a page each.
                scans = [line for line in plan.splitlines() if line.startswith("SCAN") and "arm_" not in line]
                assert scans == [], (name, plan)
                assert name == "in_state" or "TEMP B-TREE" not in plan, (name, plan)
            else:
                assert "Seq Scan" not in plan, (name, plan)
                assert "Index" in plan, (name, plan)
                assert name == "in_state" or "Sort" not in plan, (name, plan)


@pytest.mark.parametrize("analyzed", [True], indirect=True)
@pytest.mark.parametrize("column", COLUMNS)
def test_each_prefix_is_answered_by_its_own_index(analyzed: Database, column: str) -> None:
    index = "users_preferred" if column == "preferred_username_key" else f"users_{column.removesuffix('_key')}"
    with analyzed.write() as tx:
        if analyzed.engine == "postgresql":
            tx.run("SET LOCAL enable_seqscan = off")
        watched = Watched(tx, analyzed.engine)
        ASKING[f"{column} ^="](watched)
    assert f" {index.removesuffix('_number')} " in watched.plans[0]
