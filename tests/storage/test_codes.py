import msgspec
import pytest

from lido.records import Code
from lido.storage import codes

CODE = Code("p", "s", "confirm", "1", b"digest", "email", "key", "c", 3, 1000, 2000)


@pytest.fixture
def stored(database):
    with database.write() as tx:
        codes.put(tx, CODE)
    return database


def changed(**values):
    return msgspec.structs.replace(CODE, **values)


def test_a_code_is_found_as_it_was_stored(stored):
    with stored.read() as tx:
        assert codes.find(tx, "p", "s", "confirm") == CODE
        assert codes.find(tx, "p", "s", "reset") is None
        assert codes.find(tx, "p", "other", "confirm") is None
        assert codes.find(tx, "other", "s", "confirm") is None


def test_a_new_code_replaces_the_one_before(stored):
    newer = changed(id="2", digest=b"other", epoch=4)
    with stored.write() as tx:
        codes.put(tx, newer)
        assert codes.find(tx, "p", "s", "confirm") == newer
        assert not codes.consume(tx, CODE, epoch=3, now=1500)
        assert codes.consume(tx, newer, epoch=4, now=1500)


def test_a_code_is_consumed_once(stored):
    with stored.write() as tx:
        assert codes.consume(tx, CODE, epoch=3, now=1999)
        assert not codes.consume(tx, CODE, epoch=3, now=1999)


@pytest.mark.parametrize(
    ("code", "epoch", "now"),
    [
        (changed(digest=b"else"), 3, 1500),
        (changed(id="2"), 3, 1500),
        (changed(purpose="reset"), 3, 1500),
        (changed(sub="t"), 3, 1500),
        (changed(pool_id="q"), 3, 1500),
        (CODE, 4, 1500),
        (CODE, 3, 2000),
    ],
)
def test_only_the_right_code_of_the_right_user_in_time_and_epoch_is_consumed(stored, code, epoch, now):
    with stored.write() as tx:
        assert not codes.consume(tx, code, epoch=epoch, now=now)
        assert codes.find(tx, "p", "s", "confirm") == CODE


def test_expired_codes_are_swept_and_living_ones_stay(stored):
    with stored.write() as tx:
        codes.put(tx, changed(purpose="reset", expires_at=5000))
        assert codes.remove_expired(tx, 2000, 10) == 1
        assert codes.find(tx, "p", "s", "confirm") is None
        assert codes.find(tx, "p", "s", "reset") is not None


def test_a_withdrawn_code_is_gone(stored):
    with stored.write() as tx:
        assert codes.remove(tx, "p", "s", "confirm")
        assert not codes.remove(tx, "p", "s", "confirm")
