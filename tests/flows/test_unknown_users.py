"""Nobody's answers: stable, of the right form, and different for every name and pool."""

import msgspec
import pytest
from tests.world import World

from lido.flows import lasting_keys, unknown_users
from lido.records import Pool, PoolSettings
from lido.rules import identifiers, srp
from lido.rules.sealing import KeyRing
from lido.shapes import idp


@pytest.fixture
def call(house):
    return house.call()


def pool(**shape):
    settings = PoolSettings(shape=idp.UserPoolType(**shape))
    return Pool("us-east-1_a", "us-east-1", "people", settings, 1, 1, 0, 0)


def test_every_answer_depends_on_pool_and_name_alone(call):
    for answer in (unknown_users.subject, unknown_users.srp_salt, unknown_users.srp_verifier):
        first = answer(call, "pool", "nobody")
        assert first == answer(call, "pool", "nobody")
        assert first != answer(call, "pool", "nobody2")
        assert first != answer(call, "pool2", "nobody")


def test_answers_have_the_form_of_real_ones(call):
    assert len(unknown_users.srp_salt(call, "pool", "nobody")) == srp.SALT_BYTES
    assert 1 < unknown_users.srp_verifier(call, "pool", "nobody") < srp.N
    assert len(unknown_users.subject(call, "pool", "nobody")) == len(call.entropy.uuid())
    assert unknown_users.is_subject(unknown_users.subject(call, "pool", "nobody"))
    assert not unknown_users.is_subject(call.entropy.uuid())


@pytest.mark.parametrize(
    ("shape", "typed", "is_uuid"),
    [
        ({}, "nobody", False),
        ({}, "nobody@example.com", False),
        ({"alias_attributes": ["email"]}, "nobody", False),
        ({"alias_attributes": ["email"]}, "nobody@example.com", True),
        ({"alias_attributes": ["phone_number"]}, "+4912345678", True),
        ({"username_attributes": ["email"]}, "nobody@example.com", True),
    ],
)
def test_the_identity_is_what_a_user_of_that_name_would_have(call, shape, typed, is_uuid):
    identity = unknown_users.srp_identity(call, pool(**shape), typed, typed)

    assert identifiers.is_uuid(identity) == is_uuid
    assert is_uuid or identity == typed


def test_nobody_stays_the_same_when_the_master_key_is_rotated(house):
    before = house.call()
    keys = KeyRing([b"\x01" * 32, bytes(32)], house.entropy.bytes)
    lasting_keys.reseal(msgspec.structs.replace(before, keys=keys), lasting_keys.STAND_INS)
    after = World(house.database, keys=keys)

    assert unknown_users.srp_salt(after.call(), "pool", "nobody") == unknown_users.srp_salt(before, "pool", "nobody")
    after.close()
