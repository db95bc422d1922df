"""How long the database takes for a page of a large pool: of its groups, of who is in them, of an import."""

import random
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from msgspec.structs import replace
from tests.bench import people
from tests.bench.people import EVERYBODY, GROUPS, group_name
from tests.bench.stand import Stand

from lido.assembly import Lido
from lido.cli.installation import open_installation
from lido.flows import user_import
from lido.rules import schema
from lido.rules.user_csv import Row
from lido.settings import load
from lido.storage import groups, pools
from lido.storage.database import Transaction, connect

_PAGES = 200
_LIMIT = 61
_BATCHES = 200
_LINES = 20

Centiles = tuple[float, float]


def milliseconds(stand: Stand) -> dict[str, Centiles]:
    """p50 and p99 of a page: the statement, and making records of its rows. Of an import: its transaction."""
    with _opened(stand) as lido, people.bulk(lido) as insert:
        people.group(insert, lido, stand.pool_id)
    return {**_of_groups(stand), f"import, {_LINES} lines": _of_import(stand)}


def _of_groups(stand: Stand) -> dict[str, Centiles]:
    dice, pool_id = random.Random(stand.engine), stand.pool_id
    database = connect(stand.database)

    def group() -> str:
        return group_name(dice.randrange(GROUPS))

    def sub() -> str:
        return f"{dice.getrandbits(16):04x}"

    try:
        with database.read() as tx:
            subs = [user.sub for user in groups.members(tx, pool_id, EVERYBODY, after="", limit=_PAGES)]
            return {
                "ListGroups": _timed(tx, groups.page, pool_id, lambda: {"after": group()}),
                "ListUsersInGroup": _timed(tx, groups.members, pool_id, lambda: {"name": group(), "after": ""}),
                "ListUsersInGroup, of all": _timed(
                    tx, groups.members, pool_id, lambda: {"name": EVERYBODY, "after": sub()}
                ),
                "AdminListGroupsForUser": _timed(tx, groups.of_user, pool_id, lambda: {"sub": dice.choice(subs)}),
            }
    finally:
        database.close()


def _timed(tx: Transaction, page: Callable[..., Any], pool_id: str, given: Callable[[], dict[str, str]]) -> Centiles:
    took = []
    for _ in range(_PAGES):
        asked = given()
        began = time.perf_counter()
        page(tx, pool_id, **asked, limit=_LIMIT)
        took.append(time.perf_counter() - began)
    return _centiles(took)


def _of_import(stand: Stand) -> Centiles:
    """The users of a file that all have a password hash, beside those that are there."""
    took = []
    with _opened(stand) as lido:
        call = lido.call()
        with lido.database.read() as tx:
            pool = pools.find(tx, stand.pool_id)
        assert pool is not None
        # Users are imported into pools that verify an address; that of the bench sends nothing.
        shape = replace(pool.settings.shape, auto_verified_attributes=["email"])
        pool = replace(pool, settings=replace(pool.settings, shape=shape))
        known = schema.by_name(pool.settings.shape.schema_attributes)
        phc = call.hashing.hash(people.PASSWORD, bytes(16))
        for batch in range(_BATCHES):
            rows = [_row(batch * _LINES + line, phc) for line in range(_LINES)]
            users = [user_import.composed(call, pool, known, row, "ARGON2ID") for row in rows]
            began = time.perf_counter()
            with lido.database.write(durable=False) as tx:
                for line, user in enumerate(users):
                    assert user_import.store(call, tx, pool, user, line) is None
            took.append(time.perf_counter() - began)
    return _centiles(took)


def _opened(stand: Stand) -> AbstractContextManager[Lido]:
    return open_installation(load({"data_dir": str(stand.folder), "database": stand.database}, environ={}))


def _row(number: int, phc: str) -> Row:
    return Row(f"import-{number}", False, {"email": f"import.{number}@example.com", "email_verified": "true"}, phc)


def _centiles(took: list[float]) -> Centiles:
    centiles = statistics.quantiles(took, n=100)
    return centiles[49] * 1e3, centiles[98] * 1e3
