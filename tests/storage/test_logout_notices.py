"""Notices of logout: taken by one, given back, forgotten when settled."""

from lido.storage import logout_notices
from lido.storage.database import Database
from lido.storage.logout_notices import Notice

POOL = "us-east-1_abcdefghi"


def add(database: Database, id_: str, client_id: str = "c", next_at: int = 10) -> None:
    with database.write() as tx:
        logout_notices.add(tx, Notice(POOL, id_, client_id, "sub", None, 0, next_at, 1))


def take(database: Database, now: int, client_id: str = "c", until: int = 100) -> list[Notice]:
    with database.write() as tx:
        return logout_notices.take(tx, POOL, client_id, now, until=until, limit=10)


def test_what_is_due_is_taken_by_one_until_the_lease_ends(database: Database) -> None:
    for id_ in ("2", "1"):
        add(database, id_)
    add(database, "3", next_at=11)
    add(database, "4", client_id="other")

    assert [notice.id for notice in take(database, 10)] == ["1", "2"]
    assert take(database, 10) == []
    assert [notice.id for notice in take(database, 99)] == ["3"]
    assert [notice.id for notice in take(database, 100)] == ["1", "2", "3"]
    with database.read() as tx:
        assert logout_notices.receivers_due(tx, 10, 10) == [(POOL, "other")]


def test_whoever_lost_the_lease_changes_nothing(database: Database) -> None:
    add(database, "1")
    [mine] = take(database, 10)
    [theirs] = take(database, 100, until=200)
    with database.write() as tx:
        assert not logout_notices.postpone(tx, mine, next_at=50, failed=True)
        assert logout_notices.postpone(tx, theirs, next_at=50, failed=True)
    [again] = take(database, 50)

    assert again.attempts == 1
    with database.write() as tx:
        logout_notices.remove(tx, again)
    assert take(database, 1_000) == []
