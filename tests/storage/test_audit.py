import pytest

from lido import errors
from lido.storage import audit
from lido.storage.audit import Entry, Seal


def entry(entry_id, pool="p"):
    return Entry(pool, entry_id, "arn:root", "pool_changed", "{}", b"mac")


@pytest.fixture
def entries(database):
    with database.write() as tx:
        for each in (entry("2"), entry("1", "q"), entry("3"), entry("1", "p")):
            audit.add(tx, each)
    return database


def test_the_oldest_unsealed_entries_are_claimed_in_order(entries):
    with entries.write() as tx:
        assert audit.has_unsealed(tx)
        claimed = audit.claim(tx, 1, 3)
        assert [(each.id, each.pool_id) for each in claimed] == [("1", "p"), ("1", "q"), ("2", "p")]
        assert [each.id for each in audit.claim(tx, 2, 3)] == ["3"]
        assert audit.claim(tx, 3, 3) == []
        assert not audit.has_unsealed(tx)
        assert audit.entries_under(tx, 1, 10) == claimed
        assert audit.outside(tx, 1).id == "3"
        assert audit.outside(tx, 2) is None


def test_two_seals_of_one_number_cannot_be_and_the_second_claims_nothing(entries):
    with entries.write() as tx:
        audit.add_seal(tx, Seal(1, b"", b"first", 0, 10, b""))
    with pytest.raises(errors.Conflict):
        with entries.write() as tx:
            audit.claim(tx, 1, 10)
            audit.add_seal(tx, Seal(1, b"", b"second", 4, 11, b""))
    with entries.read() as tx:
        assert audit.last_seal(tx) == Seal(1, b"", b"first", 0, 10, b"")
        assert audit.outside(tx, 0) is None


def test_seals_are_read_in_pages(database):
    with database.write() as tx:
        for number in range(1, 6):
            audit.add_seal(tx, Seal(number, b"", b"d", 0, number, b""))
    with database.read() as tx:
        assert [seal.seal for seal in audit.seals(tx, after=2, limit=2)] == [3, 4]
        assert audit.last_seal(tx).seal == 5


def test_entries_are_read_in_pages_by_time_and_pool(entries):
    with entries.read() as tx:
        first = audit.page(tx, pool_id=None, after=("", ""), limit=2)
        rest = audit.page(tx, pool_id=None, after=(first[-1].id, first[-1].pool_id), limit=9)
        assert [(each.id, each.pool_id) for each in first + rest] == [("1", "p"), ("1", "q"), ("2", "p"), ("3", "p")]
        assert [each.id for each in audit.page(tx, pool_id="q", after=("", ""), limit=9)] == ["1"]
        assert [each.id for each in audit.newest(tx, pool_id="p", since="2", limit=9)] == ["3", "2"]
        assert [each.id for each in audit.unsealed(tx, after=("1", "q"), limit=1)] == ["2"]
