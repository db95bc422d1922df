from concurrent.futures import ThreadPoolExecutor

from lido.storage import leases


def take(database, holder, now, *, until=1000):
    with database.write() as tx:
        return leases.take(tx, "sweep", holder, now=now, expires_at=until)


def test_a_lease_has_one_holder_and_its_fence_rises_with_each_new_one(database):
    assert take(database, "a", 0) == 1
    assert take(database, "b", 999) is None
    assert take(database, "a", 999, until=2000) == 1
    assert take(database, "b", 1999) is None
    assert take(database, "b", 2000, until=3000) == 2
    assert take(database, "a", 2500) is None
    assert take(database, "a", 3000) == 3


def test_what_was_given_back_rests_until_it_is_due_for_everybody(database):
    fence = take(database, "a", 0)
    with database.write() as tx:
        assert leases.give_back(tx, "sweep", fence, due_at=500)
        assert not leases.give_back(tx, "sweep", fence, due_at=900)
        assert leases.resting(tx, 499) == {"sweep"}
        assert leases.resting(tx, 500) == set()
    assert take(database, "a", 499) is None
    assert take(database, "a", 500) == 2


def test_who_lost_a_lease_cannot_give_it_back(database):
    lost = take(database, "a", 0)
    held = take(database, "b", 1000, until=2000)
    with database.write() as tx:
        assert not leases.give_back(tx, "sweep", lost, due_at=1)
        assert leases.give_back(tx, "sweep", held, due_at=3000)


def test_of_many_who_ask_at_once_one_becomes_the_holder(database):
    with ThreadPoolExecutor(8) as threads:
        fences = list(threads.map(lambda n: take(database, f"node {n}", 0), range(16)))
    assert sorted(fences, key=bool) == [None] * 15 + [1]
