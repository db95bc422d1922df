"""`kill -9` while events leave as webhooks: each that was committed arrives, once or more, with its id."""

import base64
import json
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.faults.wire import BUSY, ROOT, Lost, Wire, make_pool
from tests.receiver import LOOPBACK, Receiver
from tests.server import Server

from lido.storage.database import connect

pytestmark = pytest.mark.slow

EVENTS = int(os.environ.get("LIDO_TEST_EVENTS", "1000"))
KILLS = int(os.environ.get("LIDO_TEST_KILLS", "3"))
SEED = int(os.environ.get("LIDO_TEST_SEED", "20240229"))
THREADS = 8
# Whoever was killed holds a lease on the webhook for half a minute, and a try may fail while nobody listens.
ARRIVES_WITHIN_SECONDS = 90


class Load:
    """Switches users off and on from several threads until so many answers came; `up` is set while somebody listens."""

    def __init__(self, wire, events):
        self.wire = wire
        self.pool_id = make_pool(wire)
        self.up = threading.Event()
        self.up.set()
        self._left = events
        self._told = threading.Condition()

    def wait_for(self, left):
        """Wait until so many are left to be begun."""
        with self._told:
            assert self._told.wait_for(lambda: self._left <= left, 300)

    def run(self):
        for number in range(THREADS):
            self.wire.order("AdminCreateUser", UserPoolId=self.pool_id, Username=f"u{number}", MessageAction="SUPPRESS")
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(self._switch, range(THREADS)))

    def _switch(self, number):
        on = False
        while self._takes_one():
            name = "AdminEnableUser" if on else "AdminDisableUser"
            while True:
                self.up.wait(60)
                try:
                    self.wire.order(name, UserPoolId=self.pool_id, Username=f"u{number}")
                    break
                except Lost:
                    continue
            on = not on

    def _takes_one(self):
        with self._told:
            self._left -= 1
            self._told.notify_all()
            return self._left >= 0


def told(url, pool_id):
    """The ids of what was committed, by an eye that is not the server's."""
    database = connect(url, connections=2)
    try:
        with database.read() as tx:
            sql = "SELECT id FROM events WHERE pool_id = :pool_id AND kind IN ('enabled', 'disabled')"
            return {row[0] for row in tx.rows(sql, pool_id=pool_id)}
    finally:
        database.close()


def listen(server, pool_id, receiver):
    arguments = ("--pool", pool_id, "--url", receiver.url, "--kinds", "user.enabled,user.disabled", "--json")
    return json.loads(server.lido("webhooks", "add", *arguments))["secret"]


def require_all(url, pool_id, receiver, secret):
    committed = told(url, pool_id)
    began = time.monotonic()
    receiver.wait_for(lambda: committed <= set(receiver.ids), ARRIVES_WITHIN_SECONDS)
    assert set(receiver.ids) == committed
    assert {body["id"] for body in receiver.verified(secret)} == committed
    repeated = sum(times - 1 for times in Counter(receiver.ids).values())
    return {"committed": len(committed), "repeated": repeated, "last after s": round(time.monotonic() - began, 1)}


def test_every_committed_event_arrives_whatever_is_killed(url, tmp_path, capsys):
    chance = random.Random(SEED)
    with Receiver() as receiver, Server(tmp_path / "data", url, **ROOT, **LOOPBACK, **BUSY) as server:
        wire = Wire(server)
        load = Load(wire, EVENTS)
        secret = listen(server, load.pool_id, receiver)
        began = time.monotonic()
        thread = threading.Thread(target=load.run)
        thread.start()
        for number in range(KILLS):
            # At random moments, each in its share of the load.
            load.wait_for(EVENTS - (number + chance.uniform(0.2, 0.8)) * EVENTS / KILLS)
            load.up.clear()
            server.kill()
            server.start()
            load.up.set()
        thread.join()
        seconds = time.monotonic() - began
        figures = require_all(url, load.pool_id, receiver, secret)
        wire.close()
        assert '"event":"bug"' not in server.log.read_text("utf-8")
    assert figures["committed"] >= EVENTS
    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: {KILLS} kills in {seconds:.0f} s, {figures}")


def test_what_a_killed_node_left_behind_leaves_from_another(postgresql, tmp_path):
    shared = {"master_key": base64.b64encode(bytes(range(32))).decode(), **ROOT, **LOOPBACK, **BUSY}
    with Receiver() as receiver, Server(tmp_path / "a", postgresql, **shared) as a:
        wire = Wire(a)
        load = Load(wire, 100)
        with Server(tmp_path / "b", postgresql, **shared):
            secret = listen(a, load.pool_id, receiver)
            load.run()
            a.kill()
            figures = require_all(postgresql, load.pool_id, receiver, secret)
        wire.close()
    assert figures["committed"] == 100
