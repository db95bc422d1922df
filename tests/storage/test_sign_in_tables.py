"""The tables that sign-ins write: what they keep, and what a chore may take away."""

from lido.storage import lockouts, passwords, spent


def rows(database, table):
    with database.read() as tx:
        return tx.row(f"SELECT count(*) FROM {table}")[0]


def test_an_id_is_spent_once_in_each_pool(database):
    with database.write() as tx:
        assert spent.spend(tx, "a", "id", 100)
        assert not spent.spend(tx, "a", "id", 100)
        assert spent.spend(tx, "b", "id", 100)


def test_what_is_spent_can_be_seen_in_its_own_pool(database):
    with database.write() as tx:
        spent.spend(tx, "a", "id", 100)
    with database.read() as tx:
        assert [spent.is_spent(tx, pool_id, "id") for pool_id in ("a", "b")] == [True, False]


def test_spent_ids_go_when_their_strings_are_too_old_anyhow(database):
    with database.write() as tx:
        for i in range(5):
            spent.spend(tx, "a", f"{i}", 100 + i)
        assert spent.remove_expired(tx, 102, 2) == 2
        assert spent.remove_expired(tx, 102, 2) == 1
        assert spent.remove_expired(tx, 102, 2) == 0
    assert rows(database, "spent") == 2


def test_quiet_subjects_are_forgotten_and_locked_ones_are_not(database):
    late = 10_000_000
    with database.write() as tx:
        assert lockouts.reserve(tx, "a", "quiet", 1)
        lockouts.fail(tx, "a", "quiet", 1)
        assert lockouts.reserve(tx, "a", "busy", late)
        assert lockouts.remove_forgotten(tx, late, 10) == 1
    assert rows(database, "lockouts") == 1


def test_an_unlocked_subject_starts_anew(database):
    with database.write() as tx:
        for i in range(5):
            assert lockouts.reserve(tx, "a", "s", i)
            lockouts.fail(tx, "a", "s", i)
        assert not lockouts.reserve(tx, "a", "s", 5)
        assert lockouts.locked_until(tx, "a", "s") == 4 + 1000
        assert lockouts.remove(tx, "a", "s")
        assert lockouts.reserve(tx, "a", "s", 5)


def test_history_keeps_the_newest_in_order_even_within_one_millisecond(database):
    with database.write() as tx:
        for i in range(5):
            passwords.remember(tx, "a", "s", b"%d" % i, set_at=7, keep=3)
        assert passwords.earlier(tx, "a", "s", 10) == [b"4", b"3", b"2"]
        passwords.remember(tx, "a", "other", b"x", set_at=7, keep=3)
        assert passwords.earlier(tx, "a", "s", 1) == [b"4"]
