"""Events on their way to webhooks: which leave, what they say, in which order, and who signed them."""

import json

import pytest
import standardwebhooks.webhooks
from tests.flows.webhooks.conftest import SUB, add, run, states, tell

from lido.flows import webhooks
from lido.flows.webhook_worker import WebhookWorker
from lido.storage import events as told
from lido.storage import outbox


def test_an_event_leaves_signed_with_its_facts_and_nothing_else(house, worker, receiver, pool_id):
    added = add(house, pool_id, receiver.url)
    event_id = tell(house, pool_id, "signed_in", client_id="app", names=["b"], session_id="s")
    run(worker)
    [body] = receiver.verified(added.secret)
    assert body == {
        "id": event_id,
        "type": "user.signed_in",
        "timestamp": "2026-09-21T14:13:20.000Z",
        "data": {
            "pool_id": pool_id,
            "user_sub": SUB,
            "client_id": "app",
            "names": ["b"],
            "session_id": "s",
            "address": "203.0.113.7",
            "agent": "tests",
        },
    }
    headers = receiver.received[0][0]
    assert headers["webhook-id"] == event_id
    assert headers["content-type"] == "application/json"
    assert states(house, added.id) == [("delivered", 1)]


def test_a_whole_sign_up_is_told_and_no_password_address_or_code(house, worker, receiver):
    pool_id = house.pool(AutoVerifiedAttributes=["email"])
    client_id = house.app(pool_id)["ClientId"]
    add(house, pool_id, receiver.url)
    house.idp_unsigned.sign_up(
        ClientId=client_id,
        Username="alice",
        Password="Passw0rd!",
        UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
    )
    code = house.code("alice@example.com")
    run(worker)
    assert set(receiver.types) == {"user.signed_up", "user.code_sent"}
    for _, body in receiver.received:
        content = json.dumps({name: value for name, value in json.loads(body)["data"].items() if name != "pool_id"})
        assert "alice" not in content
        assert "Passw0rd" not in content
        assert f'"{code}"' not in content


def test_where_nobody_listens_nothing_is_put_out(house, pool_id):
    other = house.pool()
    add(house, other)
    tell(house, pool_id)
    with house.database.read() as tx:
        assert outbox.whose_turn(tx, limit=1) == []


def test_only_the_kinds_of_the_filter_leave(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id, types=["user.disabled", "user.deleted"])
    wanted = [tell(house, pool_id, "disabled"), tell(house, pool_id, "deleted")]
    tell(house, pool_id, "enabled")
    with house.database.write() as tx:
        assert [event.id for event in outbox.take(tx, [pool_id], 9)] == wanted
        for each in wanted:
            outbox.add(tx, told.find(tx, pool_id, each))
    run(worker)
    assert posts.ids() == wanted


def test_each_webhook_gets_what_it_listens_to(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id, types=["user.disabled"])
    add(house, pool_id, "https://b.example/")
    disabled, enabled = tell(house, pool_id, "disabled"), tell(house, pool_id, "enabled")
    run(worker)
    assert posts.ids() == [disabled]
    assert posts.ids("https://b.example/")[-2:] == [disabled, enabled]


def test_a_webhook_that_is_off_gets_nothing_new_and_keeps_what_waited(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    added = add(house, pool_id, types=["user.disabled"])
    posts.trouble = {"https://a.example/": 500}
    before = tell(house, pool_id)
    run(worker)
    webhooks.set_enabled(house.call(), added.id, enabled=False)
    tell(house, pool_id)
    posts.trouble = {}
    house.clock.advance(hours=1)
    run(worker)
    assert posts.ids() == [before]
    webhooks.set_enabled(house.call(), added.id, enabled=True)
    run(worker)
    assert posts.ids() == [before, before]


def test_events_of_a_user_arrive_in_order(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    subs = [f"{number}" for number in range(5)]
    for number in range(60):
        tell(house, pool_id, sub=subs[number % 5], names=[str(number)])
        house.clock.advance(seconds=0.001)
    run(worker)
    for sub in subs:
        names = [int(body["data"]["names"][0]) for _, body in posts.posted if body["data"]["user_sub"] == sub]
        assert names == sorted(names)
        assert len(names) == 12


def test_two_secrets_sign_for_a_while(house, worker, receiver, pool_id):
    added = add(house, pool_id, receiver.url)
    new = webhooks.rotate(house.call(), added.id, overlap_seconds=60)
    tell(house, pool_id)
    run(worker)
    assert receiver.verified(added.secret) == receiver.verified(new)
    house.clock.advance(seconds=60)
    receiver.received.clear()
    tell(house, pool_id)
    run(worker)
    assert len(receiver.verified(new)) == 1
    with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
        receiver.verified(added.secret)
