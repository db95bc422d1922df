"""Does a pool whose trigger sleeps hold up the others? `python -m tests.bench.slow_trigger`

Ten people a second sign in to a pool whose PreAuthentication sleeps for 4 s. Meanwhile people sign in to another pool,
as many as a third of what the server can do; the 99th percentile of their waits should stay within twice what it is
without the first pool. Five runs of each, by turns; the median counts.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench import wire
from tests.bench.__main__ import _results
from tests.server import Server

from lido.cli.installation import open_installation
from lido.flows import operators, trigger_targets
from lido.flows.trigger_targets import Wish
from lido.operations import perform
from lido.settings import Settings, load

PASSWORD = "Passw0rd!"
USERS = 50
SLOW_A_SECOND = 10
RUNS = 2
SECONDS = 8.0
_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
_RATES = 10_000
"""Requests are counted as ever, and none is refused."""
_ARGON2 = {"argon2_memory_kib": Settings().argon2_memory_kib, "argon2_time_cost": Settings().argon2_time_cost}


class Waits(NamedTuple):
    """How long people waited, and how many were refused."""

    seconds: list[float]
    refused: int

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[98]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_results()) as folder:
        database = f"sqlite:///{folder}/lido.db"
        clients = _pools(Path(folder), database)
        with Server(Path(folder), database, **_ARGON2, request_rate_factor=_RATES) as server:
            slow, quick = ([_sign_in(server.port, client, f"user{i}") for i in range(USERS)] for client in clients)
            asyncio.run(_measure(server.port, slow, quick))


async def _measure(port: int, slow: list[bytes], quick: list[bytes]) -> None:
    capacity = await _capacity(port, quick)
    pace = capacity / 3
    print(f"capacity {capacity:.0f} sign-ins a second; the quick pool gets {pace:.0f}", file=sys.stderr)
    ratios = []
    for run in range(RUNS):
        alone = await _paced(port, quick, pace)
        beside, held = await asyncio.gather(_paced(port, quick, pace), _paced(port, slow, SLOW_A_SECOND))
        ratios.append(beside.p99 / alone.p99)
        print(
            f"run {run + 1}: p99 alone {alone.p99 * 1000:.0f} ms, beside {beside.p99 * 1000:.0f} ms, ratio "
            f"{ratios[-1]:.2f}; refused {beside.refused}; of {len(held.seconds)} in the slow pool {held.refused}",
            file=sys.stderr,
        )
    median = statistics.median(ratios)
    print(f"p99 beside a slow trigger: {median:.2f} times, {'met' if median <= 2 else 'MISSED'} (at most 2)")


async def _capacity(port: int, requests: list[bytes], seconds: float = 5.0) -> float:
    """Sign-ins a second on eight connections that never rest."""
    until, done = time.perf_counter() + seconds, 0

    async def rush(mine: Iterator[bytes]) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await _ask(port, next(mine))
            done += 1

    everybody = cycle(requests)
    await asyncio.gather(*(rush(everybody) for _ in range(8)))
    return done / seconds


async def _paced(port: int, requests: list[bytes], a_second: float) -> Waits:
    """That many a second, whether or not the ones before were answered."""
    loop, everybody = asyncio.get_running_loop(), cycle(requests)
    began, waiting = loop.time(), [loop.create_future() for _ in range(int(SECONDS * a_second))]

    def ask(answered: "asyncio.Future[tuple[float, int]]") -> None:
        task = loop.create_task(_ask(port, next(everybody)))
        task.add_done_callback(
            lambda done: (
                (print("ERR", repr(done.exception()), file=sys.stderr, flush=True), answered.set_result((99.0, 500)))
                if done.exception()
                else answered.set_result(done.result())
            )
        )

    for number, answered in enumerate(waiting):
        loop.call_at(began + number / a_second, ask, answered)
    answers = await asyncio.gather(*waiting)
    return Waits([seconds for seconds, _ in answers], sum(status != 200 for _, status in answers))


async def _ask(port: int, request: bytes) -> tuple[float, int]:
    """How long the answer took, and its status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    took = time.perf_counter() - began
    writer.close()
    return took, int(head.split(b" ", 2)[1])


def _sign_in(port: int, client_id: str, username: str) -> bytes:
    parameters = {"USERNAME": username, "PASSWORD": PASSWORD}
    members = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client_id, "AuthParameters": parameters}
    return wire.request(port, "InitiateAuth", members)


def _pools(folder: Path, database: str) -> tuple[str, str]:
    """The clients of the pool whose trigger sleeps, and of the other."""
    settings = load({"data_dir": str(folder), "database": database}, environ={})
    with open_installation(settings, create=True) as lido:
        root = operators.as_root(lido.call())

        def ask(operation: str, **members: Any) -> Any:
            return json.loads(perform("cognito-idp", operation, root, members) or b"{}")

        clients = []
        for slow in (True, False):
            pool_id = ask("CreateUserPool", PoolName="bench")["UserPool"]["Id"]
            client = ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="bench", ExplicitAuthFlows=_FLOWS)
            clients.append(client["UserPoolClient"]["ClientId"])
            for i in range(USERS):
                ask("AdminCreateUser", UserPoolId=pool_id, Username=f"user{i}", MessageAction="SUPPRESS")
                person = {"UserPoolId": pool_id, "Username": f"user{i}"}
                ask("AdminSetUserPassword", **person, Password=PASSWORD, Permanent=True)
            if slow:
                wish = Wish(name="sleeping", kind="python", address="tests.bench.sleeping:pre_authentication")
                trigger_targets.register(lido.call(), pool_id, "PreAuthentication", wish)
        return clients[0], clients[1]


if __name__ == "__main__":
    main()
