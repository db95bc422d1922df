from concurrent.futures import ThreadPoolExecutor

import pytest

from lido.records import Message
from lido.storage import messages


def message(message_id, *, recipient="r", pool="p", next_at=0, expires_at=10_000, can_wait=False):
    settled = (None, None)
    return Message(pool, message_id, "s", "EMAIL", recipient, b"", 0, 0, next_at, 0, expires_at, *settled, can_wait)


@pytest.fixture
def three(database):
    with database.write() as tx:
        for each in (message("1"), message("2"), message("3", recipient="other")):
            messages.add(tx, each)
    return database


def claim(database, now=1000, pools=("p",), **options):
    with database.write() as tx:
        return messages.claim(tx, now, pools, medium="EMAIL", **options)


def ids(found):
    return [each.id for each in found]


def test_a_recipient_gets_messages_one_after_the_other(three):
    first = claim(three)
    assert ids(first) == ["1", "3"]
    assert first[0].attempts == 1
    assert claim(three) == []
    with three.write() as tx:
        assert messages.mark_sent(tx, first[0], 1001)
        assert not messages.mark_sent(tx, first[0], 1002)
    assert ids(claim(three)) == ["2"]


def test_a_lease_that_ends_gives_the_message_to_another_worker(three):
    claim(three, lease_ms=500)
    assert claim(three, now=1499) == []
    again = claim(three, now=1500)
    assert [(each.id, each.attempts) for each in again] == [("1", 2), ("3", 2)]


def test_a_failed_message_waits_and_holds_back_the_younger_ones_of_its_recipient(three):
    with three.write() as tx:
        failed = messages.claim(tx, 1000, ["p"], medium="EMAIL")[0]
        assert messages.mark_failed(tx, failed, next_at=3000, error="timeout")
    assert claim(three, now=2999) == []
    [again] = claim(three, now=3000)
    assert again.id == failed.id
    assert again.last_error == "timeout"


def test_an_expired_message_is_never_sent_and_holds_up_nobody(database):
    with database.write() as tx:
        messages.add(tx, message("1", expires_at=1000))
        messages.add(tx, message("2"))
    assert ids(claim(database, now=1000)) == ["2"]
    with database.write() as tx:
        assert messages.drop_expired(tx, 1000, 10) == 1
        assert [(each.id, each.state) for each in messages.page(tx, limit=9)] == [("2", 0), ("1", 2)]


def test_two_workers_never_hold_the_same_message(database):
    with database.write() as tx:
        for number in range(40):
            messages.add(tx, message(f"{number:03}", recipient=f"r{number}"))
    with ThreadPoolExecutor(8) as threads:
        claimed = [each.id for part in threads.map(lambda _: claim(database, limit=5), range(16)) for each in part]
    claimed += ids(claim(database, limit=40))
    assert len(claimed) == len(set(claimed)) == 40


def test_workers_whose_turns_overlap_never_hold_the_same_message_nor_wait_for_each_other_for_ever(database):
    pools = ["a", "b", "c", "d"]
    with database.write() as tx:
        for number in range(40):
            for pool in pools:
                messages.add(tx, message(f"{number:03}", pool=pool, recipient=f"r{number}", can_wait=number % 2 == 0))

    def work(number):
        at = number % len(pools)
        return claim(database, pools=pools[at:] + pools[:at], limit=8)

    with ThreadPoolExecutor(8) as threads:
        claimed = [(each.pool_id, each.id) for part in threads.map(work, range(24)) for each in part]
    claimed += [(each.pool_id, each.id) for each in claim(database, pools=pools, limit=160)]
    assert len(claimed) == len(set(claimed)) == 160


def test_the_outbox_shows_the_newest_first_and_of_one_recipient_alone(three):
    with three.read() as tx:
        assert ids(messages.page(tx, limit=9)) == ["3", "2", "1"]
        assert ids(messages.page(tx, limit=1)) == ["3"]
        assert ids(messages.page(tx, before="3", limit=9)) == ["2", "1"]
        assert ids(messages.page(tx, recipient_key="r", limit=9)) == ["2", "1"]


def test_kept_and_given_up_messages_are_settled(three):
    with three.write() as tx:
        first, second = messages.claim(tx, 1000, ["p"], medium="EMAIL")
        assert messages.keep(tx, first, 1001)
        assert messages.give_up(tx, second, "refused")
        assert not messages.mark_failed(tx, second, next_at=0, error="late")
        found = {each.id: each for each in messages.page(tx, limit=9)}
    assert (found[first.id].state, found[first.id].sent_at) == (3, 1001)
    assert (found[second.id].state, found[second.id].last_error) == (2, "refused")


def test_old_messages_are_deleted_unless_they_wait(three):
    with three.write() as tx:
        messages.mark_sent(tx, message("1"), 1)
        tx.run("INSERT INTO pools VALUES ('p', 'us-east-1', 'p', '{}', 1, 1, 0, 0, NULL)")
        assert messages.remove_before(tx, "3", 10) == 1
        assert ids(messages.page(tx, limit=9)) == ["3", "2"]


def test_pools_take_turns_from_the_one_that_was_served_last(three):
    with three.write() as tx:
        for pool in ("a", "q", "z"):
            messages.add(tx, message("4", pool=pool))
        messages.add(tx, message("4", pool="later", next_at=1001))
        messages.add(tx, message("4", pool="worthless", expires_at=1000))

    def turn(after="", but=(), limit=9):
        with three.read() as tx:
            return messages.whose_turn(tx, 1000, medium="EMAIL", after=after, but=but, limit=limit)

    assert turn() == ["a", "p", "q", "z"]
    assert turn("p", limit=3) == ["q", "z", "a"]
    assert turn("p") == ["q", "z", "a", "p"]
    assert turn("p", limit=1) == ["q"]
    assert turn("zz") == ["a", "p", "q", "z"]
    assert turn("p", but=["z", "a"]) == ["q", "p"]
    with three.read() as tx:
        assert messages.whose_turn(tx, 1000, medium="SMS", limit=9) == []
        assert messages.whose_turn(tx, -1, medium="EMAIL", limit=9) == []


def test_a_pool_of_which_all_is_taken_or_behind_what_is_taken_has_no_turn(three):
    claim(three)
    with three.read() as tx:
        assert messages.whose_turn(tx, 1000, medium="EMAIL", limit=9) == []


def test_pools_share_equally_and_take_what_the_others_leave(database):
    with database.write() as tx:
        for pool, count in (("a", 1), ("b", 9), ("c", 9)):
            for number in range(count):
                messages.add(tx, message(f"{number}", pool=pool, recipient=f"r{number}"))
    taken = [each.pool_id for each in claim(database, pools=["c", "b", "a"], limit=9)]
    assert {pool: taken.count(pool) for pool in "abc"} == {"a": 1, "b": 4, "c": 4}


def test_what_can_wait_comes_after_the_others_of_its_pool_and_not_after_those_of_its_recipient(database):
    with database.write() as tx:
        for number in range(3):
            messages.add(tx, message(f"{number}", recipient=f"r{number}", can_wait=True))
        messages.add(tx, message("3", recipient="r0"))
        messages.add(tx, message("4", recipient="r4"))
    assert ids(claim(database, limit=2)) == ["4", "0"]
    assert ids(claim(database)) == ["1", "2"]


def test_who_holds_a_message_may_hold_it_longer_until_another_has_it(three):
    first = claim(three, 1000, lease_ms=100)[0]
    with three.write() as tx:
        assert messages.renew(tx, first, 1050, lease_ms=500)
        assert not messages.renew(tx, first, 1060, lease_ms=500)
    assert "1" not in ids(claim(three, 1500))
    assert "1" in ids(claim(three, 1550))


def test_what_has_expired_or_left_is_held_no_longer(three):
    first, third = claim(three, 1000)
    with three.write() as tx:
        assert not messages.renew(tx, first, 10_000, lease_ms=500)
        assert messages.mark_sent(tx, third, 1001)
        assert not messages.renew(tx, third, 1002, lease_ms=500)


def test_a_message_that_is_put_back_was_never_claimed(three):
    first = claim(three)[0]
    with three.write() as tx:
        assert messages.put_back(tx, first)
        assert not messages.put_back(tx, first)
    assert claim(three)[0].attempts == 1


class Explaining:
    """A transaction that says how it would run a statement."""

    def __init__(self, tx, engine):
        self._tx, self._engine, self.plan = tx, engine, ""

    def run(self, sql, /, **values):
        if self._engine == "postgresql":
            # A small table is cheaper to scan; what counts is that an index can answer.
            self._tx.run("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if self._engine == "sqlite" else "EXPLAIN "
        self.plan = "\n".join(str(row[-1]) for row in self._tx.rows(explain + sql, **values))
        return 0


def test_forgetting_old_messages_does_not_walk_through_those_that_are_young(database):
    with database.write() as tx:
        explaining = Explaining(tx, database.engine)
        messages.remove_before(explaining, "3", 10)
    walks = ("SCAN messages", "SCAN m", "Seq Scan on messages")
    assert explaining.plan
    assert not [line for line in explaining.plan.splitlines() if line.strip(" ->").startswith(walks)]
