import re
from importlib.resources import files

from lido.storage import sweeping

OUTLIVES_ITS_POOL = {"audit"}


def tables_of_pools():
    folder = files("lido.storage.migrations")
    sql = "".join(path.read_text() for path in folder.iterdir() if path.name.endswith(".sql"))
    return {
        name: (body, re.search(r"PRIMARY KEY \((.*?)\)", body)[1])
        for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", sql, re.DOTALL)
        if "pool_id TEXT NOT NULL" in body
    }


def test_emptying_a_pool_forgets_no_table():
    tables = tables_of_pools()
    assert set(sweeping.OWNED) == set(tables) - OUTLIVES_ITS_POOL
    assert {name: tables[name][1] for name in sweeping.OWNED} == sweeping.OWNED


def test_the_orphan_sweep_forgets_no_table_of_users_that_does_not_expire_by_itself():
    with_sub = {name for name, (body, _) in tables_of_pools().items() if re.search(r"\bsub TEXT NOT NULL", body)}
    assert set(sweeping.PERSONAL) == with_sub - {"users", "events", "logout_notices"}
