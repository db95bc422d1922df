"""Webhooks from the shell: added, tried, switched, rotated, looked at, sent again."""

import json

import pytest
from standardwebhooks import Webhook
from tests.receiver import LOOPBACK, Receiver

from lido.flows import events
from lido.flows.webhook_worker import MOST_ATTEMPTS, WebhookWorker
from lido.ports.outgoing import Outgoing


@pytest.fixture(autouse=True)
def loopback_allowed(tmp_path, monkeypatch):
    """Commands run in the test's folder, where a file of settings lies."""
    (tmp_path / "lido.toml").write_text(f'private_destinations = ["{LOOPBACK["private_destinations"]}"]\n')
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def pool(shell):
    return shell.house.pool()


@pytest.fixture
def deliver(shell):
    """Runs what the server would in the background, by a clock that is ahead of the commands'."""
    shell.house.clock.advance(hours=1)
    out = Outgoing(["127.0.0.0/8"])
    worker = WebhookWorker(shell.house.call, out)

    def run():
        while worker.run_due():
            worker.finish()

    yield run
    out.close()


def added(shell, pool, receiver, *arguments):
    made = json.loads(shell.prints("webhooks", "add", "--pool", pool, "--url", receiver.url, *arguments, "--json"))
    return made["id"], made["secret"]


def tell(shell, pool, kind="disabled"):
    call = shell.house.call()
    with call.db.write() as tx:
        return events.tell(call, tx, pool, kind, "sub")


def test_a_webhook_is_added_listed_and_removed(shell, pool, receiver):
    printed = shell.prints(
        "webhooks", "add", "--pool", pool, "--url", receiver.url, "--kinds", "user.deleted, disabled"
    )
    webhook_id, secret = printed.split()[1], printed.split()[3]
    assert webhook_id.startswith("wh_")
    assert secret.startswith("whsec_")
    [listed] = json.loads(shell.prints("webhooks", "list", "--json"))
    assert listed.pop("created_at").endswith("Z")
    assert listed == {
        "id": webhook_id,
        "pool_id": pool,
        "url": receiver.url,
        "enabled": True,
        "trouble": None,
        "types": ["user.deleted", "user.disabled"],
    }
    assert secret not in shell.prints("webhooks", "list", "--pool", pool)
    shell.prints("webhooks", "remove", webhook_id)
    assert json.loads(shell.prints("webhooks", "list", "--json")) == []
    assert "There is no webhook" in shell.refuses("webhooks", "remove", webhook_id)


def test_what_cannot_be_a_webhook_is_refused_in_one_sentence(shell, pool, receiver):
    assert "address" in shell.refuses("webhooks", "add", "--pool", pool, "--url", "ftp://a.example")
    unknown = shell.refuses("webhooks", "add", "--pool", pool, "--url", receiver.url, "--kinds", "user.flew")
    assert "user.signed_up" in unknown
    assert "does not exist" in shell.refuses("webhooks", "add", "--pool", "us-east-1_a", "--url", receiver.url)


def test_a_test_event_is_posted_at_once_and_verifies(shell, pool, receiver):
    webhook_id, secret = added(shell, pool, receiver)
    receiver.status, receiver.content = 200, b"thanks\n\x1b[31mred"
    printed = shell.prints("webhooks", "test", webhook_id)
    assert "lido webhooks test" in shell.prints("audit", "list")
    assert printed.splitlines()[0] == "HTTP 200"
    assert "thanks" in printed
    assert "\x1b" not in printed
    [(headers, body)] = receiver.received
    told = Webhook(secret).verify(body, headers)
    assert told["type"] == "webhook.test"
    assert told["data"] == {"pool_id": pool, "webhook_id": webhook_id}


def test_a_test_that_fails_says_why(shell, pool, receiver):
    webhook_id, _ = added(shell, pool, receiver)
    receiver.status = 404
    assert "2xx" in shell.refuses("webhooks", "test", webhook_id)
    receiver.__exit__()
    assert "No answer: unreachable" in shell.refuses("webhooks", "test", webhook_id)
    (shell.folder.parent / "lido.toml").unlink()
    assert "the destination is private" in shell.refuses("webhooks", "test", webhook_id)


def test_a_rotated_secret_signs_beside_the_former(shell, pool, receiver):
    webhook_id, former = added(shell, pool, receiver)
    secret = shell.prints("webhooks", "rotate", webhook_id).split()[1]
    shell.prints("webhooks", "test", webhook_id)
    [(headers, body)] = receiver.received
    for each in (former, secret):
        Webhook(each).verify(body, headers)
    newest = shell.prints("webhooks", "rotate", webhook_id, "--overlap-hours", "0").split()[1]
    shell.prints("webhooks", "test", webhook_id)
    headers, body = receiver.received[-1]
    Webhook(newest).verify(body, headers)
    assert headers["webhook-signature"].count("v1,") == 1


def test_a_webhook_is_switched_off_and_on(shell, pool, receiver, deliver):
    webhook_id, _ = added(shell, pool, receiver)
    shell.prints("webhooks", "disable", webhook_id)
    assert "off (by an operator)" in shell.prints("webhooks", "list")
    tell(shell, pool)
    deliver()
    assert receiver.received == []
    shell.prints("webhooks", "enable", webhook_id)
    assert "on" in shell.prints("webhooks", "list")
    event_id = tell(shell, pool)
    deliver()
    assert event_id in receiver.ids


def test_deliveries_are_listed_and_dead_ones_sent_again(shell, pool, receiver, deliver):
    webhook_id, _ = added(shell, pool, receiver)
    receiver.status = 500
    event_id = tell(shell, pool)
    for _ in range(MOST_ATTEMPTS):
        deliver()
        shell.house.clock.advance(hours=12)
    [dead] = json.loads(shell.prints("webhooks", "deliveries", webhook_id, "--state", "dead", "--json"))
    assert (dead["event_id"], dead["type"], dead["state"], dead["attempts"], dead["last_error"]) == (
        event_id,
        "user.disabled",
        "dead",
        10,
        "HTTP 500",
    )
    assert dead["body"]["id"] == event_id
    assert "dead, 10 tries  HTTP 500" in shell.prints("webhooks", "deliveries", webhook_id)
    receiver.status = 200
    assert "1 events are on their way" in shell.prints("webhooks", "replay", webhook_id, "--dead")
    deliver()
    assert receiver.ids == [event_id]
    assert json.loads(shell.prints("webhooks", "deliveries", webhook_id, "--state", "dead", "--json")) == []


def test_one_event_or_those_of_a_time_are_sent_again(shell, pool, receiver, deliver):
    webhook_id, _ = added(shell, pool, receiver, "--kinds", "user.disabled")
    sent = [tell(shell, pool) for _ in range(3)]
    deliver()
    shell.prints("webhooks", "replay", webhook_id, "--event", sent[1])
    deliver()
    assert receiver.ids == [*sent, sent[1]]
    shell.prints("webhooks", "replay", webhook_id, "--since", "2020-01-01", "--until", "2999-01-01T00:00Z")
    deliver()
    assert sorted(receiver.ids) == sorted([*sent, sent[1], *sent])
    assert "There is no event" in shell.refuses("webhooks", "replay", webhook_id, "--event", "x")


@pytest.mark.parametrize("arguments", [(), ("--dead", "--event", "x"), ("--until", "2020-01-01"), ("--since", "soon")])
def test_a_replay_without_sense_is_a_wrong_command(shell, arguments):
    assert shell("webhooks", "replay", "wh_x", *arguments).exit_code == 2
