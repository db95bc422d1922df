import threading
from contextlib import suppress

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lido import errors
from lido.flows import audit, audit_chain, lasting_keys
from lido.flows.audit import Deed
from lido.rules.sealing import KeyRing

SEALS, UNDER_EACH = 3, 3
TABLES = {
    "audit": ("pool_id", "id", "actor", "action", "body", "mac", "seal"),
    "audit_seals": ("seal", "previous", "digest", "entries", "sealed_at", "macs"),
    "facts": ("name", "value"),
}


@pytest.fixture
def sealed(house):
    """Three seals over three entries each."""
    for number in range(SEALS):
        for name in "abc":
            act(house, f"pool {number}", name)
        seal(house)
    return house


def act(house, pool_id="p", name="a"):
    house.clock.advance(seconds=1)
    with audit.attended(house.call(), Deed("arn:root", "UpdateUserPool", pool_id, named={"GroupName": name})):
        pass


def seal(house):
    call = house.call()
    with call.db.write() as tx:
        return audit_chain.seal_next(call, tx)


def change(house, sql, **values):
    with house.database.write() as tx:
        assert tx.run(sql, **values) > 0


def rows(house, table):
    with house.database.read() as tx:
        return tx.rows(f"SELECT {', '.join(TABLES[table])} FROM {table} ORDER BY 1, 2")


def entries(house):
    """Each entry as a mapping, in the order of the chain."""
    found = [dict(zip(TABLES["audit"], row, strict=True)) for row in rows(house, "audit")]
    return sorted(found, key=lambda entry: entry["id"])


def put_back(house, kept):
    with house.database.write() as tx:
        for table, columns in TABLES.items():
            tx.run(f"DELETE FROM {table}")
            for row in kept[table]:
                places = ", ".join(f":{column}" for column in columns)
                values = dict(zip(columns, row, strict=True))
                tx.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", **values)


def test_a_chain_that_nobody_touched_holds_and_grows(sealed):
    assert audit_chain.verify(sealed.call()) is None
    act(sealed)
    assert audit_chain.verify(sealed.call()) is None
    seal(sealed)
    assert audit_chain.verify(sealed.call()) is None
    assert audit_chain.head(sealed.call()).seal == SEALS + 1


def test_a_trail_without_entries_holds(house):
    assert audit_chain.verify(house.call()) is None
    assert audit_chain.head(house.call()) is None


def test_a_trail_that_was_emptied_does_not_hold(sealed):
    for table in ("audit", "audit_seals"):
        change(sealed, f"DELETE FROM {table}")
    change(sealed, "DELETE FROM facts WHERE name = 'audit head'")
    assert audit_chain.verify(sealed.call()).what == "the remembered head is missing"
    act(sealed)
    change(sealed, "INSERT INTO facts (name, value) VALUES ('audit head', '0:00')")
    assert audit_chain.verify(sealed.call()).what == "the remembered head was changed"


@pytest.mark.parametrize("value", ["9" * 25 + ":ab", "9" * 5000 + ":ab", "1", "1:é", "²:x", "0:x", "-1:x"])
def test_whatever_stands_in_place_of_the_head_is_found(sealed, value):
    change(sealed, "UPDATE facts SET value = :value WHERE name = 'audit head'", value=value)
    assert audit_chain.verify(sealed.call()) is not None


def test_nothing_is_sealed_where_nothing_waits(sealed):
    assert not seal(sealed)
    assert len(rows(sealed, "audit_seals")) == SEALS


def other(value):
    if value is None:
        return b"x" * 32
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"\x01"
    return value + 1 if isinstance(value, int) else value + "x"


WHICH = st.integers(0, SEALS * UNDER_EACH - 1)
SEAL = st.integers(1, SEALS)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_the_first_bad_place_is_named(sealed, data):
    kept = {table: rows(sealed, table) for table in TABLES}
    try:
        kind = data.draw(st.sampled_from(sorted(TAMPERING)))
        seal_number, entry_id = TAMPERING[kind](sealed, data)
        broken = audit_chain.verify(sealed.call())
        assert broken is not None, kind
        assert broken.seal == seal_number, (kind, broken)
        assert entry_id in (None, broken.entry), (kind, broken)
    finally:
        put_back(sealed, kept)
    assert audit_chain.verify(sealed.call()) is None


def change_a_column_of_an_entry(house, data):
    entry = entries(house)[data.draw(WHICH)]
    column = data.draw(st.sampled_from(["pool_id", "id", "actor", "action", "body", "mac"]))
    value = data.draw(st.sampled_from([other(entry[column]), None])) if column == "mac" else other(entry[column])
    change(house, f"UPDATE audit SET {column} = :value WHERE id = :id", value=value, id=entry["id"])
    return entry["seal"], value if column == "id" else entry["id"]


def move_an_entry(house, data):
    entry = entries(house)[data.draw(WHICH)]
    target = data.draw(st.sampled_from([None, -1, 0, 1, 2, 3, 4]).filter(lambda seal: seal != entry["seal"]))
    change(house, "UPDATE audit SET seal = :seal WHERE id = :id", seal=target, id=entry["id"])
    inside = target is not None and 1 <= target <= SEALS
    return (min(target, entry["seal"]) if inside else entry["seal"]), None


def delete_an_entry(house, data):
    entry = entries(house)[data.draw(WHICH)]
    change(house, "DELETE FROM audit WHERE id = :id", id=entry["id"])
    under = [each["id"] for each in entries(house) if each["seal"] == entry["seal"]]
    return entry["seal"], next((each for each in under if each > entry["id"]), under[-1])


def swap_two_entries(house, data):
    first, second = sorted(data.draw(st.lists(WHICH, min_size=2, max_size=2, unique=True)))
    one, two = entries(house)[first], entries(house)[second]
    columns = data.draw(st.sampled_from([("body",), ("mac",), ("body", "mac"), ("pool_id", "actor", "body", "mac")]))
    for target, source in ((one, two), (two, one)):
        for column in columns:
            change(house, f"UPDATE audit SET {column} = :value WHERE id = :id", value=source[column], id=target["id"])
    return one["seal"], one["id"]


def exchange_the_seals_of_two_entries(house, data):
    first, second = data.draw(st.integers(0, 2)), data.draw(st.integers(3, 8))
    one, two = entries(house)[first], entries(house)[second]
    for target, source in ((one, two), (two, one)):
        change(house, "UPDATE audit SET seal = :seal WHERE id = :id", seal=source["seal"], id=target["id"])
    return one["seal"], None


def append_a_forged_entry(house, data):
    model = entries(house)[data.draw(WHICH)]
    number = data.draw(st.sampled_from([None, 1, 2, 3]))
    change(
        house,
        """INSERT INTO audit (pool_id, id, actor, action, body, mac, seal)
           VALUES (:pool_id, :new_id, :actor, :action, :body, :mac, :number)""",
        **{name: model[name] for name in ("pool_id", "actor", "action", "body", "mac")},
        new_id=model["id"] + "f",
        number=number,
    )
    return number or 0, model["id"] + "f"


def change_a_column_of_a_seal(house, data):
    number = data.draw(SEAL)
    column = data.draw(st.sampled_from(["previous", "digest", "entries", "sealed_at", "macs"]))
    [row] = [row for row in rows(house, "audit_seals") if row[0] == number]
    value = other(row[TABLES["audit_seals"].index(column)])
    change(house, f"UPDATE audit_seals SET {column} = :value WHERE seal = :seal", value=value, seal=number)
    return number, ""


def renumber_a_seal(house, data):
    number = data.draw(SEAL)
    target = data.draw(st.sampled_from([-1, 0, 4, 9]))
    change(house, "UPDATE audit_seals SET seal = :target WHERE seal = :seal", target=target, seal=number)
    return (target if target < 1 else number), ""


def delete_a_seal(house, data):
    number = data.draw(SEAL)
    change(house, "DELETE FROM audit_seals WHERE seal = :seal", seal=number)
    return number, None


def cut_off_the_end(house, data):
    number = data.draw(st.integers(1, SEALS))
    change(house, "DELETE FROM audit_seals WHERE seal >= :seal", seal=number)
    change(house, "DELETE FROM audit WHERE seal >= :seal", seal=number)
    return number, ""


def put_the_remembered_head_back(house, data):
    """Whoever cuts the end off knows the seal before it, but not its proof as a head."""
    number = data.draw(st.integers(2, SEALS))
    change(house, "DELETE FROM audit_seals WHERE seal >= :seal", seal=number)
    change(house, "DELETE FROM audit WHERE seal >= :seal", seal=number)
    digest = rows(house, "audit_seals")[-1][TABLES["audit_seals"].index("digest")].hex()
    value = data.draw(st.sampled_from([f"{number - 1}:{digest}", f"{number - 1}:", f"{number - 1}", "", "x:y"]))
    change(house, "UPDATE facts SET value = :value WHERE name = 'audit head'", value=value)
    return (number if value in ("", "x:y") else number - 1), ""


def forget_the_head(house, data):
    change(house, "DELETE FROM facts WHERE name = 'audit head'")
    return SEALS, ""


TAMPERING = {
    function.__name__: function
    for function in (
        change_a_column_of_an_entry,
        move_an_entry,
        delete_an_entry,
        swap_two_entries,
        exchange_the_seals_of_two_entries,
        append_a_forged_entry,
        change_a_column_of_a_seal,
        renumber_a_seal,
        delete_a_seal,
        cut_off_the_end,
        put_the_remembered_head_back,
        forget_the_head,
    )
}


def test_a_forged_entry_that_was_sealed_in_good_faith_stays_forged(sealed):
    change(sealed, "INSERT INTO audit (pool_id, id, actor, action, body) VALUES ('p', 'zz', 'a', 'b', '{}')")
    seal(sealed)
    act(sealed)
    seal(sealed)
    assert audit_chain.verify(sealed.call()) == (SEALS + 1, "zz", "entry zz (b) was changed or forged")


def test_an_earlier_state_of_the_database_holds_but_lacks_a_head_that_was_kept_elsewhere(sealed):
    kept = {table: rows(sealed, table) for table in TABLES}
    act(sealed)
    seal(sealed)
    head = audit_chain.head(sealed.call())
    assert audit_chain.verify(sealed.call(), holding=head) is None
    put_back(sealed, kept)
    assert audit_chain.verify(sealed.call()) is None
    assert audit_chain.verify(sealed.call(), holding=head).seal == head.seal
    assert audit_chain.verify(sealed.call(), after=head).seal == head.seal
    act(sealed, name="another history")
    seal(sealed)
    assert audit_chain.verify(sealed.call(), holding=head).seal == head.seal


def test_after_a_head_only_what_came_later_is_looked_at(sealed):
    head = audit_chain.head(sealed.call())
    looked_at = []
    act(sealed)
    seal(sealed)
    change(sealed, "UPDATE audit SET actor = 'x' WHERE seal = 1")
    assert audit_chain.verify(sealed.call(), after=head, progress=looked_at.append) is None
    assert sum(looked_at) == 1
    change(sealed, "UPDATE audit SET actor = 'x' WHERE seal = 4")
    assert audit_chain.verify(sealed.call(), after=head).seal == 4


@pytest.mark.parametrize("text", ["", "1", "1:", "x:" + "a" * 64, "0:" + "a" * 64, "-1:" + "a" * 64, "1:" + "g" * 64])
def test_what_is_no_head_is_refused(text):
    with pytest.raises(ValueError, match="lido audit head"):
        audit_chain.head_of(text)


def test_a_head_is_read_as_it_is_printed(sealed):
    head = audit_chain.head(sealed.call())
    assert audit_chain.head_of(str(head)) == head


def test_a_chain_under_another_key_does_not_hold(sealed):
    call = sealed.call()
    stranger = msgspec.structs.replace(call, house=msgspec.structs.replace(call.house, audit_key=bytes(32)))
    assert audit_chain.verify(stranger).seal == 1


def test_the_chain_outlives_the_master_key_that_began_it(sealed):
    rotated = rotated_call(sealed, bytes(32))
    assert lasting_keys.reseal(rotated, lasting_keys.AUDIT)
    assert not lasting_keys.reseal(rotated, lasting_keys.AUDIT)
    with sealed.database.read() as tx:
        key = lasting_keys.find(rotated_call(sealed).keys, tx, lasting_keys.AUDIT)
    assert key == sealed.call().house.audit_key


def rotated_call(house, *older):
    keys = KeyRing([b"\x01" * 32, *older], house.entropy.bytes)
    return msgspec.structs.replace(house.call(), keys=keys)


def test_many_append_while_two_seal_and_nothing_is_left_out(house):
    stopping = threading.Event()

    def seal_on():
        while not stopping.is_set():
            with suppress(errors.Conflict, errors.Unavailable):
                seal(house)

    sealers = [threading.Thread(target=seal_on) for _ in range(2)]
    actors = [threading.Thread(target=lambda: [act(house) for _ in range(20)]) for _ in range(4)]
    for thread in [*sealers, *actors]:
        thread.start()
    for thread in actors:
        thread.join()
    meanwhile = audit_chain.verify(house.call())
    stopping.set()
    for thread in sealers:
        thread.join()
    while seal(house):
        pass
    assert meanwhile is None
    assert audit_chain.verify(house.call()) is None
    assert len(entries(house)) == 80
    assert all(entry["seal"] for entry in entries(house))
