"""What is left of a webhook, of its deliveries and of its pool when they end."""

from tests.flows.webhooks.conftest import add, run, states, tell

from lido.flows import webhooks
from lido.flows.chores import Chores, table
from lido.flows.webhook_worker import WebhookWorker
from lido.storage import deliveries as stored


def test_a_removed_webhook_leaves_nothing(house, posts, pool_id, monkeypatch):
    monkeypatch.setattr(webhooks, "_ROWS_AT_ONCE", 2)
    worker = WebhookWorker(house.call, posts)
    added = add(house, pool_id)
    posts.trouble = {"https://a.example/": 500}
    for _ in range(5):
        tell(house, pool_id)
    run(worker)
    webhooks.remove(house.call(), added.id)
    with house.database.read() as tx:
        assert stored.count(tx, stored.WAITING) == 0
    assert webhooks.every(house.call()) == []


def test_what_is_settled_is_forgotten_after_its_days_and_what_waits_is_not(house, posts, pool_id):
    chores = Chores(
        house.call, table(event_retention_days=90, message_retention_days=7, delivery_retention_days=3), holder="here"
    )
    worker = WebhookWorker(house.call, posts)
    kept, off = add(house, pool_id), add(house, pool_id, "https://off.example/", types=["disabled"])
    tell(house, pool_id)
    run(worker)
    posts.trouble = {"https://a.example/": 500, "https://off.example/": 500}
    tell(house, pool_id)
    run(worker)
    webhooks.set_enabled(house.call(), off.id, enabled=False)
    house.clock.advance(days=4)
    chores.run_due()
    assert states(house, kept.id)[-1] == ("waiting", 1)
    assert ("delivered", 1) not in states(house, kept.id)
    assert states(house, off.id) == []


def test_the_end_of_a_pool_is_told(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    house.idp.delete_user_pool(UserPoolId=pool_id)
    run(worker)
    assert posts.posted[-1][1]["type"] == "pool.deleted"


def test_the_end_of_a_pool_is_told_though_it_is_to_be_emptied_meanwhile(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    chores = Chores(house.call, table(event_retention_days=90, message_retention_days=7), holder="here")
    add(house, pool_id)
    house.idp.delete_user_pool(UserPoolId=pool_id)
    chores.run_due()
    posts.trouble = {"https://a.example/": 500}
    run(worker)
    house.clock.advance(hours=1)
    chores.run_due()
    posts.trouble = {}
    run(worker)
    assert posts.posted[-1][1]["type"] == "pool.deleted"
    assert len(webhooks.every(house.call())) == 1
    house.clock.advance(hours=1)
    chores.run_due()
    assert webhooks.every(house.call()) == []


def test_a_pool_whose_end_nobody_hears_is_emptied_after_a_day(house, pool_id):
    chores = Chores(house.call, table(event_retention_days=90, message_retention_days=7), holder="here")
    add(house, pool_id)
    house.idp.delete_user_pool(UserPoolId=pool_id)
    house.clock.advance(hours=25)
    chores.run_due()
    assert webhooks.every(house.call()) == []


def test_an_emptied_pool_leaves_no_webhook_behind(house, posts, pool_id):
    chores = Chores(house.call, table(event_retention_days=90, message_retention_days=7), holder="here")
    add(house, pool_id)
    tell(house, pool_id)
    run(WebhookWorker(house.call, posts))
    house.idp.delete_user_pool(UserPoolId=pool_id)
    house.clock.advance(days=2)
    chores.run_due()
    assert webhooks.every(house.call()) == []
    with house.database.read() as tx:
        assert stored.count(tx, stored.DELIVERED) == 0
