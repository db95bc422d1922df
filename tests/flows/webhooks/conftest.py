"""A house with webhooks: a client that goes nowhere, a receiver that listens, and events to tell them."""

import json
from datetime import UTC, datetime

import pytest
import standardwebhooks.webhooks
from tests.receiver import Receiver

from lido.flows import events, webhooks
from lido.flows.events import Fact
from lido.flows.webhook_worker import WebhookWorker
from lido.ports.outgoing import Outgoing

SUB = "11111111-2222-4333-8444-555555555555"


class Posts:
    """An outgoing client that goes nowhere: it remembers what is posted, and answers as told."""

    def __init__(self):
        self.posted = []
        self.trouble = {}

    def post(self, url, body, headers, *, seconds, limit_bytes):
        self.posted.append((url, json.loads(body)))
        trouble = self.trouble.get(url)
        if isinstance(trouble, Exception):
            raise trouble
        return type("Answer", (), {"status": trouble or 200, "body": b""})()

    def ids(self, url="https://a.example/"):
        return [body["id"] for to, body in self.posted if to == url]


@pytest.fixture
def receiver(house, monkeypatch):
    class Now(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(house.clock.now() / 1000, tz or UTC)

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Now)
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def out():
    client = Outgoing(["127.0.0.0/8"])
    yield client
    client.close()


@pytest.fixture
def posts():
    return Posts()


@pytest.fixture
def pool_id(house):
    return house.pool()


@pytest.fixture
def outcomes():
    return []


@pytest.fixture
def worker(house, out, outcomes):
    return WebhookWorker(house.call, out, tally=outcomes.append)


def add(house, pool_id, url="https://a.example/", types=()):
    return webhooks.add(house.call(), pool_id, url, list(types))


def tell(house, pool_id, kind="disabled", sub=SUB, **fact):
    call = house.call()
    with call.db.write() as tx:
        return events.tell(call, tx, pool_id, kind, sub, Fact(**fact))


def run(worker):
    """Work until nothing is due."""
    while worker.run_due():
        worker.finish()


def states(house, webhook_id):
    found = webhooks.deliveries_of(house.call(), webhook_id, state=None, limit=500)
    return [(webhooks.STATES[each.state], each.attempts) for each in found]
