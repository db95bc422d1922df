import msgspec
import pytest

from lido.flows import audit, lasting_keys
from lido.flows.events import Fact, tell
from lido.rules.sealing import KeyRing


@pytest.fixture
def sealed(house):
    """Three seals over two entries each."""
    for number in range(3):
        for name in ("a", "b"):
            act(house, f"pool {number}", name)
        seal(house)
    return house


def act(house, pool_id="p", name="a"):
    call = house.call(root=True)
    with call.db.write() as tx:
        return tell(call, tx, pool_id, "pool_changed", "the sub", Fact(operation="UpdateUserPool", names=[name]))


def seal(house):
    call = house.call()
    with call.db.write() as tx:
        return audit.seal_next(call, tx)


def change(house, sql, **values):
    with house.database.write() as tx:
        assert tx.run(sql, **values) > 0


def rows(house):
    with house.database.read() as tx:
        return tx.rows("SELECT pool_id, id, actor, action, body FROM audit")


def test_an_operators_act_is_written_with_its_event(house):
    event_id = act(house)
    [(pool_id, entry_id, actor, action, body)] = rows(house)
    assert (pool_id, entry_id, actor, action) == ("p", event_id, "arn:aws:iam::000000000000:root", "pool_changed")
    told = msgspec.json.decode(body)
    assert told.pop("request_id")
    assert told == {
        "sub": "the sub",
        "operation": "UpdateUserPool",
        "names": ["a"],
        "address": "203.0.113.7",
        "agent": "tests",
        "operator": "AKIAROOTROOTROOTROOT",
        "access_key_id": "AKIAROOTROOTROOTROOT",
    }


def test_what_users_do_is_not_the_operators(house):
    unsigned, signed = house.call(), house.call(root=True)
    with house.database.write() as tx:
        tell(unsigned, tx, "p", "password_changed", "s")
        tell(signed, tx, "p", "signed_in", "s")
    assert rows(house) == []


def test_an_act_that_is_rolled_back_leaves_no_entry(house):
    call = house.call(root=True)
    with pytest.raises(ZeroDivisionError):
        with call.db.write() as tx:
            tell(call, tx, "p", "pool_changed")
            raise ZeroDivisionError
    assert rows(house) == []


def test_a_chain_that_nobody_touched_holds(sealed):
    assert audit.verify(sealed.call()) is None
    act(sealed)
    assert audit.verify(sealed.call()) is None


def test_nothing_is_sealed_where_nothing_waits(sealed):
    assert not seal(sealed)
    with sealed.database.read() as tx:
        assert tx.row("SELECT count(*) FROM audit_seals") == (3,)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET body = '{}' WHERE id IN (SELECT id FROM audit WHERE seal = 2 LIMIT 1)",
        "UPDATE audit SET actor = 'arn:somebody' WHERE id IN (SELECT id FROM audit WHERE seal = 2 LIMIT 1)",
        "UPDATE audit SET pool_id = 'elsewhere' WHERE id IN (SELECT id FROM audit WHERE seal = 2 LIMIT 1)",
        "UPDATE audit SET seal = 2 WHERE id IN (SELECT id FROM audit WHERE seal = 3 LIMIT 1)",
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE seal = 2 LIMIT 1)",
        "INSERT INTO audit (pool_id, id, actor, action, body, seal) VALUES ('p', 'x', 'a', 'b', '{}', 2)",
        "UPDATE audit_seals SET sealed_at = sealed_at + 1 WHERE seal = 2",
        "UPDATE audit_seals SET previous = digest WHERE seal = 2",
        "UPDATE audit_seals SET entries = 1 WHERE seal = 2",
        "DELETE FROM audit_seals WHERE seal = 2",
    ],
)
def test_tampering_breaks_the_seal_that_covers_it(sealed, tampering):
    change(sealed, tampering)
    assert audit.verify(sealed.call()) == 2


def test_the_last_seal_cannot_go_without_its_entries(sealed):
    change(sealed, "DELETE FROM audit_seals WHERE seal = 3")
    assert audit.verify(sealed.call()) == 3


def test_a_chain_without_its_key_does_not_hold(sealed):
    change(sealed, "DELETE FROM facts WHERE name = 'audit key'")
    assert audit.verify(sealed.call()) == 1


def test_the_chain_outlives_the_master_key_that_began_it(sealed):
    rotated = rotated_call(sealed, bytes(32))
    assert lasting_keys.reseal(rotated, lasting_keys.AUDIT)
    assert not lasting_keys.reseal(rotated, lasting_keys.AUDIT)
    assert audit.verify(rotated_call(sealed)) is None


def rotated_call(house, *older):
    keys = KeyRing([b"\x01" * 32, *older], house.entropy.bytes)
    return msgspec.structs.replace(house.call(), keys=keys)
