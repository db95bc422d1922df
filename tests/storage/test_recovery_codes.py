import pytest

from lido.storage import recovery_codes


@pytest.fixture
def stored(database):
    """Two codes of a user, one of another with the same digest."""
    with database.write() as tx:
        recovery_codes.replace(tx, "p", "s", [b"one", b"two"], 1000)
        recovery_codes.replace(tx, "p", "t", [b"one"], 1000)
    return database


def test_a_code_is_used_once(stored):
    with stored.write() as tx:
        assert recovery_codes.has(tx, "p", "s", b"one")
        assert recovery_codes.use(tx, "p", "s", b"one")
        assert not recovery_codes.has(tx, "p", "s", b"one")
        assert not recovery_codes.use(tx, "p", "s", b"one")
        assert recovery_codes.count(tx, "p", "s") == 1
        assert recovery_codes.count(tx, "p", "t") == 1


@pytest.mark.parametrize("whose", [("q", "s", b"one"), ("p", "u", b"one"), ("p", "s", b"three")])
def test_only_the_right_code_of_the_right_user_is_used(stored, whose):
    with stored.write() as tx:
        assert not recovery_codes.use(tx, *whose)
        assert not recovery_codes.has(tx, *whose)


def test_new_codes_end_the_earlier_ones_of_that_user(stored):
    with stored.write() as tx:
        recovery_codes.replace(tx, "p", "s", [b"three"], 2000)
        assert [recovery_codes.has(tx, "p", "s", digest) for digest in (b"one", b"two", b"three")] == [
            False,
            False,
            True,
        ]
        assert recovery_codes.has(tx, "p", "t", b"one")


def test_all_of_a_user_go_together(stored):
    with stored.write() as tx:
        assert recovery_codes.remove_all(tx, "p", "s") == 2
        assert recovery_codes.count(tx, "p", "s") == 0
        assert recovery_codes.count(tx, "p", "t") == 1
