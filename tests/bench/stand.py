"""One database under test: people in it, the real server on it, the load generator before it."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import psycopg
from tests.bench import bare, factor_people, factor_sign_ins, gauges, load, oauth_grants, people, wire
from tests.bench.factor_people import Factored
from tests.bench.oauth_grants import Clients
from tests.bench.people import PASSWORD, Crowd
from tests.bench.workloads import Repeated, SecureRemotePassword, SigningUp
from tests.databases import fresh_url
from tests.server import Server

from lido.cli.installation import open_installation
from lido.flows import operators
from lido.operations import perform
from lido.settings import Settings
from lido.settings import load as settings_of

ENGINES = ("sqlite", "postgresql")
SIGNED_IN = 64
_SIGNING_IN = 500
_RATES = 10_000
"""Requests are counted as ever, and none is refused."""
_ARGON2 = {"argon2_memory_kib": Settings().argon2_memory_kib, "argon2_time_cost": Settings().argon2_time_cost}
_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

Say = Callable[[str], None]


class Stand(NamedTuple):
    """All that a measurement needs. `database_pid` is PostgreSQL's first process, None on SQLite."""

    engine: str
    folder: Path
    database: str
    server: Server
    server_pid: int
    idle_mib: float
    database_pid: int | None
    crowd: Crowd
    pool_id: str
    load: load.Load
    hello: bare.Hello

    def database_cpu_seconds(self) -> float:
        return gauges.family_cpu_seconds(self.database_pid) if self.database_pid else 0.0


@contextmanager
def stand(engine: str, folder: Path, *, users: int, hello: bare.Hello, say: Say) -> Iterator[Stand]:
    """A server on a fresh database of `engine` with so many users."""
    with _database(engine, folder) as database:
        say(f"{engine}: writing {users:,} users")
        pool_id, client_id, crowd, factored, oauth = _people(database, folder, users, say)
        with Server(folder, database, **_ARGON2, request_rate_factor=_RATES) as server:
            assert server._process is not None
            pid = server._process.pid
            Event().wait(1)  # what a start allocates is given back by then
            idle_mib = gauges.memory_mib(pid)
            signed_in = _sign_in(server.port, client_id, crowd.signing_in[:SIGNED_IN])
            driver = load.start(
                _workloads(server, pool_id, client_id, crowd, signed_in)
                | factor_sign_ins.workloads(server.port, factored)
                | oauth_grants.workloads(server.port, oauth, crowd.signing_in)
                | {"hello": hello.workload()}
            )
            try:
                yield Stand(
                    engine,
                    folder,
                    database,
                    server,
                    pid,
                    idle_mib,
                    _postgresql_pid(database) if engine == "postgresql" else None,
                    crowd,
                    pool_id,
                    driver,
                    hello,
                )
            finally:
                driver.stop()


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'lido.db'}"
    else:
        with fresh_url(engine, folder) as url:
            yield url


def _people(database: str, folder: Path, users: int, say: Say) -> tuple[str, str, Crowd, Factored, Clients]:
    """A pool, a client and its users, and the pools of people with further factors, made before any server runs."""
    settings = settings_of({"data_dir": str(folder), "database": database}, environ={})
    with open_installation(settings, create=True) as lido:
        root = operators.as_root(lido.call())

        def ask(operation: str, **members: Any) -> Any:
            return json.loads(perform("cognito-idp", operation, root, members))

        pool_id = ask("CreateUserPool", PoolName="bench")["UserPool"]["Id"]
        client = ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="bench", ExplicitAuthFlows=_FLOWS)
        signing_in = range(0, users, max(1, users // _SIGNING_IN))
        with people.bulk(lido) as insert:
            people.fill(lido, insert, pool_id, users, by_srp=signing_in, say=say)
            factored = factor_people.write(lido, insert, ask, say)
        oauth = oauth_grants.write(ask, pool_id)
        crowd = Crowd(users, people.usernames(signing_in))
        return pool_id, client["UserPoolClient"]["ClientId"], crowd, factored, oauth


def _postgresql_pid(database: str) -> int:
    with psycopg.connect(database) as connection:
        return gauges.parent_of(connection.info.backend_pid)


def _sign_in(port: int, client_id: str, usernames: list[str]) -> list[dict[str, str]]:
    """The tokens of these people."""

    def one(username: str) -> dict[str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        parameters = {"USERNAME": username, "PASSWORD": PASSWORD}
        members = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client_id, "AuthParameters": parameters}
        head, _, body = wire.request(port, "InitiateAuth", members).partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        connection.request("POST", "/", body, headers)
        answer = json.load(connection.getresponse())
        connection.close()
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(one, usernames))


def _workloads(
    server: Server, pool_id: str, client_id: str, crowd: Crowd, signed_in: list[dict[str, str]]
) -> dict[str, load.Workload]:
    port, key = server.port, server.credentials()

    def each(operation: str, members: list[dict[str, Any]], *, signed: bool = False) -> Repeated:
        return Repeated([wire.request(port, operation, those, key if signed else None) for those in members])

    def flow(name: str, parameters: list[dict[str, str]]) -> list[dict[str, Any]]:
        return [{"AuthFlow": name, "ClientId": client_id, "AuthParameters": those} for those in parameters]

    passwords = [{"USERNAME": name, "PASSWORD": PASSWORD} for name in crowd.signing_in]
    refreshes = [{"REFRESH_TOKEN": tokens["RefreshToken"]} for tokens in signed_in]
    reads = [{"AccessToken": tokens["AccessToken"]} for tokens in signed_in]
    named = [{"UserPoolId": pool_id, "Username": name} for name in crowd.signing_in]
    said = {
        "password": each("InitiateAuth", flow("USER_PASSWORD_AUTH", passwords)),
        "srp": SecureRemotePassword(wire.Client(port, client_id), pool_id, crowd.signing_in),
        "refresh": each("InitiateAuth", flow("REFRESH_TOKEN_AUTH", refreshes)),
        "get_user": each("GetUser", reads),
        "admin_get_user": each("AdminGetUser", named, signed=True),
        "list_users": each("ListUsers", [{"UserPoolId": pool_id}], signed=True),
        "sign_up": SigningUp(port, client_id),
        "jwks": Repeated([wire.get(port, f"/{pool_id}/.well-known/jwks.json")]),
    }
    return {name: (port, workload) for name, workload in said.items()}


def seconds_to_ready(one: Stand) -> float:
    """Stop the server and start it again on its database: how long until it answers."""
    one.server.stop()
    began = time.perf_counter()
    one.server.start()
    return time.perf_counter() - began
