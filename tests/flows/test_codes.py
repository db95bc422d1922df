import msgspec
import pytest

from lido import errors
from lido.flows import access, codes
from lido.rules.sealing import KeyRing
from lido.storage import users

DAY_MS = 86_400_000


@pytest.fixture
def scene(house):
    """A pool, and a user with an address."""
    pool_id = house.pool(UsernameConfiguration={"CaseSensitive": False})
    house.user(pool_id, email="alice@example.com")
    call = house.call(root=True)
    with house.database.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        return pool, access.require_user(tx, pool, "alice")


def make(house, scene, purpose=codes.CONFIRM):
    pool, user = scene
    with house.database.write() as tx:
        return codes.make(
            house.call(), tx, pool, user, purpose, attribute="email", destination=user.email, client_id=None
        )


def consume(house, scene, code, purpose=codes.CONFIRM, **changed):
    pool, user = scene
    with house.database.write() as tx:
        return codes.consume(house.call(), tx, pool, msgspec.structs.replace(user, **changed), purpose, code)


def test_a_code_of_six_digits_is_used_once(house, scene):
    code = make(house, scene)
    assert len(code) == 6
    assert code.isdigit()
    assert consume(house, scene, code).attribute == "email"
    with pytest.raises(errors.ExpiredCode):
        consume(house, scene, code)


@pytest.mark.parametrize("purpose", [codes.RESET, codes.VERIFY_EMAIL, codes.VERIFY_PHONE_NUMBER])
def test_a_code_is_worth_nothing_for_another_purpose(house, scene, purpose):
    code = make(house, scene)
    with pytest.raises(errors.ExpiredCode):
        consume(house, scene, code, purpose)
    other = make(house, scene, purpose)
    if other != code:
        with pytest.raises(errors.CodeMismatch):
            consume(house, scene, code, purpose)


def test_a_code_is_worth_nothing_in_another_generation_of_the_account(house, scene):
    code = make(house, scene)
    with pytest.raises(errors.ExpiredCode):
        consume(house, scene, code, epoch=scene[1].epoch + 1)
    assert consume(house, scene, code)


def test_a_code_lives_to_the_last_millisecond_of_its_day(house, scene):
    code = make(house, scene)
    house.clock.advance(seconds=DAY_MS / 1000 - 0.001)
    with house.database.read() as tx:
        assert codes.check(house.call(), tx, *scene, codes.CONFIRM, code)
    house.clock.advance(seconds=0.001)
    with pytest.raises(errors.ExpiredCode):
        consume(house, scene, code)


def test_a_code_of_before_a_change_of_the_master_key_still_works(house, scene):
    code = make(house, scene)
    pool, user = scene
    rotated = msgspec.structs.replace(house.call(), keys=KeyRing([b"\1" * 32, bytes(32)], house.entropy.bytes))
    with house.database.write() as tx:
        shown = codes.consume(rotated, tx, pool, user, codes.CONFIRM, code)
    assert codes.is_current(rotated, user, shown)


def test_only_the_address_that_received_the_code_is_proven(house, scene):
    shown = consume(house, scene, make(house, scene))
    _, user = scene
    call = house.call()
    assert codes.proven(call, user, shown).email_verified
    moved = msgspec.structs.replace(user, email="other@example.com")
    assert not codes.proven(call, moved, shown).email_verified
    assert not codes.proven(call, msgspec.structs.replace(user, email=None), shown).email_verified


def test_tries_stay_counted_when_what_follows_is_rolled_back(house, scene):
    pool, user = scene
    call = house.call()
    make(house, scene)
    for _ in range(15):
        codes.take(call, pool, user.sub, codes.CONFIRM)
        with pytest.raises(errors.CodeMismatch):
            consume(house, scene, "no code")
    with pytest.raises(errors.LimitExceeded):
        codes.take(call, pool, user.sub, codes.CONFIRM)


def test_tries_at_one_purpose_leave_the_others_whole(house, scene):
    pool, user = scene
    call = house.call()
    for _ in range(15):
        codes.take(call, pool, user.sub, codes.CONFIRM)
    codes.take(call, pool, user.sub, codes.RESET)


def test_nobody_is_one_subject_in_every_spelling_and_another_in_every_pool(house, scene):
    pool, _ = scene
    other = msgspec.structs.replace(pool, pool_id="us-east-1_other")
    call = house.call()
    subject = codes.subject_of_nobody(call, pool, "\uff2eobody")
    assert subject == codes.subject_of_nobody(call, pool, "nobody")
    assert subject != codes.subject_of_nobody(call, other, "nobody")
    assert "nobody" not in subject


def test_a_removed_user_leaves_no_code(house, scene):
    code = make(house, scene)
    pool, user = scene
    house.idp.admin_delete_user(UserPoolId=pool.pool_id, Username="alice")
    with house.database.read() as tx:
        assert users.find(tx, pool.pool_id, user.sub) is None
    with pytest.raises(errors.ExpiredCode):
        consume(house, scene, code)
