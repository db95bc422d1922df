"""Pools and endpoints take turns: no crowd of events and no number of dead endpoints keeps the others waiting."""

from tests.flows.webhooks.conftest import add, run, tell

from lido.flows.webhook_worker import WebhookWorker
from lido.ports.outgoing import TooSlow
from lido.storage import outbox


def test_a_crowd_of_one_pool_holds_up_no_event_of_another(house, posts):
    worker = WebhookWorker(house.call, posts)
    crowded, quiet = sorted((house.pool(), house.pool()))
    add(house, crowded, "https://crowded.example/", types=["user.disabled"])
    add(house, quiet)
    for _ in range(520):
        tell(house, crowded)
    event_id = tell(house, quiet)
    worker.run_due()
    worker.finish()
    assert posts.ids() == [event_id]


def test_pools_are_taken_from_in_rounds_and_what_one_leaves_is_the_next_one_s(house):
    pools = sorted(house.pool() for _ in range(3))
    for pool_id, count in zip(pools, (1, 9, 9), strict=True):
        add(house, pool_id, types=["user.disabled"])
        for _ in range(count):
            tell(house, pool_id)
    with house.database.write() as tx:
        assert outbox.whose_turn(tx, after="", limit=9) == pools
        assert outbox.whose_turn(tx, after=pools[1], limit=2) == [pools[2], pools[0]]
        assert outbox.whose_turn(tx, after="z", limit=9) == pools
        taken = [event.pool_id for event in outbox.take(tx, pools, 9)]
        assert [taken.count(pool_id) for pool_id in pools] == [1, 4, 4]
        assert outbox.whose_turn(tx, after=pools[0], limit=9) == pools[1:]


def test_any_number_of_dead_endpoints_leaves_room_for_the_living(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    dead_pools = [house.pool() for _ in range(5)]
    for number in range(70):
        url, dead = f"https://dead{number}.example/", dead_pools[number % 5]
        add(house, dead, url)
        posts.trouble[url] = TooSlow()
    for dead in dead_pools:
        tell(house, dead)
    run(worker)
    house.clock.advance(seconds=0.001)
    tell(house, pool_id)
    run(worker)
    house.clock.advance(seconds=7)
    event_id = tell(house, pool_id)
    worker.run_due()
    worker.finish()
    assert posts.ids()[-1] == event_id
