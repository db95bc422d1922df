import msgspec
import pytest

from lido import errors
from lido.flows import access, handles, sign_up
from lido.records import HandleKind, Status
from lido.rules.profile import search_keys, with_attributes
from lido.storage import user_names, users

ALIASES = {"AliasAttributes": ["email", "phone_number", "preferred_username"]}


class Scene:
    def __init__(self, house, **settings):
        self.call = house.call(root=True)
        self.database = house.database
        pool_id = house.pool(UsernameConfiguration={"CaseSensitive": False}, **settings)
        with house.database.read() as tx:
            self.pool = access.require_pool(self.call, tx, pool_id)

    def add(self, username, *, force_alias=False, **attributes):
        user = sign_up.new_user(self.call, self.pool, username, attributes, status=Status.CONFIRMED)
        with self.database.write() as tx:
            handles.claim_all(self.call, tx, self.pool, user, force_alias=force_alias)
            users.add(tx, user, search_keys(user, self.pool.folding))
        return user

    def change(self, user, *, force_alias=False, **changes):
        after = with_attributes(self.found(user), changes)
        with self.database.write() as tx:
            before = users.find_locked(tx, self.pool.pool_id, user.sub)
            after = msgspec.structs.replace(after, version=before.version)
            assert handles.store(self.call, tx, self.pool, before, after, force_alias=force_alias)
        return after

    def found(self, user):
        with self.database.read() as tx:
            return users.find(tx, self.pool.pool_id, user.sub)

    def owner(self, key):
        with self.database.read() as tx:
            row = user_names.find(tx, self.pool.pool_id, key)
            return row and (row.sub, row.kind)


@pytest.fixture
def aliases(house):
    return Scene(house, **ALIASES)


def test_an_alias_counts_only_while_it_is_verified(aliases):
    user = aliases.add("Alice", email="A@example.com")
    assert aliases.owner("alice") == (user.sub, HandleKind.USERNAME)
    assert aliases.owner("a@example.com") is None
    aliases.change(user, email_verified="true")
    assert aliases.owner("a@example.com") == (user.sub, HandleKind.EMAIL)
    aliases.change(user, email="b@example.com")
    assert aliases.owner("a@example.com") is None
    assert aliases.owner("b@example.com") == (user.sub, HandleKind.EMAIL)
    aliases.change(user, email="")
    assert aliases.owner("b@example.com") is None


def test_a_username_address_counts_from_the_first_moment_and_moves_with_the_attribute(house):
    scene = Scene(house, UsernameAttributes=["email"])
    user = scene.add("a@example.com")
    assert user.username == user.sub
    assert scene.owner("a@example.com") == (user.sub, HandleKind.EMAIL)
    with pytest.raises(errors.UsernameExists, match="An account with the given email already exists"):
        scene.add("A@example.com", force_alias=True)
    scene.change(user, email="b@example.com")
    assert scene.owner("a@example.com") is None
    other = scene.add("a@example.com")
    with pytest.raises(errors.AliasExists, match="An account with the given email already exists"):
        scene.change(other, email="B@example.com", force_alias=True)
    assert scene.owner("b@example.com") == (user.sub, HandleKind.EMAIL)


def test_a_forced_alias_moves_and_its_former_owner_is_unverified_and_told(aliases):
    first = aliases.add("first", phone_number="+14255550100", phone_number_verified="true")
    second = aliases.add("second", phone_number="+14255550100")
    with pytest.raises(errors.AliasExists, match="An account with the given phone_number already exists"):
        aliases.change(second, phone_number_verified="true")
    aliases.change(second, force_alias=True, phone_number_verified="true")
    assert aliases.owner("+14255550100") == (second.sub, HandleKind.PHONE_NUMBER)
    assert not aliases.found(first).phone_verified
    with aliases.database.read() as tx:
        assert tx.rows("SELECT sub FROM events WHERE kind = 'alias_moved'") == [(first.sub,)]


def test_what_others_are_called_is_never_moved(aliases):
    owner = aliases.add("alice")
    other = aliases.add("bob")
    with pytest.raises(errors.AliasExists):
        aliases.change(other, force_alias=True, preferred_username="ALICE")
    assert aliases.owner("alice") == (owner.sub, HandleKind.USERNAME)
    assert "preferred_username" not in aliases.found(other).attributes


@pytest.mark.parametrize("name", ["victim@example.com", "\uff36ictim\uff20example.com", "+14255550100"])
def test_a_preferred_username_passes_for_no_address(aliases, name):
    user = aliases.add("alice")
    with pytest.raises(errors.InvalidParameter):
        aliases.change(user, preferred_username=name)
    assert aliases.found(user).attributes == {}


def test_one_name_in_two_roles_outlives_the_loss_of_one(aliases):
    user = aliases.add("alice", preferred_username="Alice")
    aliases.change(user, preferred_username="al")
    assert aliases.owner("al") == (user.sub, HandleKind.PREFERRED_USERNAME)
    aliases.change(user, preferred_username="alice")
    aliases.change(user, preferred_username="")
    assert aliases.owner("alice") == (user.sub, HandleKind.USERNAME)
    assert aliases.owner("al") is None


def test_a_preferred_username_is_nobodys_sub(aliases):
    victim, other = aliases.add("alice"), aliases.add("bob")
    with pytest.raises(errors.AliasExists):
        aliases.change(other, preferred_username=victim.sub)
