"""The database goes away and comes back, or has no room left: requests say to try again, nothing is half done."""

import json
import resource
import threading
from contextlib import contextmanager
from time import monotonic
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.databases import postgresql_server
from tests.faults.load import Crowd
from tests.faults.test_kills import SEED, codes, require_whole
from tests.faults.wire import BUSY, ROOT, Lost, Wire, make_app, make_pool, refresh, refusal, sign_in
from tests.server import Server

from lido.storage.database import connect

pytestmark = pytest.mark.slow

PASSWORD = "Passw0rd!"
CONNECTIONS = 4
LONGER_THAN_ANYBODY_WAITS = 8
BACK_WITHIN_SECONDS = 4
ROOM_BYTES = 40_000


@contextmanager
def unreachable(url):
    """The database throws everybody out and lets nobody in."""
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(postgresql_server(), autocommit=True) as administrator:
        administrator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            administrator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def connections(url):
    """How many connections the servers of this database hold."""
    counting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lido' AND datname = %s"
    with psycopg.connect(postgresql_server()) as administrator:
        return administrator.execute(counting, [urlsplit(url).path.lstrip("/")]).fetchone()[0]


def test_what_was_acknowledged_outlives_a_database_that_goes_away_and_comes_back(postgresql, tmp_path):
    moment = threading.Event()
    with Server(tmp_path / "data", postgresql, database_pool_size=CONNECTIONS, **ROOT, **BUSY) as server:
        wire = Wire(server)
        with Crowd(wire, SEED) as crowd:
            moment.wait(0.5)
            with unreachable(postgresql):
                moment.wait(LONGER_THAN_ANYBODY_WAITS)
                assert wire.get("/healthz", timeout_seconds=1) == 200
                assert wire.get("/readyz") == 503
            came_back = monotonic()
            while wire.get("/readyz") != 200:
                pass
            took_seconds = monotonic() - came_back
            moment.wait(1)
            crowd.finish()
            # Dead connections were replaced, one by one.
            assert connections(postgresql) <= CONNECTIONS
        assert crowd.figures["requests without an answer"]
        assert took_seconds < BACK_WITHIN_SECONDS
        crowd.check(codes(server))
        wire.close()
        require_whole(postgresql)
        log = server.log.read_text("utf-8")
    assert '"event":"database"' in log
    assert '"event":"bug"' not in log
    assert "Traceback" not in log


def test_a_program_on_a_page_learns_that_the_database_is_gone(postgresql, tmp_path):
    with Server(tmp_path / "data", postgresql, database_pool_size=CONNECTIONS, **ROOT, **BUSY) as server:
        wire = Wire(server)
        pool_id = make_pool(wire)
        form = {"client_id": make_app(wire, pool_id), "grant_type": "refresh_token", "refresh_token": "x"}
        with unreachable(postgresql):
            status, headers, told = wire.post_form(f"/{pool_id}/oauth2/token", form)
        wire.close()

    assert (status, json.loads(told)) == (503, {"error": "temporarily_unavailable"})
    assert (headers["retry-after"], headers["access-control-allow-origin"]) == ("1", "*")


@contextmanager
def full_disk(server):
    """No file of the server can grow any more; at the end there is room again."""
    largest = max(path.stat().st_size for path in server.data_dir.iterdir())
    unlimited = resource.prlimit(server.process_id, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, (largest + ROOM_BYTES, unlimited[1]))
    try:
        yield
    finally:
        resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, unlimited)


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path):
    url = f"sqlite:///{tmp_path / 'data' / 'lido.db'}"
    with Server(tmp_path / "data", url, **ROOT, **BUSY) as server:
        wire = Wire(server)
        pool_id = make_pool(wire)
        client_id = make_app(wire, pool_id)
        early = {f"early{number}": somebody(wire, pool_id, client_id, f"early{number}") for number in range(12)}
        with full_disk(server):
            signed_up = until_lost(sign_ups(wire, client_id))
            signed_out = until_lost(sign_outs(wire, early))
            still_in = [name for name in early if name not in signed_out]
            kept = early[still_in[0]]
            with pytest.raises(Lost, match="Try again"):
                sign_in(wire, client_id, still_in[0], PASSWORD)
            # Whoever only reads is served all the same.
            assert wire.get("/readyz") == 200
            assert wire.ask("GetUser", AccessToken=kept["AccessToken"])["Username"] == still_in[0]
            refresh(wire, client_id, kept["RefreshToken"])

        # With room again, the same server goes on: with everybody, and with whoever was turned away.
        turned_away = f"user{len(signed_up)}"
        wire.ask("SignUp", ClientId=client_id, Username=turned_away, Password=PASSWORD)
        for name in [*signed_up, turned_away]:
            wire.order("AdminConfirmSignUp", UserPoolId=pool_id, Username=name)
            sign_in(wire, client_id, name, PASSWORD)
        for name in still_in:
            refresh(wire, client_id, early[name]["RefreshToken"])
        for name in signed_out:
            assert refusal(refresh, wire, client_id, early[name]["RefreshToken"]) == "NotAuthorized"
        wire.close()
        log = server.log.read_text("utf-8")
    assert counted(url) == {len(early) + len(signed_up) + 1}
    assert '"event":"database"' in log
    assert '"event":"bug"' not in log
    assert PASSWORD not in log


def somebody(wire, pool_id, client_id, name):
    """The tokens of a new user."""
    user = {"UserPoolId": pool_id, "Username": name}
    wire.order("AdminCreateUser", **user, MessageAction="SUPPRESS")
    wire.order("AdminSetUserPassword", **user, Password=PASSWORD, Permanent=True)
    return sign_in(wire, client_id, name, PASSWORD)


def sign_ups(wire, client_id):
    for number in range(1_000):
        wire.ask("SignUp", ClientId=client_id, Username=f"user{number}", Password=PASSWORD)
        yield f"user{number}"


def sign_outs(wire, people):
    for name, tokens in people.items():
        wire.ask("GlobalSignOut", AccessToken=tokens["AccessToken"])
        yield name


def until_lost(deeds):
    """What was acknowledged before the first deed that was not."""
    done = []
    with pytest.raises(Lost, match="Try again"):
        done.extend(iter(deeds))
    return done


def counted(url):
    """How many users, usernames and passwords there are: one number where all is well."""
    database = connect(url)
    try:
        with database.read() as tx:
            return {tx.row(f"SELECT count(*) FROM {table}")[0] for table in ("users", "user_names", "passwords")}
    finally:
        database.close()
