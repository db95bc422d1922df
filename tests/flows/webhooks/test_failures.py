"""A try that fails: how often and when the next one comes, what shares it, and whom it holds up."""

import threading

import msgspec
import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tests.flows.webhooks.conftest import add, run, states, tell

from lido.flows import webhooks
from lido.flows.webhook_worker import MOST_ATTEMPTS, WebhookWorker
from lido.ports.outgoing import Outgoing, TooSlow, Unreachable
from lido.rules.sealing import KeyRing


def test_a_failed_event_is_tried_again_ever_more_patiently_with_the_same_id_until_it_is_dead(
    house, worker, receiver, outcomes, pool_id
):
    added = add(house, pool_id, receiver.url)
    receiver.status = 500
    event_id = tell(house, pool_id)
    pauses = []
    for _ in range(MOST_ATTEMPTS - 1):
        run(worker)
        [waits] = webhooks.deliveries_of(house.call(), added.id, state="waiting", limit=9)
        assert waits.last_error == "HTTP 500"
        pauses.append((waits.next_at - house.clock.now()) / 1000)
        house.clock.advance(seconds=pauses[-1] - 0.001)
        assert worker.run_due() == 0
        house.clock.advance(seconds=0.001)
    run(worker)
    expected = [5, 15, 45, 135, 405, 1215, 3645, 10935, 28800]
    assert all(least <= pause <= least * 1.25 for least, pause in zip(expected, pauses, strict=True))
    assert states(house, added.id) == [("dead", 10)]
    assert {headers["webhook-id"] for headers, _ in receiver.received} == {event_id}
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.received}) == 10
    assert outcomes == ["failed"] * 9 + ["dead"]
    house.clock.advance(days=2)
    run(worker)
    assert len(receiver.received) == 10


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_success(house, worker, receiver, pool_id, status):
    added = add(house, pool_id, receiver.url)
    receiver.status = status
    tell(house, pool_id)
    run(worker)
    assert states(house, added.id) == [("delivered", 1)]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_everything_else_is_a_failure_and_no_redirect_is_followed(house, worker, receiver, pool_id, status):
    added = add(house, pool_id, receiver.url)
    receiver.status = status
    receiver.headers = {"location": receiver.url + "/elsewhere"}
    tell(house, pool_id)
    run(worker)
    assert states(house, added.id) == [("waiting", 1)]
    assert len(receiver.received) == 1


def test_an_endpoint_that_is_gone_is_switched_off(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    added = add(house, pool_id)
    posts.trouble = {"https://a.example/": 410}
    first = tell(house, pool_id)
    tell(house, pool_id)
    run(worker)
    assert posts.ids() == [first]
    assert sorted(states(house, added.id)) == [("waiting", 0), ("waiting", 1)]
    webhook = webhooks.require(house.call(), added.id)
    assert (webhook.enabled, webhook.trouble) == (False, "HTTP 410")
    house.clock.advance(days=1)
    run(worker)
    posts.trouble = {}
    webhooks.set_enabled(house.call(), added.id, enabled=True)
    assert webhooks.require(house.call(), added.id).trouble is None
    run(worker)
    assert {state for state, _ in states(house, added.id)} == {"delivered"}


@pytest.mark.parametrize(("trouble", "asked"), [(Unreachable("NewConnectionError"), 2), (TooSlow(), 1), (503, 2)])
def test_what_was_to_follow_shares_the_failure_of_a_silent_endpoint(house, posts, pool_id, trouble, asked):
    worker = WebhookWorker(house.call, posts)
    added = add(house, pool_id)
    posts.trouble = {"https://a.example/": trouble}
    for _ in range(50):
        tell(house, pool_id)
    run(worker)
    assert len(posts.posted) == asked
    assert states(house, added.id) == [("waiting", 1)] * 50


@pytest.mark.parametrize("trouble", [Unreachable("ProtocolError"), 502])
def test_events_that_a_receiver_never_takes_do_not_keep_others_from_it(house, posts, pool_id, trouble):
    worker = WebhookWorker(house.call, posts)
    added = add(house, pool_id)
    post = posts.post

    def post_unless_poisoned(url, body, headers, **named):
        posts.trouble[url] = trouble if b"<script>" in body else None
        return post(url, body, headers, **named)

    posts.post = post_unless_poisoned
    poisoned = {tell(house, pool_id, sub=f"eve{number}", reason="<script>") for number in range(10)}
    others = {tell(house, pool_id, sub=f"user{number}") for number in range(40)}
    for _ in range(8):
        run(worker)
        house.clock.advance(hours=10)
    found = webhooks.deliveries_of(house.call(), added.id, state="delivered", limit=500)
    assert others <= {each.event_id for each in found}
    assert not poisoned & {each.event_id for each in found}


def test_dead_endpoints_starve_nobody(house, posts, pool_id):
    worker, dead_pools = WebhookWorker(house.call, posts), [house.pool(), house.pool()]
    for number in range(40):
        url, dead = f"https://dead{number}.example/", dead_pools[number % 2]
        add(house, dead, url)
        posts.trouble[url] = TooSlow()
        tell(house, dead)
    run(worker)
    house.clock.advance(seconds=7)
    add(house, pool_id)
    event_id = tell(house, pool_id)
    worker.run_due()
    assert len(worker.in_hand) <= 17
    worker.finish()
    assert posts.ids() == [event_id]


def test_what_a_slow_endpoint_leaves_of_a_turn_waits_for_the_next(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    added = add(house, pool_id)
    for _ in range(5):
        tell(house, pool_id)
    post = posts.post

    def slowly(*arguments, **named):
        house.clock.advance(seconds=6)
        return post(*arguments, **named)

    posts.post = slowly
    worker.run_due()
    worker.finish()
    assert sorted(states(house, added.id)) == [("delivered", 1)] * 2 + [("waiting", 0)] * 3
    run(worker)
    assert states(house, added.id) == [("delivered", 1)] * 5


def test_a_private_destination_is_refused_unless_it_is_allowed(house, receiver, pool_id):
    careful = Outgoing()
    worker = WebhookWorker(house.call, careful)
    added = add(house, pool_id, receiver.url)
    tell(house, pool_id)
    run(worker)
    [waits] = webhooks.deliveries_of(house.call(), added.id, state="waiting", limit=9)
    assert waits.last_error == "refused: the destination is private"
    assert receiver.received == []
    careful.close()


def test_an_answer_without_end_is_a_failure(house, worker, receiver, pool_id):
    added = add(house, pool_id, receiver.url)
    receiver.status, receiver.content = 200, bytes(200_000)
    tell(house, pool_id)
    run(worker)
    [waits] = webhooks.deliveries_of(house.call(), added.id, state="waiting", limit=9)
    assert waits.last_error == "the answer is too large"


def test_the_log_tells_of_a_failure_and_neither_address_nor_what_was_said(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id, "https://a.example/hooks?token=geheim")
    posts.trouble = {"https://a.example/hooks?token=geheim": 500}
    tell(house, pool_id, names=["quiet"])
    with capture_logs() as logs:
        run(worker)
    [line] = logs
    assert (line["event"], line["reason"], line["events"]) == ("webhook not delivered", "HTTP 500", 1)
    assert "geheim" not in str(line)
    assert "quiet" not in str(line)


def test_operators_see_how_deliveries_fare(house, posts, pool_id):
    metrics = house.lido.metrics
    worker = WebhookWorker(house.call, posts, tally=metrics.count_delivery)
    add(house, pool_id)
    tell(house, pool_id)
    run(worker)
    posts.trouble = {"https://a.example/": 500}
    tell(house, pool_id)
    run(worker)
    told_ = generate_latest(metrics.registry).decode()
    assert 'lido_webhook_tries_total{outcome="delivered"} 1.0' in told_
    assert 'lido_webhook_tries_total{outcome="failed"} 1.0' in told_
    assert 'lido_webhook_deliveries{state="waiting"} 1.0' in told_
    assert 'lido_webhook_deliveries{state="dead"} 0.0' in told_


def test_without_its_master_key_a_webhook_waits(house, posts, pool_id):
    added = add(house, pool_id)
    tell(house, pool_id)
    other = KeyRing([b"\x01" * 32], house.entropy.bytes)
    run(WebhookWorker(lambda: msgspec.structs.replace(house.call(), keys=other), posts))
    [waits] = webhooks.deliveries_of(house.call(), added.id, state="waiting", limit=9)
    assert waits.last_error == "its master key is missing"
    assert posts.posted == []


def test_a_bug_in_one_delivery_holds_up_no_other(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    broken, whole = tell(house, pool_id), tell(house, pool_id)
    post = posts.post

    def breaking(url, body, headers, **named):
        if broken in body.decode():
            raise KeyError("surprise")
        return post(url, body, headers, **named)

    posts.post = breaking
    run(worker)
    assert posts.ids() == [whole]


def test_an_endpoint_that_never_answers_is_given_up_in_time(house, worker, receiver, pool_id, monkeypatch):
    monkeypatch.setattr(webhooks, "POST_SECONDS", 0.2)
    over = threading.Event()
    receiver.answer = lambda _: over.wait(30) and 200
    added = add(house, pool_id, receiver.url)
    tell(house, pool_id)
    run(worker)
    over.set()
    [waits] = webhooks.deliveries_of(house.call(), added.id, state="waiting", limit=9)
    assert waits.last_error == "no answer in time"
