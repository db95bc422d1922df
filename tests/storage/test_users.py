import msgspec
import pytest

from lido.errors import Conflict
from lido.records import Factor, Handle, HandleKind, Session, Status, User
from lido.rules.profile import search_keys
from lido.storage import pending_attributes, user_names, users
from lido.storage.database import Database

POOL, OTHER = "us-east-1_people", "us-east-1_others"
ALICE = User(
    pool_id=POOL,
    sub="a",
    username="Alice",
    status=Status.UNCONFIRMED,
    enabled=True,
    epoch=3,
    signed_out_at=0,
    version=7,
    factors=Factor.PASSWORD,
    preferred_factor=None,
    email="Alice@b.example",
    email_verified=True,
    phone_number="+4912345",
    phone_verified=False,
    attributes={"name": "Alice É", "custom:n": ""},
    created_at=1,
    modified_at=2,
)
BOB = msgspec.structs.replace(ALICE, sub="b", username="bob", email=None, email_verified=False)


def add(database: Database, *people: User) -> None:
    with database.write() as tx:
        for user in people:
            users.add(tx, user, search_keys(user, 1))


def read(database: Database, sub: str = "a", pool_id: str = POOL) -> User | None:
    with database.read() as tx:
        return users.find(tx, pool_id, sub)


def handle(name: str, sub: str = "a", kind: HandleKind = HandleKind.USERNAME, pool_id: str = POOL) -> Handle:
    return Handle(pool_id, name, kind, sub)


def owner(database: Database, name: str) -> str | None:
    with database.read() as tx:
        found = user_names.find(tx, POOL, name)
    return found.sub if found else None


def test_a_stored_user_comes_back_as_it_was(database: Database) -> None:
    add(database, ALICE)
    found = read(database)
    assert found == ALICE
    assert found is not None
    assert found.enabled is True
    assert found.phone_verified is False


def test_a_user_is_found_in_its_own_pool_only(database: Database) -> None:
    add(database, ALICE)
    assert read(database, pool_id=OTHER) is None


def test_two_users_cannot_have_one_sub(database: Database) -> None:
    add(database, ALICE)
    with pytest.raises(Conflict):
        add(database, ALICE)


def test_a_handle_leads_to_its_user_in_its_own_pool_only(database: Database) -> None:
    add(database, ALICE, BOB)
    with database.write() as tx:
        user_names.claim(tx, handle("alice"))
    with database.read() as tx:
        found = users.find_by_name(tx, POOL, "alice")
        assert found == ALICE
        assert users.find_by_name(tx, OTHER, "alice") is None
        assert users.find_by_name(tx, POOL, "bob") is None


def test_a_profile_is_written_with_its_search_keys(database: Database) -> None:
    add(database, ALICE)
    changed = msgspec.structs.replace(
        ALICE, email="New@b.example", email_verified=False, attributes={"given_name": "ALI", "preferred_username": "Al"}
    )
    with database.write() as tx:
        assert users.set_profile(tx, changed, search_keys(changed, 1), 9)
        row = tx.row(
            """SELECT username_key, email_key, name_key, given_name_key, family_name_key, preferred_username_key
               FROM users WHERE pool_id = :pool_id AND sub = :sub""",
            pool_id=POOL,
            sub="a",
        )
    assert row == ("alice", "new@b.example", None, "ali", None, "al")
    assert read(database) == msgspec.structs.replace(changed, version=8, modified_at=9)


def test_a_profile_read_before_another_change_is_not_written(database: Database) -> None:
    add(database, ALICE)
    first = msgspec.structs.replace(ALICE, attributes={"name": "first"})
    second = msgspec.structs.replace(ALICE, attributes={"name": "second"})
    with database.write() as tx:
        assert users.set_profile(tx, first, search_keys(first, 1), 9)
        assert not users.set_profile(tx, second, search_keys(second, 1), 9)
    found = read(database)
    assert found is not None
    assert found.attributes == {"name": "first"}


def test_a_status_changes_only_from_the_one_that_was_seen(database: Database) -> None:
    add(database, ALICE)
    with database.write() as tx:
        assert not users.set_status(tx, POOL, "a", status=Status.CONFIRMED, seen=Status.RESET_REQUIRED, now=9)
        assert users.set_status(tx, POOL, "a", status=Status.CONFIRMED, seen=Status.UNCONFIRMED, now=9)
        assert users.set_status(tx, POOL, "a", status=Status.RESET_REQUIRED, seen=None, now=9)
        assert not users.set_status(tx, POOL, "b", status=Status.CONFIRMED, seen=None, now=9)
    found = read(database)
    assert found is not None
    assert (found.status, found.version, found.modified_at) == (Status.RESET_REQUIRED, 9, 9)


def test_factors_are_added_and_removed_without_touching_others(database: Database) -> None:
    add(database, ALICE)
    with database.write() as tx:
        assert users.set_factors(tx, POOL, "a", add=Factor.TOTP | Factor.SMS, remove=Factor.NONE, now=9)
        assert users.set_factors(tx, POOL, "a", add=Factor.NONE, remove=Factor.SMS | Factor.EMAIL, now=9)
    found = read(database)
    assert found is not None
    assert found.factors == Factor.PASSWORD | Factor.TOTP


def test_disabling_ends_what_was_handed_out_and_enabling_does_not_revive_it(database: Database) -> None:
    add(database, ALICE)
    with database.write() as tx:
        assert users.disable(tx, POOL, "a", 9)
    found = read(database)
    assert found is not None
    assert (found.enabled, found.epoch, found.signed_out_at) == (False, 4, 9)
    with database.write() as tx:
        assert users.enable(tx, POOL, "a", 10)
    found = read(database)
    assert found is not None
    assert (found.enabled, found.epoch, found.signed_out_at, found.modified_at) == (True, 4, 9, 10)


def test_raising_the_epoch_leaves_the_profile_unmodified(database: Database) -> None:
    add(database, ALICE)
    with database.write() as tx:
        assert users.raise_epoch(tx, POOL, "a", 9)
    assert read(database) == msgspec.structs.replace(ALICE, epoch=4, signed_out_at=9, version=8)


def test_nobody_is_changed_where_nobody_is(database: Database) -> None:
    with database.write() as tx:
        assert not users.enable(tx, POOL, "a", 9)
        assert not users.disable(tx, POOL, "a", 9)
        assert not users.raise_epoch(tx, POOL, "a", 9)
        assert not users.set_factors(tx, POOL, "a", add=Factor.SMS, remove=Factor.NONE, now=9)
        assert not users.lock(tx, POOL, "a")
        assert users.find_locked(tx, POOL, "a") is None
        assert not users.remove(tx, POOL, "a", [])


def test_a_locked_user_is_read_after_the_lock(database: Database) -> None:
    add(database, ALICE)
    with database.write() as tx:
        assert users.find_locked(tx, POOL, "a") == msgspec.structs.replace(ALICE, version=8)


def test_a_removed_user_leaves_nothing_and_nobody_else_is_touched(database: Database) -> None:
    add(database, ALICE, BOB)
    with database.write() as tx:
        for user in (ALICE, BOB):
            user_names.claim(tx, handle(user.username, user.sub))
            pending_attributes.put(tx, POOL, user.sub, "email", "c@d.example", 1)
            _add_belongings(tx, user.sub)
        assert users.remove(tx, POOL, "a", ["Alice"])
        assert not users.remove(tx, POOL, "a", ["Alice"])
        for table in (*users._BELONGINGS, "user_names", "users"):
            rows = tx.rows(f"SELECT sub FROM {table} WHERE pool_id = :pool_id", pool_id=POOL)
            assert rows == [("b",)], table


def test_a_handle_that_has_a_new_owner_survives_the_removal_of_the_old_one(database: Database) -> None:
    add(database, ALICE, BOB)
    with database.write() as tx:
        user_names.claim(tx, handle("alias", "b", HandleKind.EMAIL))
        assert users.remove(tx, POOL, "a", ["alias"])
    assert owner(database, "alias") == "b"


def _add_belongings(tx, sub: str) -> None:
    key = {"pool_id": POOL, "sub": sub}
    tx.run(
        """INSERT INTO passwords (pool_id, sub, material, temporary, expires_at, version, set_at)
           VALUES (:pool_id, :sub, :blob, FALSE, NULL, 1, 1)""",
        blob=b"x",
        **key,
    )
    tx.run(
        "INSERT INTO password_history (pool_id, sub, set_at, hash) VALUES (:pool_id, :sub, 1, :blob)", blob=b"x", **key
    )
    tx.run(
        """INSERT INTO codes (pool_id, sub, purpose, id, digest, epoch, created_at, expires_at)
           VALUES (:pool_id, :sub, 'reset', 'i', :blob, 1, 1, 1)""",
        blob=b"x",
        **key,
    )
    tx.run("INSERT INTO group_members (pool_id, sub, group_name, added_at) VALUES (:pool_id, :sub, 'g', 1)", **key)
    tx.run(
        """INSERT INTO totp_keys (pool_id, sub, id, seed, verified, last_step, created_at)
           VALUES (:pool_id, :sub, 'i', :blob, TRUE, 0, 1)""",
        blob=b"x",
        **key,
    )
    tx.run(
        """INSERT INTO linked_identities (pool_id, provider, attribute, subject, sub, kind, is_primary, linked_at)
           VALUES (:pool_id, 'Google', 'Cognito_Subject', :sub, :sub, 'Google', FALSE, 1)""",
        **key,
    )
    tx.run(
        "INSERT INTO recovery_codes (pool_id, sub, digest, created_at) VALUES (:pool_id, :sub, :blob, 1)",
        blob=b"x",
        **key,
    )
    tx.run(
        """INSERT INTO passkeys (pool_id, credential_id, sub, public_key, sign_count, backup_eligible, backed_up, rp_id,
             created_at) VALUES (:pool_id, :sub, :sub, :blob, 0, FALSE, FALSE, 'r', 1)""",
        blob=b"x",
        **key,
    )
    tx.run(
        """INSERT INTO devices (pool_id, sub, device_key, group_key, status, created_at, modified_at, last_signed_in_at)
           VALUES (:pool_id, :sub, 'd', 'g', 2, 1, 1, 1)""",
        **key,
    )
    tx.run(
        """INSERT INTO sso_sessions (pool_id, sub, id, secret_digest, epoch, auth_time, proofs, created_at, active_at,
             expires_at) VALUES (:pool_id, :sub, 's', :blob, 1, 1, '[]', 1, 1, 1)""",
        blob=b"x",
        **key,
    )
    tx.run(
        """INSERT INTO consents (pool_id, sub, client_id, scopes, client_name, given_at)
           VALUES (:pool_id, :sub, 'c', 'openid', 'app', 1)""",
        **key,
    )
    session = Session(POOL, sub, "s", "c", None, 1, 1, 1, 0, 0, None, 1, 1, 1, 1, "{}", None, None)
    names = list(session.__struct_fields__)
    tx.run(
        f"INSERT INTO sessions ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})",
        **msgspec.structs.asdict(session),
    )


def test_a_handle_is_claimed_once(database: Database) -> None:
    with database.write() as tx:
        assert user_names.claim(tx, handle("alice", "a"))
        assert not user_names.claim(tx, handle("alice", "b"))
        assert user_names.claim(tx, handle("alice", "b", pool_id=OTHER))
    assert owner(database, "alice") == "a"


def test_a_handle_moves_only_within_its_kind_and_names_the_loser(database: Database) -> None:
    with database.write() as tx:
        assert user_names.move(tx, handle("x@y.example", "a", HandleKind.EMAIL)) is None
        assert user_names.move(tx, handle("x@y.example", "b", HandleKind.USERNAME)) is None
        assert user_names.move(tx, handle("x@y.example", "a", HandleKind.EMAIL)) is None
        assert user_names.move(tx, handle("x@y.example", "b", HandleKind.EMAIL)) == "a"
    assert owner(database, "x@y.example") == "b"


def test_a_handle_is_released_by_its_owner_under_its_kind_only(database: Database) -> None:
    with database.write() as tx:
        user_names.claim(tx, handle("x@y.example", "a", HandleKind.EMAIL))
        assert not user_names.release(tx, POOL, "x@y.example", HandleKind.EMAIL, "b")
        assert not user_names.release(tx, POOL, "x@y.example", HandleKind.USERNAME, "a")
        assert user_names.release(tx, POOL, "x@y.example", HandleKind.EMAIL, "a")
    assert owner(database, "x@y.example") is None


def test_a_former_owner_loses_the_proof_of_that_address_only(database: Database) -> None:
    add(database, msgspec.structs.replace(ALICE, phone_verified=True))
    with database.write() as tx:
        assert not user_names.unverify_email(tx, POOL, "a", "other@b.example")
        assert not user_names.unverify_phone(tx, POOL, "a", "+1")
        assert user_names.unverify_email(tx, POOL, "a", "alice@b.example")
        assert user_names.unverify_phone(tx, POOL, "a", "+4912345")
    found = read(database)
    assert found is not None
    assert (found.email_verified, found.phone_verified, found.version) == (False, False, 9)


def test_one_value_of_each_name_waits_for_its_proof(database: Database) -> None:
    with database.write() as tx:
        pending_attributes.put(tx, POOL, "a", "email", "one@b.example", 1)
        pending_attributes.put(tx, POOL, "a", "email", "two@b.example", 2)
        pending_attributes.put(tx, POOL, "a", "phone_number", "+1", 2)
        assert pending_attributes.find(tx, POOL, "a", "email") == "two@b.example"
        assert pending_attributes.find(tx, POOL, "b", "email") is None
        assert pending_attributes.remove(tx, POOL, "a", "email")
        assert not pending_attributes.remove(tx, POOL, "a", "email")
        assert pending_attributes.find(tx, POOL, "a", "phone_number") == "+1"
