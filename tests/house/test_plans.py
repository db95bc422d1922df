"""Every statement of the requests that come most often is answered by an index, whatever the planner believes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.conftest import ENGINES
from tests.databases import fresh_database
from tests.sign_ins import People
from tests.world import PASSWORD, World, sign_by

from lido.flows import access, unwanted_clients
from lido.storage import clients
from lido.storage.database import Database, Transaction

CROWD = 300
# Of these tables an installation has a handful of rows, or a chore walks through all of them.
SMALL = {"facts", "leases", "operators", "migrations", "limits", "limit_nodes", "limit_usage"}


class Watching:
    """A database that remembers each statement, with the values it last had."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.engine, self.documents = database.engine, database.documents
        self.seen: dict[str, dict[str, Any]] = {}

    @contextmanager
    def read(self) -> Iterator[Any]:
        with self._database.read() as tx:
            yield _Watched(tx, self.seen)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Any]:
        with self._database.write(durable=durable) as tx:
            yield _Watched(tx, self.seen)

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """What is done inside, the outbox for one, is no request's."""
        before = dict(self.seen)
        yield
        self.seen = before

    def close(self) -> None:
        self._database.close()


class _Watched:
    def __init__(self, tx: Transaction, seen: dict[str, dict[str, Any]]) -> None:
        self._tx, self._seen = tx, seen
        self.writing, self.documents = tx.writing, tx.documents

    def find(self, record: Any, sql: str, /, **values: Any) -> Any:
        self._seen[sql] = values
        return self._tx.find(record, sql, **values)

    def all(self, record: Any, sql: str, /, **values: Any) -> Any:
        self._seen[sql] = values
        return self._tx.all(record, sql, **values)

    def row(self, sql: str, /, **values: Any) -> Any:
        self._seen[sql] = values
        return self._tx.row(sql, **values)

    def rows(self, sql: str, /, **values: Any) -> Any:
        self._seen[sql] = values
        return self._tx.rows(sql, **values)

    def run(self, sql: str, /, **values: Any) -> int:
        self._seen[sql] = values
        return self._tx.run(sql, **values)


@pytest.fixture(scope="module", params=ENGINES)
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    """A database in which people have signed up, in, on and out, by every statement that takes."""
    with fresh_database(request.param, tmp_path_factory.mktemp("plans")) as database:
        watching = Watching(database)
        house = World(watching)
        sign_by(house.clock)
        _live(house, watching)
        _crowd(database)
        yield watching
        house.close()


def _live(house: World, watching: Watching) -> None:
    def code() -> str:
        with watching.looking_away():
            return house.code("alice@example.com")

    pool = {"AutoVerifiedAttributes": ["email"], "AliasAttributes": ["email"]}
    people = People(house, pool=pool)
    rotating = People(house, RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}, **_rotating())
    public, named = house.idp_unsigned, {"UserPoolId": people.pool_id, "Username": "alice"}
    public.sign_up(
        ClientId=people.client_id,
        Username="alice",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
    )
    public.resend_confirmation_code(ClientId=people.client_id, Username="alice")
    public.confirm_sign_up(ClientId=people.client_id, Username="alice", ConfirmationCode=code())
    house.idp.create_group(UserPoolId=people.pool_id, GroupName="staff")
    house.idp.admin_add_user_to_group(**named, GroupName="staff")
    for wrong in ("no", "nothing"):
        with pytest.raises(public.exceptions.NotAuthorizedException):
            people.sign_in(password=wrong)
    tokens = people.sign_in()
    people.sign_in("alice@example.com")
    people.srp().authenticate_user()
    people.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD)
    people.refresh(tokens["RefreshToken"])
    public.get_user(AccessToken=tokens["AccessToken"])
    house.idp.admin_get_user(**named)
    public.forgot_password(ClientId=people.client_id, Username="alice")
    public.confirm_forgot_password(
        ClientId=people.client_id, Username="alice", ConfirmationCode=code(), Password="An0ther-one!"
    )
    public.revoke_token(ClientId=people.client_id, Token=tokens["RefreshToken"])
    rotating.alice()
    rotating.rotate(rotating.sign_in()["RefreshToken"])
    _live_with_strangers(house)


def _live_with_strangers(house: World) -> None:
    """Clients that register themselves, each in the place of the one before, until nobody wants the last."""
    pool_id = house.pool(DcrConfiguration={"OpenDcrEnabled": True})
    for _ in range(2):
        body = b'{"redirect_uris": ["https://app.example.com/callback"]}'
        url = f"http://lido.test/{pool_id}/oauth2/register"
        assert house.http("POST", url, {"content-type": "application/json"}, body)[0] == 201
        house.clock.advance(hours=1)
    call = house.call()
    with house.database.write() as tx:
        assert unwanted_clients.displace(call, tx, access.lock_pool(call, tx, pool_id))
    house.clock.advance(days=1)
    call = house.call()
    with house.database.write() as tx:
        assert unwanted_clients.expire(call, tx, 20) == 1
        clients.keep(tx, pool_id, "wanted")


def _rotating() -> dict[str, Any]:
    return {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}


def _crowd(database: Database) -> None:
    """Rows enough for a planner to have opinions: alice's, copied under other pools and subs."""
    copies = {
        "pools": ("pool_id",),
        "clients": ("client_id",),
        "signing_keys": ("kid",),
        "groups": ("name",),
        "group_members": ("sub",),
        "codes": ("sub",),
        "budgets": ("subject",),
        "spent": ("id",),
        "messages": ("id",),
        "users": ("sub", "username", "username_key"),
        "user_names": ("name_key", "sub"),
        "passwords": ("sub",),
        "sessions": ("sub", "id"),
        "lockouts": ("subject",),
        "events": ("id", "sub"),
    }
    for table, fresh in copies.items():
        with database.write() as tx:
            columns = _columns(tx, database.engine, table)
            selected = ", ".join(f"{column} || :mark" if column in fresh else column for column in columns)
            for number in range(CROWD // 4):
                tx.run(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {selected} FROM {table} "
                    f"WHERE {fresh[0]} NOT LIKE :copies",
                    mark=f"-copy-{number}",
                    copies="%-copy-%",
                )


def _columns(tx: Transaction, engine: str, table: str) -> list[str]:
    if engine == "sqlite":
        return [row[1] for row in tx.rows(f"SELECT * FROM pragma_table_info('{table}')")]
    sql = "SELECT column_name FROM information_schema.columns WHERE table_name = :name ORDER BY ordinal_position"
    return [row[0] for row in tx.rows(sql, name=table)]


@pytest.mark.parametrize("statistics", [False, True], ids=["bare", "analyzed"])
def test_no_hot_statement_walks_through_a_table(lived: Watching, statistics: bool) -> None:
    with lived.write() as tx:
        if statistics:
            tx.run("ANALYZE")
    plans = {}
    for sql, values in list(lived.seen.items()):
        if sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            plans[sql] = _plan(lived._database, sql, values)

    assert len(plans) > 40
    walks = {sql: plan for sql, plan in plans.items() if _walks(lived.engine, plan)}
    assert walks == {}


def _plan(database: Database, sql: str, values: dict[str, Any]) -> str:
    with database.write() as tx:
        if database.engine == "postgresql":
            # A small table is cheaper to scan; what counts is that an index can answer.
            tx.run("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if database.engine == "sqlite" else "EXPLAIN "
        return "\n".join(str(row[-1]) for row in tx.rows(explain + sql, **values))


def _walks(engine: str, plan: str) -> list[str]:
    """The steps of a plan that look at every row of a table."""
    mark = "SCAN " if engine == "sqlite" else "Seq Scan on "
    steps = [line.partition(mark)[2].split()[0] for line in plan.splitlines() if mark in line]
    return [step for step in steps if step not in SMALL and step != "CONSTANT"]
