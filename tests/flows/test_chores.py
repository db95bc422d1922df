import threading

import pytest
from structlog.testing import capture_logs
from tests.flows.test_message_worker import write
from tests.oauth import App

from lido.flows import audit_chain
from lido.flows.chores import Background, Chore, Chores, table
from lido.flows.message_worker import MessageWorker
from lido.records import Event
from lido.storage import events, leases, pools, spent
from lido.storage import messages as stored_messages


def all_chores(house, holder="here"):
    return Chores(house.call, table(event_retention_days=90, message_retention_days=7), holder=holder)


@pytest.fixture
def chores(house):
    return all_chores(house)


class Counting:
    """A chore that takes some batches and remembers its positions."""

    def __init__(self, batches=1):
        self.positions = []
        self.batches = batches
        self.trouble = None

    def __call__(self, call, tx, position):
        self.positions.append(position)
        if self.trouble is not None:
            raise self.trouble
        number = int(position or 0) + 1
        return str(number) if number < self.batches else None


def count(house, sql, **values):
    with house.database.read() as tx:
        return tx.row(sql, **values)[0]


def test_a_chore_is_done_when_it_is_due_and_then_rests_for_its_period(house):
    work = Counting()
    chores = Chores(house.call, (Chore("work", 60, work),), holder="a")
    assert chores.run_due() == 1
    house.clock.advance(seconds=59)
    assert chores.run_due() == 0
    house.clock.advance(seconds=1)
    assert chores.run_due() == 1


def test_long_work_goes_on_from_where_it_was_one_batch_at_a_time(house):
    work = Counting(batches=3)
    chores = Chores(house.call, (Chore("work", 60, work),), holder="a")
    assert chores.run_some() == 1
    assert chores.run_due() == 2
    assert work.positions == ["", "1", "2"]


def test_two_nodes_do_not_do_the_same_work(house):
    here, there = Counting(batches=3), Counting(batches=3)
    a = Chores(house.call, (Chore("work", 60, here),), holder="a")
    b = Chores(house.call, (Chore("work", 60, there),), holder="b")
    a.run_some()
    assert b.run_due() == 0
    a.run_due()
    assert b.run_due() == 0
    house.clock.advance(seconds=60)
    assert b.run_due() == 3
    assert a.run_due() == 0


def test_work_whose_node_died_is_begun_anew_by_another(house):
    here, there = Counting(batches=3), Counting(batches=2)
    a = Chores(house.call, (Chore("work", 60, here),), holder="a")
    b = Chores(house.call, (Chore("work", 60, there),), holder="b")
    a.run_some()
    house.clock.advance(seconds=60)
    assert b.run_due() == 2
    house.clock.advance(seconds=60)
    a.run_some()
    assert here.positions == ["", ""]


def test_a_broken_chore_is_logged_rolled_back_and_tried_later_and_the_others_go_on(house):
    broken, work = Counting(), Counting()
    broken.trouble = ZeroDivisionError()
    chores = Chores(house.call, (Chore("broken", 1, broken), Chore("work", 60, work)), holder="a")
    with capture_logs() as logs:
        assert chores.run_due() == 1
    assert [(line["event"], line["chore"]) for line in logs] == [("chore failed", "broken")]
    assert work.positions == [""]
    assert count(house, "SELECT count(*) FROM leases") == 1
    broken.trouble = None
    assert chores.run_due() == 0
    house.clock.advance(seconds=60)
    assert chores.run_due() == 2


def test_a_chore_without_anything_to_do_writes_nothing(house):
    work = Counting()
    chores = Chores(house.call, (Chore("work", 1, work, waiting=lambda tx: False),), holder="a")
    assert chores.run_due() == 0
    assert count(house, "SELECT count(*) FROM leases") == 0


def test_what_is_over_is_swept_and_what_is_not_stays(house, chores):
    now = house.clock.now()
    with house.database.write() as tx:
        for number in range(1_500):
            spent.spend(tx, "p", f"old {number}", now)
        spent.spend(tx, "p", "fresh", now + 1)
        tx.run(
            "INSERT INTO budgets VALUES ('p', 's', 'try', 1, :now), ('p', 's', 'ask', 1, :later)",
            now=now,
            later=now + 1,
        )
        tx.run(
            "INSERT INTO lockouts VALUES ('p', 'quiet', 3, 0, :old, 0), ('p', 'loud', 3, 0, :now, 0)",
            old=now - 900_001,
            now=now,
        )
    chores.run_due()
    assert count(house, "SELECT max(id) || count(*) FROM spent") == "fresh1"
    assert count(house, "SELECT max(kind) || count(*) FROM budgets") == "ask1"
    assert count(house, "SELECT max(subject) || count(*) FROM lockouts") == "loud1"


def test_looking_for_orphans_comes_to_an_end_also_where_keys_are_bytes(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = App(house, pool_id)
    app.code(app.browser())
    (orphans,) = (
        chore for chore in table(event_retention_days=90, message_retention_days=7) if "orphans" in chore.name
    )
    chores = Chores(house.call, (orphans,), holder="a")

    with capture_logs() as logs:
        batches = sum(chores.run_some() for _ in range(100))

    assert logs == []
    assert 0 < batches < 50
    assert count(house, "SELECT count(*) FROM authorization_codes") == 1


def test_what_people_allowed_an_app_goes_after_it(house, chores):
    pool_id = house.pool()
    house.user(pool_id)
    kept, gone = house.app(pool_id)["ClientId"], house.app(pool_id)["ClientId"]
    with house.database.write() as tx:
        for client_id in (kept, gone):
            tx.run(
                """INSERT INTO consents (pool_id, sub, client_id, scopes, client_name, given_at)
                   SELECT pool_id, sub, :client_id, 'openid', 'app', 0 FROM users""",
                client_id=client_id,
            )
    house.idp.delete_user_pool_client(UserPoolId=pool_id, ClientId=gone)
    house.clock.advance(seconds=86_400)

    chores.run_due()

    assert count(house, "SELECT max(client_id) || count(*) FROM consents") == f"{kept}1"


def test_a_deleted_pool_is_emptied_and_its_neighbour_is_not(house, chores):
    doomed, safe = house.pool(), house.pool()
    for pool_id in (doomed, safe):
        house.app(pool_id, GenerateSecret=True)
        house.user(pool_id, "alice")
        house.idp.create_group(UserPoolId=pool_id, GroupName="g")
        house.idp.admin_add_user_to_group(UserPoolId=pool_id, Username="alice", GroupName="g")
        write(house, pool_id)
    house.idp.delete_user_pool(UserPoolId=doomed)
    chores.run_due()
    with house.database.read() as tx:
        assert pools.deleted(tx, 0, 10) == []
        assert pools.ids(tx, after="", limit=10) == [safe]
    for name in ("users", "clients", "client_secrets", "groups", "group_members", "passwords", "messages", "events"):
        assert count(house, f"SELECT count(*) FROM {name} WHERE pool_id = :pool_id", pool_id=doomed) == 0, name
        assert count(house, f"SELECT count(*) FROM {name} WHERE pool_id = :pool_id", pool_id=safe) > 0, name
    assert count(house, "SELECT count(*) FROM audit WHERE pool_id = :pool_id", pool_id=doomed) > 0


def test_events_are_forgotten_after_the_pools_own_days(house, chores):
    usual, own = house.pool(), house.pool(UserPoolTags={"lido:event_retention_days": "10"})
    ids = {}
    for days in (100, 50, 5):
        at = house.clock.now() - days * 86_400_000
        for pool_id in (usual, own):
            ids[pool_id, days] = house.entropy.time_ordered_id(at)
            with house.database.write() as tx:
                events.add(tx, Event(pool_id, ids[pool_id, days], "signed_in", "s", {}))
    chores.run_due()
    with house.database.read() as tx:
        kept = {
            pool_id: {event.id for event in events.page_of_user(tx, pool_id, "s", before="~", limit=10)}
            for pool_id in (usual, own)
        }
    assert kept == {usual: {ids[usual, 50], ids[usual, 5]}, own: {ids[own, 5]}}


def test_many_old_events_go_in_many_batches(house, chores):
    pool_ids = [house.pool(), house.pool()]
    old = house.clock.now() - 100 * 86_400_000
    with house.database.write() as tx:
        for pool_id in pool_ids:
            for _ in range(1_100):
                events.add(tx, Event(pool_id, house.entropy.time_ordered_id(old), "signed_in", "s", {}))
    chores.run_due()
    assert count(house, "SELECT count(*) FROM events WHERE sub = 's'") == 0


def test_settled_messages_are_forgotten_after_a_week(house, chores):
    pool_id = house.pool()
    message_id = write(house, pool_id)
    MessageWorker(house.call, mail=None, sms=None, mail_from="a@b").run_due()
    house.clock.advance(days=6)
    chores.run_due()
    assert count(house, "SELECT count(*) FROM messages WHERE id = :id", id=message_id) == 1
    house.clock.advance(days=2)
    chores.run_due()
    assert count(house, "SELECT count(*) FROM messages WHERE id = :id", id=message_id) == 0


def test_a_message_whose_code_expired_is_given_up(house, chores):
    message_id = write(house, house.pool(), expires_in_seconds=5)
    house.clock.advance(seconds=10)
    chores.run_due()
    state = count(house, "SELECT state FROM messages WHERE id = :id", id=message_id)
    assert state == stored_messages.GIVEN_UP


def test_users_are_counted_for_the_estimate(house, chores, monkeypatch):
    monkeypatch.setattr("lido.flows.chores._COUNTED_AT_ONCE", 3)
    full, empty = house.pool(), house.pool()
    for number in range(8):
        house.idp.admin_create_user(UserPoolId=full, Username=f"user{number}", MessageAction="SUPPRESS")
    chores.run_due()
    numbers = [
        house.idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["EstimatedNumberOfUsers"]
        for pool_id in (full, empty)
    ]
    assert numbers == [8, 0]


def test_rows_of_gone_users_are_removed_and_those_of_others_stay(house, chores, monkeypatch):
    monkeypatch.setattr("lido.flows.chores._ROWS_AT_ONCE", 2)
    pool_id = house.pool()
    for name in ("alice", "bob", "carol", "dave"):
        house.user(pool_id, name)
    with house.database.write() as tx:
        tx.run("DELETE FROM users WHERE username IN ('alice', 'carol')")
    chores.run_due()
    assert count(house, "SELECT count(*) FROM passwords") == 2
    with house.database.read() as tx:
        assert sorted(tx.rows("SELECT name_key FROM user_names")) == [("bob",), ("dave",)]


def test_acts_of_operators_are_sealed_within_the_next_second(house, chores):
    house.pool()
    chores.run_due()
    assert audit_chain.verify(house.call()) is None
    assert count(house, "SELECT count(*) FROM audit WHERE seal IS NULL") == 0
    house.pool()
    house.clock.advance(seconds=1)
    chores.run_due()
    assert count(house, "SELECT count(*) FROM audit_seals") == 2


def test_the_threads_work_when_woken_and_end_when_told(house):
    done, sent = threading.Event(), threading.Event()

    class Mail:
        def send(self, email):
            sent.set()

        def close(self):
            pass

    def work(call, tx, position):
        done.set()

    worker = MessageWorker(house.call, mail=Mail(), sms=None, mail_from="no-reply@lido.example")
    background = Background(Chores(house.call, (Chore("work", 60, work),), holder="a"), worker)
    background.start()
    assert done.wait(10)
    write(house, house.pool())
    background.wake()
    assert sent.wait(10)
    assert background.stop(10)


def test_the_assembled_house_knows_its_background(house):
    background = house.lido.background()
    background.start()
    assert background.stop(10)


def test_a_lease_in_use_is_the_row_that_others_see(house):
    chores = Chores(house.call, (Chore("work", 60, Counting(batches=2)),), holder="a")
    chores.run_some()
    with house.database.read() as tx:
        assert leases.resting(tx, house.clock.now()) == {"work"}
