from concurrent.futures import ThreadPoolExecutor

from lido.storage import budgets


def take(database, *, subject="s", kind="tried", most=3, now=1000):
    with database.write() as tx:
        return budgets.take(tx, "p", subject, kind, most=most, now=now, resets_at=now + 100)


def test_a_budget_ends_after_its_last_use(database):
    assert [take(database) for _ in range(5)] == [True, True, True, False, False]


def test_a_budget_is_whole_again_when_its_window_ends_and_not_before(database):
    for _ in range(3):
        take(database)
    assert not take(database, now=1099)
    assert [take(database, now=1100) for _ in range(4)] == [True, True, True, False]
    assert not take(database, now=1199)
    assert take(database, now=1200)


def test_every_subject_and_kind_has_a_budget_of_its_own(database):
    for _ in range(3):
        take(database)
    assert take(database, subject="t")
    assert take(database, kind="asked")


def test_parallel_uses_never_exceed_the_budget(database):
    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(lambda _: take(database, most=15), range(60)))
    assert sum(taken) == 15


def test_a_forgotten_subject_starts_anew(database):
    for _ in range(3):
        take(database)
    with database.write() as tx:
        assert budgets.forget(tx, "p", "s") == 1
    assert take(database)


def test_ended_windows_are_swept_and_running_ones_stay(database):
    take(database)
    take(database, subject="t", now=2000)
    with database.write() as tx:
        assert budgets.remove_expired(tx, 1100, 10) == 1
        assert budgets.remove_expired(tx, 1100, 10) == 0


def test_counting_tells_how_many_are_used_and_stops_at_the_last(database):
    with database.write() as tx:
        counted = [budgets.count(tx, "p", "s", "tried", most=2, now=1000, resets_at=1100) for _ in range(4)]
    assert counted == [1, 2, 0, 0]
    with database.read() as tx:
        assert budgets.used(tx, "p", "s", "tried", now=1099) == 2
        assert budgets.used(tx, "p", "s", "tried", now=1100) == 0
        assert budgets.used(tx, "p", "t", "tried", now=1000) == 0


def test_what_is_given_back_can_be_used_again_and_never_becomes_more(database):
    for _ in range(3):
        take(database)
    with database.write() as tx:
        budgets.give_back(tx, "p", "s", "tried")
        budgets.give_back(tx, "p", "t", "tried")
    assert [take(database), take(database)] == [True, False]
    with database.write() as tx:
        for _ in range(9):
            budgets.give_back(tx, "p", "s", "tried")
    assert [take(database) for _ in range(4)] == [True, True, True, False]
