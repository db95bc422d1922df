"""`kill -9` under load, at random moments: what was acknowledged is true, nothing is true twice or half done."""

import json
import os
import random
import threading

import psycopg
import pytest
from tests.faults.load import Crowd
from tests.faults.wire import BUSY, ROOT, Wire
from tests.server import Server

from lido.storage.database import connect

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("LIDO_TEST_KILLS", "3"))
SEED = int(os.environ.get("LIDO_TEST_SEED", "20240229"))
LONGEST_LIFE_SECONDS = 1.5

NOTHING_HALF = {
    "users without a password": """SELECT count(*) FROM users u LEFT JOIN passwords w
        ON w.pool_id = u.pool_id AND w.sub = u.sub WHERE w.sub IS NULL""",
    "users without a name": """SELECT count(*) FROM users u LEFT JOIN user_names n
        ON n.pool_id = u.pool_id AND n.sub = u.sub WHERE n.sub IS NULL""",
    "users without a message": """SELECT count(*) FROM users u LEFT JOIN messages m
        ON m.pool_id = u.pool_id AND m.sub = u.sub WHERE m.sub IS NULL""",
    "users of whom nothing was told": """SELECT count(*) FROM users u LEFT JOIN events e
        ON e.pool_id = u.pool_id AND e.sub = u.sub AND e.kind = 'signed_up' WHERE e.sub IS NULL""",
    "unconfirmed users without a code": """SELECT count(*) FROM users u LEFT JOIN codes c
        ON c.pool_id = u.pool_id AND c.sub = u.sub WHERE u.status = 1 AND c.sub IS NULL""",
    "confirmed users with a code": """SELECT count(*) FROM users u JOIN codes c
        ON c.pool_id = u.pool_id AND c.sub = u.sub WHERE u.status = 2""",
    "names without a user": """SELECT count(*) FROM user_names n LEFT JOIN users u
        ON u.pool_id = n.pool_id AND u.sub = n.sub WHERE u.sub IS NULL""",
    "passwords without a user": """SELECT count(*) FROM passwords w LEFT JOIN users u
        ON u.pool_id = w.pool_id AND u.sub = w.sub WHERE u.sub IS NULL""",
    "sessions without a user": """SELECT count(*) FROM sessions s LEFT JOIN users u
        ON u.pool_id = s.pool_id AND u.sub = s.sub WHERE u.sub IS NULL""",
    "sessions without their event": """SELECT count(*) FROM sessions s LEFT JOIN events e
        ON e.pool_id = s.pool_id AND e.id = s.event_id WHERE e.id IS NULL""",
    "sign-ins without their session": """SELECT (SELECT count(*) FROM events WHERE kind = 'signed_in')
        - (SELECT count(*) FROM sessions)""",
}


def codes(server):
    """What everybody was sent, by address."""
    return {message["to"]: message["code"] for message in json.loads(server.lido("outbox", "--json"))}


def require_whole(url):
    """No transaction left half of what it wrote."""
    database = connect(url, connections=2)
    try:
        with database.read() as tx:
            found = {what: tx.row(sql)[0] for what, sql in NOTHING_HALF.items()}
    finally:
        database.close()
    assert not {what: count for what, count in found.items() if count}


def test_what_was_acknowledged_outlives_every_kill(url, tmp_path, capsys):
    chance, moment = random.Random(SEED), threading.Event()
    with Server(tmp_path / "data", url, **ROOT, **BUSY) as server:
        wire = Wire(server)
        with Crowd(wire, SEED) as crowd:
            moment.wait(0.5)
            for _ in range(KILLS):
                moment.wait(chance.uniform(0.02, LONGEST_LIFE_SECONDS))
                crowd.up.clear()
                server.kill()
                require_whole(url)
                server.start()
                crowd.up.set()
            crowd.finish()
        crowd.check(codes(server))
        wire.close()
        require_whole(url)
        assert '"event":"bug"' not in server.log.read_text("utf-8")
    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: {KILLS} kills, {dict(crowd.figures)}")


def test_what_was_acknowledged_outlives_the_loss_of_every_connection(postgresql, tmp_path, capsys):
    chance, moment = random.Random(SEED), threading.Event()
    terminate = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    with (
        Server(tmp_path / "data", postgresql, **ROOT, **BUSY) as server,
        psycopg.connect(postgresql, autocommit=True) as axe,
    ):
        wire = Wire(server)
        with Crowd(wire, SEED) as crowd:
            moment.wait(0.5)
            cut = 0
            for _ in range(KILLS):
                moment.wait(chance.uniform(0.02, LONGEST_LIFE_SECONDS))
                cut += axe.execute(terminate).fetchone()[0]
            moment.wait(0.5)
            crowd.finish()
        crowd.check(codes(server))
        wire.close()
        require_whole(postgresql)
        assert '"event":"bug"' not in server.log.read_text("utf-8")
    assert cut
    with capsys.disabled():
        print(f"\npostgresql: {KILLS} times all connections ({cut}), {dict(crowd.figures)}")
