"""A page of a large list costs what it shows, whatever PostgreSQL's planner makes of tables that it knows well."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.databases import fresh_database
from tests.house.test_plans import Watching

from lido.storage import groups, user_pages
from lido.storage.database import Transaction

POOL, GROUP, PEOPLE, SHOWN = "us-east-1_crowd", "everybody", 10_000, 60
MIDDLE = f"{PEOPLE // 2:08}"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    """A pool of many users, all in one group, at which the planner has looked."""
    with fresh_database("postgresql", tmp_path_factory.mktemp("pages")) as database:
        with database.write() as tx:
            tx.run(
                """INSERT INTO users (pool_id, sub, username, username_key, email_key, email_verified, phone_verified,
                       status, enabled, epoch, signed_out_at, version, factors, attributes, created_at, modified_at)
                   SELECT :pool, lpad(n::text, 8, '0'), n::text, 'user' || lpad(n::text, 8, '0'), 'all@example.com',
                       TRUE, FALSE, 1, TRUE, 0, 0, 1, 0, '{}', n, n
                   FROM generate_series(1, :people::int) n""",
                pool=POOL,
                people=PEOPLE,
            )
            tx.run(
                """INSERT INTO group_members (pool_id, sub, group_name, added_at)
                   SELECT pool_id, sub, :group_name, 0 FROM users""",
                group_name=GROUP,
            )
            tx.run("ANALYZE")
        yield Watching(database)


PAGES: dict[str, Callable[[Transaction], list[Any]]] = {
    "a group": lambda tx: groups.members(tx, POOL, GROUP, after=MIDDLE, limit=SHOWN),
    "everyone": lambda tx: user_pages.everyone(tx, POOL, after=("", MIDDLE), limit=SHOWN),
    "a sub": lambda tx: user_pages.by_sub(tx, POOL, "0000", "0001", after=("", MIDDLE), limit=SHOWN),
    "an address": lambda tx: user_pages.equal(
        tx, POOL, "email_key", "all@example.com", after=("", MIDDLE), limit=SHOWN
    ),
    "a prefix": lambda tx: user_pages.starting(
        tx, POOL, "username_key", "user", "uses", after=(f"user{MIDDLE}", MIDDLE), limit=SHOWN
    ),
    "a state": lambda tx: user_pages.in_state(tx, POOL, [(1, True), (2, True)], after=("", MIDDLE), limit=SHOWN),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_the_middle_reads_the_people_that_it_shows(crowded: Watching, page: str) -> None:
    assert _read(crowded, PAGES[page]) <= 2 * SHOWN


def _read(database: Watching, page: Callable[[Transaction], list[Any]]) -> int:
    """How many rows the statement of a page takes from tables and indexes to find `SHOWN`."""
    database.seen = {}
    with database.read() as tx:
        assert len(page(tx)) == SHOWN
        ((sql, values),) = database.seen.items()
        plan = tx.row(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", **values)[0]
    plan = msgspec.json.decode(plan) if isinstance(plan, str) else plan
    return _taken(plan[0]["Plan"])


def _taken(node: dict[str, Any]) -> int:
    below = sum(_taken(each) for each in node.get("Plans", ()))
    if "Scan" not in node["Node Type"]:
        return below
    return int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]) + below
