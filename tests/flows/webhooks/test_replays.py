"""Events that are sent again: one, the dead, or a stretch of time."""

from tests.flows.webhooks.conftest import add, run, states, tell

from lido.flows import webhooks
from lido.flows.webhook_worker import MOST_ATTEMPTS, WebhookWorker
from lido.ports.outgoing import TooSlow


def test_a_replayed_event_has_the_same_id_and_body(house, worker, receiver, pool_id):
    added = add(house, pool_id, receiver.url)
    event_id = tell(house, pool_id)
    run(worker)
    house.clock.advance(hours=1)
    webhooks.replay_event(house.call(), added.id, event_id)
    run(worker)
    (first, content), (second, again) = receiver.received
    assert content == again
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]


def test_dead_events_come_to_life(house, posts, pool_id, monkeypatch):
    monkeypatch.setattr(webhooks, "_ROWS_AT_ONCE", 2)
    worker = WebhookWorker(house.call, posts)
    added = add(house, pool_id)
    posts.trouble = {"https://a.example/": TooSlow()}
    sent = [tell(house, pool_id) for _ in range(5)]
    for _ in range(MOST_ATTEMPTS):
        run(worker)
        house.clock.advance(hours=12)
    assert states(house, added.id) == [("dead", 10)] * 5
    posts.trouble, posts.posted = {}, []
    assert list(webhooks.replay_dead(house.call(), added.id)) == [2, 4, 5]
    run(worker)
    assert posts.ids() == sent
    assert states(house, added.id) == [("delivered", 1)] * 5


def test_a_stretch_of_time_is_sent_again_also_to_a_webhook_that_is_younger(house, posts, pool_id, monkeypatch):
    monkeypatch.setattr(webhooks, "_ROWS_AT_ONCE", 2)
    worker = WebhookWorker(house.call, posts)
    house.clock.advance(seconds=1)
    moments, ids = [], []
    for number in range(6):
        moments.append(house.clock.now())
        ids.append(tell(house, pool_id, "enabled" if number == 3 else "disabled"))
        house.clock.advance(seconds=1)
    added = add(house, pool_id, types=["disabled"])
    progress = list(webhooks.replay_between(house.call(), added.id, moments[1], moments[5]))
    run(worker)
    assert posts.ids() == [ids[1], ids[2], ids[4]]
    assert progress == [2, 3]
