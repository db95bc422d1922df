"""Who takes turns at sending costs as little beside a crowd of messages, and beside pools that wait, as alone."""

import re

import pytest
from tests.conftest import ENGINES
from tests.databases import fresh_url

from lido.storage import messages
from lido.storage.database import connect
from lido.storage.migrations import migrate

CROWD = 20_000
POOLS = 300
NOW = 1_000_000
_COLUMNS = "pool_id, id, sub, medium, recipient_key, body, state, attempts, next_at, leased_until, expires_at, can_wait"
_ROWS = """INSERT INTO messages ({columns})
           WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
           SELECT {pool}, 'm' || i, 's', 'EMAIL', 'r' || i, :body, {state}, 0, {next_at}, 0, {expires_at}, {can_wait}
           FROM n"""


def fill(tx, count, pool, *, state=0, next_at="i", can_wait="FALSE"):
    sql = _ROWS.format(
        columns=_COLUMNS,
        count=count,
        pool=pool,
        state=state,
        next_at=next_at,
        can_wait=can_wait,
        expires_at=10 * NOW,
    )
    tx.run(sql, body=b"sealed" * 50)


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    return request.param


@pytest.fixture(scope="module", params=["bare", "analyzed"])
def crowded(request, engine, tmp_path_factory):
    """A pool that invites a crowd, others with something due, some that wait for later, and what has left.

    The planner knows nothing of it, or all. The tables are new: in used ones it may know what is no longer true.
    """
    with fresh_url(engine, tmp_path_factory.mktemp("turns"), migrated=False) as url:
        database = connect(url, synchronous="OFF", connections=2)
        migrate(database, now=1)
        with database.write() as tx:
            fill(tx, CROWD, "'m-crowd'", can_wait="TRUE")
            fill(tx, POOLS, "'due-' || (1000 + i)")
            fill(tx, POOLS, "'later-' || (1000 + i)", next_at=2 * NOW)
            fill(tx, CROWD // 4, "'done-' || (i % 500)", state=1)
            if request.param == "analyzed":
                tx.run("ANALYZE")
        yield database
        database.close()


class Explaining:
    """A transaction that remembers how each statement ran: its plan, and on PostgreSQL what each step handled."""

    def __init__(self, tx, engine):
        self._tx = tx
        self._explain = "EXPLAIN QUERY PLAN " if engine == "sqlite" else "EXPLAIN (ANALYZE) "
        self._is_run = engine != "sqlite"
        self.plans = []

    def rows(self, sql, /, **values):
        self._look(sql, values)
        return self._tx.rows(sql, **values)

    def find(self, record, sql, /, **values):
        self._look(sql, values)
        return self._tx.find(record, sql, **values)

    def _look(self, sql, values):
        if self._is_run:
            self._tx.run("SAVEPOINT before")
        self.plans.append("\n".join(str(row[-1]) for row in self._tx.rows(self._explain + sql, **values)))
        if self._is_run:
            self._tx.run("ROLLBACK TO SAVEPOINT before")


def handled(plan):
    """The most rows that one step of a PostgreSQL plan found or threw away."""
    found = [float(rows) * int(loops) for rows, loops in re.findall(r"actual [^)]*rows=([\d.]+) loops=(\d+)", plan)]
    return max([*found, *map(int, re.findall(r"Rows Removed by \w+: (\d+)", plan))])


@pytest.mark.parametrize("after", ["", "due-1100", "later-1299"])
def test_no_turn_walks_through_a_crowd(crowded, after):
    with crowded.write() as tx:
        explaining = Explaining(tx, crowded.engine)
        turn = messages.whose_turn(explaining, NOW, medium="EMAIL", after=after, limit=20)
        claimed = messages.claim(explaining, NOW, [*turn[:3], "m-crowd"], medium="EMAIL", limit=20)
    assert len(turn) == 20
    assert len(claimed) == 20
    for plan in explaining.plans:
        assert not re.search(r"SCAN (messages|m|o)\b", plan)
        if crowded.engine == "postgresql":
            assert handled(plan) < 4 * POOLS, plan


def test_where_nothing_is_due_nothing_is_walked_through(crowded):
    with crowded.write() as tx:
        explaining = Explaining(tx, crowded.engine)
        assert messages.whose_turn(explaining, 0, medium="EMAIL", limit=20) == []
    if crowded.engine == "postgresql":
        assert handled(explaining.plans[0]) <= 1
