"""The string that carries a sign-in from step to step."""

import msgspec
import pytest

from lido import errors
from lido.flows import progress
from lido.flows.progress import Progress
from lido.rules.steps import Proof


@pytest.fixture
def call(house):
    return house.call()


def begun(call, **changes):
    usual = {
        "step": "NEW_PASSWORD_REQUIRED",
        "flow": "USER_PASSWORD_AUTH",
        "door": "client",
        "subject": "s",
        "state": bytes(8),
        "typed": "alice",
        "expires_at": call.now + 180_000,
        "proofs": (Proof("pwd", call.now),),
    }
    return Progress(**{**usual, **changes})


def reopened(call, pool_id, client_id, step, blob):
    with call.db.read() as tx:
        return progress.open_blob(call, tx, pool_id, client_id, step, blob)


def test_a_long_one_rests_in_a_table_until_it_expires(house, call):
    going = begun(call, secret=bytes(5_000))
    blob = progress.seal(call, "pool", "client", going)

    short = progress.shortened(call, "pool", blob, going.expires_at)

    assert len(short) < 20
    assert reopened(call, "pool", "client", going.step, short).secret == bytes(5_000)
    for place in (("other", "client", going.step), ("pool", "other", going.step), ("pool", "client", "SMS_MFA")):
        with pytest.raises(errors.NotAuthorized):
            reopened(call, *place, short)
    with pytest.raises(errors.NotAuthorized):
        reopened(call, "pool", "client", going.step, short[:-1] + bytes([short[-1] ^ 1]))
    house.clock.advance(seconds=180)
    with pytest.raises(errors.NotAuthorized):
        reopened(house.call(), "pool", "client", going.step, short)


def test_a_short_one_stays_what_it_is(call):
    blob = progress.seal(call, "pool", "client", begun(call))

    assert progress.shortened(call, "pool", blob, call.now + 180_000) == blob


def test_what_was_sealed_comes_back_under_a_fresh_id(call):
    going = begun(call, secret=b"challenge")

    first, second = (progress.seal(call, "pool", "client", going) for _ in range(2))
    opened = [reopened(call, "pool", "client", going.step, blob) for blob in (first, second)]

    assert opened[0].id != opened[1].id
    assert [msgspec.structs.replace(one, id=b"", family=b"", began_at=0) for one in opened] == [going, going]
    assert opened[0].family == opened[0].id


@pytest.mark.parametrize(
    "place",
    [
        ("other", "client", "NEW_PASSWORD_REQUIRED"),
        ("pool", "other", "NEW_PASSWORD_REQUIRED"),
        ("pool", "client", "SMS_MFA"),
    ],
)
def test_it_opens_only_where_it_was_made_for(call, place):
    blob = progress.seal(call, "pool", "client", begun(call))

    with pytest.raises(errors.NotAuthorized, match=r"^Invalid session for the user\.$"):
        reopened(call, *place, blob)


def test_no_bit_of_it_can_be_changed(call):
    blob = progress.seal(call, "pool", "client", begun(call))

    for i in range(0, len(blob), 7):
        torn = blob[:i] + bytes([blob[i] ^ 1]) + blob[i + 1 :]
        with pytest.raises(errors.NotAuthorized):
            reopened(call, "pool", "client", "NEW_PASSWORD_REQUIRED", torn)


def test_it_is_as_long_for_nobody_as_for_somebody(house, call):
    from lido.flows import unknown_users

    nobody = unknown_users.subject(call, "pool", "nobody")
    somebody = call.entropy.uuid()

    lengths = {
        len(progress.seal(call, "pool", "client", begun(call, subject=subject, state=state)))
        for subject, state in ((nobody, bytes(8)), (somebody, b"\xff" * 8))
    }

    assert len(lengths) == 1


def test_it_is_spent_once(call):
    going = begun(call, id=b"once")

    with call.db.write() as tx:
        progress.spend(tx, "pool", going)
    with pytest.raises(errors.NotAuthorized, match="can only be used once"), call.db.write() as tx:
        progress.spend(tx, "pool", going)
    with call.db.write() as tx:
        progress.spend(tx, "other pool", going)
