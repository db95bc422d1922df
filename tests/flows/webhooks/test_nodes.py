"""Several nodes, and one that dies, is late, stops, or has its clock set back."""

from tests.flows.webhooks.conftest import add, run, states, tell

from lido.flows import webhooks
from lido.flows.webhook_worker import WebhookWorker
from lido.storage import deliveries as stored


def test_two_nodes_do_the_work_once(house, posts, pool_id):
    nodes = [WebhookWorker(house.call, posts) for _ in range(2)]
    add(house, pool_id)
    sent = [tell(house, pool_id, sub=str(number)) for number in range(100)]
    for _ in range(4):
        for node in nodes:
            node.run_due()
    for node in nodes:
        node.finish()
        run(node)
    assert sorted(posts.ids()) == sent


def test_the_work_of_a_node_that_died_is_done_by_another_with_the_same_id(house, posts, pool_id):
    class Killed(BaseException):
        pass

    posts.trouble = {"https://a.example/": None}
    add(house, pool_id)
    event_id = tell(house, pool_id)
    dying = WebhookWorker(house.call, posts)
    dying._settle = _die(Killed)
    dying.run_due()
    dying.finish()
    survivor = WebhookWorker(house.call, posts)
    run(survivor)
    assert posts.ids() == [event_id]
    house.clock.advance(seconds=30)
    run(survivor)
    assert posts.ids() == [event_id, event_id]
    house.clock.advance(seconds=60)
    run(survivor)
    assert len(posts.posted) == 2


def _die(death):
    def settle(*_):
        raise death

    return settle


def test_a_late_node_does_not_undo_what_another_settled(house, posts, pool_id):
    added = add(house, pool_id)
    tell(house, pool_id)
    worker = WebhookWorker(house.call, posts)
    posts.trouble = {"https://a.example/": 500}
    run(worker)
    [seen] = webhooks.deliveries_of(house.call(), added.id, state=None, limit=9)
    posts.trouble = {}
    house.clock.advance(minutes=1)
    run(worker)
    with house.database.write() as tx:
        assert not stored.mark_failed(tx, seen, next_at=0, error="late")
        assert not stored.mark_dead(tx, seen, 0, "late")
    assert states(house, added.id) == [("delivered", 2)]


def test_a_clock_that_is_set_back_stops_no_webhook(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    first = tell(house, pool_id)
    run(worker)
    house.clock.advance(hours=-2)
    second = tell(house, pool_id)
    run(worker)
    assert posts.ids() == [first, second]


def test_a_stopped_worker_begins_nothing(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    tell(house, pool_id)
    worker.stop()
    run(worker)
    assert posts.posted == []
