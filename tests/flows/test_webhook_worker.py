"""Events on their way to webhooks: what leaves, how often, in which order, and what becomes of it."""

import itertools
import json
import threading
from datetime import UTC, datetime

import msgspec
import pytest
import standardwebhooks.webhooks
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tests.receiver import Receiver

from lido.flows import events, webhooks
from lido.flows.chores import Chores, table
from lido.flows.events import Fact
from lido.flows.webhook_worker import MOST_ATTEMPTS, WebhookWorker
from lido.ports.outgoing import Outgoing, TooSlow, Unreachable
from lido.rules.sealing import KeyRing
from lido.storage import deliveries as stored
from lido.storage import events as told
from lido.storage import outbox

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
        assert not outbox.any_waiting(tx)


def test_only_the_kinds_of_the_filter_leave(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id, types=["user.disabled", "user.deleted"])
    wanted = [tell(house, pool_id, "disabled"), tell(house, pool_id, "deleted")]
    tell(house, pool_id, "enabled")
    with house.database.write() as tx:
        assert [event.id for event in outbox.take(tx, 9)] == wanted
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
    assert len(worker._in_hand) <= 17
    worker.finish()
    assert posts.ids() == [event_id]


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


def test_a_pool_has_a_bounded_number_of_webhooks(house, pool_id):
    for number in range(webhooks.MOST_OF_A_POOL):
        add(house, pool_id, f"https://{number}.example/")
    with pytest.raises(ValueError, match="at most 20"):
        add(house, pool_id)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://user@a.example/",
        "https:///x",
        "javascript:1",
        "https://a b/",
        f"https://a.example/{'x' * 2048}",
    ],
)
def test_what_is_no_address_is_refused(house, pool_id, url):
    with pytest.raises(ValueError, match="address"):
        add(house, pool_id, url)


def test_an_unknown_kind_is_refused_with_those_there_are(house, pool_id):
    with pytest.raises(ValueError, match=r"user\.signed_up"):
        add(house, pool_id, types=["user.teleported"])


def test_every_kind_has_a_type_of_its_own():
    assert len(webhooks.TYPES) == len(webhooks.KINDS)
    assert all(type_.count(".") == 1 for type_ in webhooks.TYPES)
    assert list(itertools.islice(webhooks.TYPES, 2)) == ["pool.created", "pool.changed"]


def test_a_clock_that_is_set_back_stops_no_webhook(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    first = tell(house, pool_id)
    run(worker)
    house.clock.advance(hours=-2)
    second = tell(house, pool_id)
    run(worker)
    assert posts.ids() == [first, second]


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


def test_a_stopped_worker_begins_nothing(house, posts, pool_id):
    worker = WebhookWorker(house.call, posts)
    add(house, pool_id)
    tell(house, pool_id)
    worker.stop()
    run(worker)
    assert posts.posted == []


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
