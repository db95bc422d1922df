import threading

import msgspec
import pytest

from lido.records import TotpKey
from lido.storage import totp_keys

KEY = TotpKey("p", "s", "1", None, b"sealed", verified=False, last_step=0, created_at=1000)


def changed(**values):
    return msgspec.structs.replace(KEY, **values)


@pytest.fixture
def stored(database):
    """One that counts since step 10, under the name `phone`."""
    with database.write() as tx:
        totp_keys.put_waiting(tx, KEY)
        assert totp_keys.verify(tx, KEY, name="phone", step=10)
    return database


def test_one_that_waits_does_not_count(database):
    with database.write() as tx:
        totp_keys.put_waiting(tx, KEY)
    with database.read() as tx:
        assert totp_keys.waiting(tx, "p", "s") == KEY
        assert totp_keys.verified(tx, "p", "s") == []
    with database.write() as tx:
        assert not totp_keys.use(tx, KEY, 10)


def test_a_newer_one_takes_the_place_of_one_that_waits_and_of_no_other(stored):
    with stored.write() as tx:
        totp_keys.put_waiting(tx, changed(id="2"))
        totp_keys.put_waiting(tx, changed(id="3"))
    with stored.read() as tx:
        assert totp_keys.waiting(tx, "p", "s") == changed(id="3")
        assert [key.id for key in totp_keys.verified(tx, "p", "s")] == ["1"]


def test_one_is_verified_once_and_keeps_name_and_step(stored):
    with stored.write() as tx:
        assert not totp_keys.verify(tx, KEY, name="other", step=20)
        assert totp_keys.verified(tx, "p", "s") == [changed(name="phone", verified=True, last_step=10)]


def test_a_step_is_used_once_and_no_earlier_one_after_it(stored):
    with stored.write() as tx:
        assert [totp_keys.use(tx, KEY, step) for step in (10, 12, 12, 11, 13)] == [False, True, False, False, True]


@pytest.mark.parametrize("other", [{"pool_id": "q"}, {"sub": "t"}, {"id": "2"}])
def test_only_the_right_one_is_used_or_removed(stored, other):
    with stored.write() as tx:
        assert not totp_keys.use(tx, changed(**other), 20)
        assert not totp_keys.remove(tx, changed(**other))
        assert totp_keys.remove(tx, KEY)
        assert totp_keys.verified(tx, "p", "s") == []


def test_all_of_a_user_go_together(stored):
    with stored.write() as tx:
        totp_keys.put_waiting(tx, changed(id="2"))
        totp_keys.put_waiting(tx, changed(sub="t", id="3"))
        assert totp_keys.remove_all(tx, "p", "s") == 2
        assert totp_keys.remove_all(tx, "p", "s") == 0
        assert totp_keys.waiting(tx, "p", "t") is not None


def test_of_64_that_use_one_step_one_succeeds(stored):
    won = []

    def use():
        with stored.write() as tx:
            if totp_keys.use(tx, KEY, 11):
                won.append(1)

    workers = [threading.Thread(target=use) for _ in range(64)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(won) == 1
