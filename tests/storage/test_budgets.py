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
