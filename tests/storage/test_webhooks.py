from concurrent.futures import ThreadPoolExecutor

import pytest

from lido.records import Event
from lido.storage import deliveries, events, outbox, webhooks
from lido.storage.deliveries import DEAD, DELIVERED, WAITING, Delivery
from lido.storage.webhooks import Webhook


def webhook(webhook_id="w", *, pool="p", filter_="", enabled=True):
    return Webhook(pool, webhook_id, "https://a.example/", b"sealed", None, 0, filter_, enabled, None, 0, 0)


def delivery(event_id="1", *, webhook_id="w", pool="p", next_at=0):
    return Delivery(pool, event_id, webhook_id, "user.disabled", "{}", WAITING, 0, next_at, None, None)


def event(event_id="1", *, pool="p", kind="disabled"):
    return Event(pool, event_id, kind, "s", {"names": ["n"]})


@pytest.fixture
def listening(database):
    with database.write() as tx:
        webhooks.add(tx, webhook())
        for event_id in ("1", "2", "3"):
            deliveries.add(tx, delivery(event_id))
    return database


def due(database, now=1000, limit=9):
    with database.read() as tx:
        return [each.event_id for each in deliveries.due(tx, "p", "w", now, limit)]


@pytest.mark.parametrize(
    ("filter_", "enabled", "heard"),
    [
        ("", True, True),
        (" disabled ", True, True),
        (" enabled disabled ", True, True),
        (" enabled ", True, False),
        ("", False, False),
        (" disabled_x ", True, False),
        (" x_disabled ", True, False),
    ],
)
def test_an_event_tells_whether_somebody_listens(database, filter_, enabled, heard):
    with database.write() as tx:
        webhooks.add(tx, webhook(filter_=filter_, enabled=enabled))
        assert events.add(tx, event()) is heard
        assert not events.add(tx, event(pool="other"))


def test_an_outbox_row_is_taken_once_and_the_oldest_first(database):
    with database.write() as tx:
        for event_id in ("2", "1", "3"):
            outbox.add(tx, event(event_id))
    with database.read() as tx:
        assert outbox.whose_turn(tx, limit=9) == ["p"]
    with database.write() as tx:
        assert outbox.take(tx, ["p"], 2) == [event("1"), event("2")]
        assert outbox.take(tx, ["p"], 2) == [event("3")]
    with database.read() as tx:
        assert outbox.whose_turn(tx, limit=9) == []


def test_of_many_takers_each_row_goes_to_one(database):
    with database.write() as tx:
        for number in range(100):
            outbox.add(tx, event(f"{number:03}"))

    def take(_):
        with database.write() as tx:
            return [each.id for each in outbox.take(tx, ["p"], 10)]

    with ThreadPoolExecutor(8) as threads:
        taken = [each for part in threads.map(take, range(40)) for each in part]
    while left := take(0):  # who comes at the same time as another may find nothing
        taken += left
    assert sorted(taken) == [f"{number:03}" for number in range(100)]


def test_an_event_that_commits_late_is_not_missed(database):
    with database.write() as tx:
        outbox.add(tx, event("2"))
    with database.write() as tx:
        assert [each.id for each in outbox.take(tx, ["p"], 9)] == ["2"]
    with database.write() as tx:
        outbox.add(tx, event("1"))
    with database.write() as tx:
        assert [each.id for each in outbox.take(tx, ["p"], 9)] == ["1"]


def test_a_webhook_is_served_by_one_node_until_its_lease_ends(listening):
    with listening.write() as tx:
        assert webhooks.take(tx, webhook(), 1000, until=2000)
        assert not webhooks.take(tx, webhook(), 1999, until=3000)
        assert webhooks.due(tx, 1999, 9) == []
        assert webhooks.take(tx, webhook(), 2000, until=3000)
        webhooks.give_back(tx, webhook(), 2001, until=2000)
        assert webhooks.due(tx, 2001, 9) == []
        webhooks.give_back(tx, webhook(), 2001, until=3000)
        assert [each.id for each in webhooks.due(tx, 2001, 9)] == ["w"]


def test_of_many_nodes_one_takes_a_webhook(listening):
    def take(number):
        with listening.write() as tx:
            return webhooks.take(tx, webhook(), 1000, until=2000 + number)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(30))) == 1


def test_a_webhook_that_is_off_or_gone_is_not_served(listening):
    with listening.write() as tx:
        webhooks.set_enabled(tx, webhook(), enabled=False, trouble="HTTP 410")
        assert webhooks.due(tx, 1000, 9) == []
        assert not webhooks.take(tx, webhook(), 1000, until=2000)
        assert webhooks.find(tx, "w").trouble == "HTTP 410"
        assert webhooks.remove(tx, "p", "w")
        assert not webhooks.remove(tx, "p", "w")
        assert not webhooks.set_enabled(tx, webhook(), enabled=True)


def test_who_was_served_longest_ago_is_first(database):
    with database.write() as tx:
        for number in (2, 0, 1):
            webhooks.add(tx, webhook(f"w{number}"))
            deliveries.add(tx, delivery(webhook_id=f"w{number}"))
            webhooks.give_back(tx, webhook(f"w{number}"), number, until=0)
        assert [each.id for each in webhooks.due(tx, 9, 2)] == ["w0", "w1"]


def test_a_secret_is_replaced_by_who_saw_the_last_one(listening):
    with listening.write() as tx:
        assert webhooks.set_secret(tx, webhook(), b"new", former_until=5)
        assert not webhooks.set_secret(tx, webhook(), b"newer", former_until=5)
        found = webhooks.find(tx, "w")
    assert (found.secret, found.former_secret, found.former_until) == (b"new", b"sealed", 5)


def test_what_is_due_comes_in_order_and_the_longest_due_when_there_is_too_much(database):
    with database.write() as tx:
        for event_id, next_at in (("1", 900), ("2", 100), ("3", 200), ("4", 1001)):
            deliveries.add(tx, delivery(event_id, next_at=next_at))
        deliveries.add(tx, delivery("1", webhook_id="other"))
    assert due(database) == ["1", "2", "3"]
    assert due(database, limit=2) == ["2", "3"]


def test_a_delivery_is_added_once(listening):
    with listening.write() as tx:
        assert deliveries.mark_delivered(tx, delivery("1"), 5)
        deliveries.add(tx, delivery("1"))
        assert deliveries.count(tx, DELIVERED) == 1
        deliveries.begin_again(tx, delivery("1", next_at=7))
        assert deliveries.count(tx, DELIVERED) == 0
    assert due(listening) == ["1", "2", "3"]


def test_old_rows_go_and_what_waits_for_somebody_stays(listening):
    with listening.write() as tx:
        deliveries.mark_delivered(tx, delivery("1"), 100)
        deliveries.mark_dead(tx, delivery("2"), 300, "e")
        assert deliveries.remove_settled(tx, 200, 9) == 1
        assert deliveries.remove_settled(tx, 301, 9) == 1
        assert deliveries.remove_abandoned(tx, 200, 9) == 0
        webhooks.set_enabled(tx, webhook(), enabled=False)
        assert deliveries.remove_abandoned(tx, 200, 9) == 1


def test_a_page_shows_the_newest_events_first_and_of_one_state_alone(listening):
    with listening.write() as tx:
        deliveries.mark_dead(tx, delivery("2"), 300, "e")
        assert [each.event_id for each in deliveries.page(tx, "p", "w", limit=9)] == ["3", "2", "1"]
        assert [each.event_id for each in deliveries.page(tx, "p", "w", before="3", limit=1)] == ["2"]
        assert [each.event_id for each in deliveries.page(tx, "p", "w", state=DEAD, limit=9)] == ["2"]
        assert deliveries.page(tx, "p", "other", limit=9) == []
