"""How long the database takes for a page of ListUsers, by each filter, wherever in the list the page begins."""

import random
import statistics
import time
from typing import Any

from tests.bench.people import FAMILY_NAMES, GIVEN_NAMES
from tests.bench.stand import Say, Stand

from lido.flows import users
from lido.records import Pool
from lido.rules import filters
from lido.storage import pools
from lido.storage.database import Transaction, connect
from lido.storage.user_pages import START, Cursor

_PAGES = 200
_LIMIT = 61


def milliseconds(stand: Stand, say: Say) -> dict[str, tuple[float, float]]:
    """p50 and p99 of a page, by filter: the statement, and making records of its rows."""
    database = connect(stand.database)
    dice = random.Random(stand.engine)
    try:
        with database.read() as tx:
            pool = pools.find(tx, stand.pool_id)
            assert pool is not None
            found = {name: _of_filter(tx, pool, name, dice) for name in _FILTERS}
    finally:
        database.close()
    say(f"{stand.engine}: ListUsers: the slowest filter takes {max(p99 for _, p99 in found.values()):.2f} ms at p99")
    return found


def _of_filter(tx: Transaction, pool: Pool, name: str, dice: random.Random) -> tuple[float, float]:
    took = []
    for _ in range(_PAGES):
        number = dice.randrange(1_000_000)
        given, family = dice.choice(GIVEN_NAMES), dice.choice(FAMILY_NAMES)
        values: dict[str, Any] = {"n": f"{number:07}", "given": given, "family": family, "hex": f"{number % 4096:03x}"}
        wanted = filters.parse(_FILTERS[name].format(**values))
        after: Cursor = START
        began = time.perf_counter()
        page = users.search(tx, pool, wanted, after=after, limit=_LIMIT)
        took.append(time.perf_counter() - began)
        if len(page) == _LIMIT:  # and a page that begins in the middle of the list
            after = (page[-1].value, page[-1].user.sub)
            if name in _BY_SUB:
                after = (after[0], f"{number % 65536:04x}{after[1][4:]}")
            began = time.perf_counter()
            users.search(tx, pool, wanted, after=after, limit=_LIMIT)
            took.append(time.perf_counter() - began)
    centiles = statistics.quantiles(took, n=100)
    return centiles[49] * 1e3, centiles[98] * 1e3


_FILTERS = {
    "without filter": "",
    "sub ^=": 'sub ^= "{hex}"',
    "username =": 'username = "person-{n}"',
    "username ^=": 'username ^= "person-0{n[1]}"',
    "email =": 'email = "ada.allen.{n}@example.com"',
    "email ^=": 'email ^= "{given}."',
    "phone_number =": 'phone_number = "+1555{n}"',
    "phone_number ^=": 'phone_number ^= "+1555{n[0]}"',
    "name =": 'name = "{given} {family}"',
    "name ^=": 'name ^= "{given}"',
    "given_name =": 'given_name = "{given}"',
    "given_name ^=": 'given_name ^= "{given[0]}"',
    "family_name =": 'family_name = "{family}"',
    "family_name ^=": 'family_name ^= "{family[0]}"',
    "preferred_username ^=": 'preferred_username ^= "a"',
    "cognito:user_status =": 'cognito:user_status = "CONFIRMED"',
    "status =": 'status = "Enabled"',
    "status = (nobody)": 'status = "Disabled"',
}
_BY_SUB = (
    "without filter",
    "username =",
    "name =",
    "given_name =",
    "family_name =",
    "cognito:user_status =",
    "status =",
)
