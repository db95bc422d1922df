"""`kill -9` while operators act and users sign up: no act acknowledged lacks its entry, no event its record."""

import json
import os
import random
import threading
from base64 import b64encode

import pytest
from tests.faults.wire import BUSY, ROOT, Lost, Refused, Wire, make_app, make_pool
from tests.server import Server
from tests.world import World

from lido.flows import audit_chain, audit_reading
from lido.flows.log_worker import LogWorker
from lido.ports.clock import SystemClock
from lido.ports.log_sinks import FileSink
from lido.storage.database import connect

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("LIDO_TEST_KILLS", "3"))
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:people"
LOGS = {"LogLevel": "INFO", "EventSource": "userAuthEvents", "CloudWatchLogsConfiguration": {"LogGroupArn": GROUP}}


class Busy:
    """Two threads, one of operators and one of users, and what was acknowledged to them."""

    def __init__(self, wire, pool_id, client_id):
        self._wire, self._pool_id, self._client_id = wire, pool_id, client_id
        self.up, self._done = threading.Event(), threading.Event()
        self.groups, self.subs = [], []
        self._threads = [threading.Thread(target=each) for each in (self._act, self._sign_up)]

    def __enter__(self):
        self.up.set()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self.up.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, deed):
        number = 0
        while not self._done.is_set():
            self.up.wait()
            number += 1
            try:
                deed(number)
            except (Lost, Refused):
                self._done.wait(0.05)

    def _act(self):
        def make_group(number):
            self._wire.order("CreateGroup", UserPoolId=self._pool_id, GroupName=f"group-{number}")
            self.groups.append(f"group-{number}")

        self._repeat(make_group)

    def _sign_up(self):
        def sign_up(number):
            given = [{"Name": "email", "Value": f"user{number}@example.com"}]
            answer = self._wire.ask(
                "SignUp",
                ClientId=self._client_id,
                Username=f"user-{number}",
                Password="Passw0rd!",
                UserAttributes=given,
            )
            self.subs.append(answer["UserSub"])

        self._repeat(sign_up)


def test_no_acknowledged_act_lacks_its_entry_and_no_event_its_record(url, tmp_path, capsys):
    chance, moment, path = random.Random(20240229), threading.Event(), tmp_path / "records"
    settings = {**ROOT, **BUSY, "master_key": b64encode(bytes(32)).decode(), "log_delivery_file": path}
    with Server(tmp_path / "data", url, **settings) as server:
        wire = Wire(server)
        pool_id = make_pool(wire)
        client_id = make_app(wire, pool_id)
        wire.order("SetLogDeliveryConfiguration", UserPoolId=pool_id, LogConfigurations=[LOGS])
        moment.wait(1.1)
        with Busy(wire, pool_id, client_id) as busy:
            for _ in range(KILLS):
                moment.wait(chance.uniform(0.3, 1.5))
                busy.up.clear()
                server.kill()
                server.start()
                busy.up.set()
            moment.wait(0.5)
        wire.close()

    database = connect(url, connections=2)
    world = World(database)
    try:
        require_records(world, database, path, busy)
        require_entries(world, busy)
    finally:
        world.close()
        database.close()
    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: {KILLS} kills, {len(busy.groups)} acts, {len(busy.subs)} sign-ups")


def require_records(world, database, path, busy):
    # What was in flight at a kill comes again when its lease is over.
    world.clock.advance(seconds=(SystemClock().now() - world.clock.now()) / 1000 + 120)
    worker = LogWorker(world.call, {}, FileSink(path))
    while worker.run_due():
        """A batch of those that wait."""
    messages = [json.loads(line)["message"] for line in path.read_text().splitlines()]
    with database.read() as tx:
        events = {row[0] for row in tx.rows("SELECT id FROM events WHERE kind = 'signed_up'")}
        assert tx.row("SELECT count(*) FROM log_records") == (0,)
    assert events <= {message["eventId"] for message in messages}
    assert busy.subs
    assert set(busy.subs) <= {message["userSub"] for message in messages}


def require_entries(world, busy):
    entries = audit_reading.every(world.call(), pool_id=None, since_at=0)
    entered = {
        entry.body["named"]["GroupName"]
        for entry in entries
        if (entry.operation, entry.body["outcome"]) == ("CreateGroup", "success")
    }
    assert busy.groups
    assert set(busy.groups) <= entered
    assert audit_chain.verify(world.call()) is None
