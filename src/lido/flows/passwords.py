"""Passwords of users: made into sealed material, compared, checked against the pool's policy and history, stored."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from lido import errors
from lido.call import Call
from lido.flows import logout_notices
from lido.flows.codes import RESET
from lido.flows.events import Fact, tell
from lido.records import Factor, Password, Pool, Status, User
from lido.rules import options, password_policy, srp
from lido.rules.passwords import SALT_BYTES, Material
from lido.storage import codes, devices, passwords, users
from lido.storage.database import Transaction

PURPOSE = "password"
HISTORY_PURPOSE = "password history"


def realm(pool: Pool) -> str:
    """The pool's name in SRP: the part of its id after "_"."""
    return pool.pool_id.partition("_")[2]


def make_material(call: Call, pool: Pool, sub: str, username: str, password: str) -> bytes:
    """What is stored of a password, sealed for this user: argon2id hash, SRP salt and verifier under `username`.

    Hashes, so it runs outside of any transaction. `password` has passed `check_policy` or `refuse_malformed`.
    """
    salt = call.entropy.bytes(srp.SALT_BYTES)
    material = Material(
        phc=call.hashing.hash(password, call.entropy.bytes(SALT_BYTES)),
        srp_salt=salt,
        srp_verifier=srp.pad(srp.verifier(srp.x(realm(pool), username, password, salt))),
        identity=username,
    )
    return call.keys.seal(PURPOSE, material.encode(), pool.pool_id, sub)


def imported_material(call: Call, pool: Pool, sub: str, foreign_hash: str) -> bytes:
    """What is stored of a password of which only a hash is known; it becomes ours at the first sign-in."""
    return call.keys.seal(PURPOSE, Material(foreign_hash).encode(), pool.pool_id, sub)


def first(pool: Pool, sub: str, material: bytes, now: int) -> Password:
    """The permanent password of a user who never had one."""
    return Password(pool.pool_id, sub, material, temporary=False, expires_at=None, version=1, set_at=now)


def open_material(call: Call, pool_id: str, sub: str, sealed: bytes) -> Material:
    """The material of `make_material`."""
    return Material.decode(call.keys.open(PURPOSE, sealed, pool_id, sub))


def verify(call: Call, material: Material | None, password: str) -> bool:
    """Whether the password fits. Without material (nobody, or nobody's password) the same work, and False.

    Hashes, so it runs outside of any transaction. Raises TooManyRequests when too many wait.
    """
    if material is None:
        call.hashing.verify(_dummy(call.hashing.hash), password)
        return False
    return call.hashing.verify(material.phc, password)


@lru_cache(maxsize=4)
def _dummy(make_hash: Callable[[str, bytes], str]) -> str:
    return make_hash("nobody's password", bytes(SALT_BYTES))


def policy_of(pool: Pool) -> password_policy.Policy:
    """The pool's password policy; Cognito's where it never set one."""
    policies = pool.settings.shape.policies
    given = policies.password_policy if policies else None
    if given is None:
        return password_policy.Policy()
    return password_policy.Policy(
        minimum_length=given.minimum_length or password_policy.Policy().minimum_length,
        uppercase=bool(given.require_uppercase),
        lowercase=bool(given.require_lowercase),
        digits=bool(given.require_numbers),
        symbols=bool(given.require_symbols),
    )


def check_policy(pool: Pool, username: str, password: str, *, prefix: str = password_policy.DOES_NOT_CONFORM) -> None:
    """Refuse a new password that the pool does not accept. Raises InvalidPassword, InvalidParameter."""
    secure = options.is_on(pool, "refuse_common_passwords")
    password_policy.check(
        policy_of(pool),
        password,
        prefix=prefix,
        context=(username, pool.name) if secure else (),
        refuse_common=secure,
    )


def history_size(pool: Pool) -> int:
    """How many of a user's last passwords, the present one among them, may not be chosen again; 0 for any."""
    policies = pool.settings.shape.policies
    given = policies.password_policy if policies else None
    return (given.password_history_size or 0) if given else 0


def earlier(tx: Transaction, pool: Pool, sub: str) -> list[bytes]:
    """The sealed hashes that `check_not_used` compares, beside the present password; none where the pool keeps none."""
    size = history_size(pool)
    return passwords.earlier(tx, pool.pool_id, sub, size) if size else []


def check_not_used(
    call: Call, pool: Pool, sub: str, password: str, *, present: Password | None, earlier: Sequence[bytes]
) -> None:
    """Raise PasswordHistoryPolicyViolation for one of the last passwords; a temporary one is not counted.

    Hashes, so it runs outside of any transaction; `earlier` was read before.
    """
    size = history_size(pool)
    if not size:
        return
    hashes = [call.keys.open(HISTORY_PURPOSE, sealed, pool.pool_id, sub).decode() for sealed in earlier]
    if present is not None and not present.temporary:
        hashes.insert(0, open_material(call, pool.pool_id, sub, present.material).phc)
    if any(call.hashing.verify(phc, password) for phc in hashes[:size]):
        raise errors.PasswordHistoryPolicyViolation


def store(
    call: Call,
    tx: Transaction,
    pool: Pool,
    sub: str,
    material: bytes,
    *,
    replaced: Password | None,
    temporary: bool = False,
    expires_at: int | None = None,
) -> bool:
    """Set the password if `replaced` is still the present one, and remember that one's hash. False: it is not."""
    version = replaced.version + 1 if replaced else 1
    fresh = Password(pool.pool_id, sub, material, temporary, expires_at, version, call.now)
    if not passwords.put(tx, fresh):
        return False
    size = history_size(pool)
    if size and replaced is not None and not replaced.temporary:
        phc = open_material(call, pool.pool_id, sub, replaced.material).phc
        sealed = call.keys.seal(HISTORY_PURPOSE, phc.encode(), pool.pool_id, sub)
        passwords.remember(tx, pool.pool_id, sub, sealed, set_at=replaced.set_at, keep=size)
    return True


def replace(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    material: bytes,
    *,
    replaced: Password | None,
    status: Status,
    expires_at: int | None = None,
    fact: Fact | None = None,
) -> None:
    """`store`, and all that follows, for a user who was locked in this transaction.

    The user gets `status` and may use a password, which is temporary where `status` says so; a reset code dies;
    sessions end where the pool wants it; the event is told. Raises Conflict when `replaced` is no longer the present
    password: start again from reading it.
    """
    temporary = status == Status.FORCE_CHANGE_PASSWORD
    if not store(call, tx, pool, user.sub, material, replaced=replaced, temporary=temporary, expires_at=expires_at):
        raise errors.Conflict
    users.set_factors(tx, pool.pool_id, user.sub, add=Factor.PASSWORD, remove=Factor.NONE, now=call.now)
    if user.status != status:
        users.set_status(tx, pool.pool_id, user.sub, status=status, seen=None, now=call.now)
    codes.remove(tx, pool.pool_id, user.sub, RESET)
    end_sessions_if_wanted(call, tx, pool, user.sub)
    tell(call, tx, pool.pool_id, "password_changed", user.sub, fact)


def end_sessions_if_wanted(call: Call, tx: Transaction, pool: Pool, sub: str) -> None:
    """End whatever was handed out and forget the devices, where the pool wants it (`password_change_ends_sessions`)."""
    if options.is_on(pool, "password_change_ends_sessions"):
        users.raise_epoch(tx, pool.pool_id, sub, call.now)
        logout_notices.add(call, tx, pool.pool_id, sub)
        devices.remove_all(tx, pool.pool_id, sub)


def strengthen(call: Call, pool: Pool, sub: str, username: str, material: Material, password: str) -> bytes | None:
    """New material for a password just proven, where its hash is cheaper than today's or its verifier is missing.

    None where nothing is to be done. Hashes, so it runs outside of any transaction.
    """
    if material.srp_verifier is not None and not call.hashing.needs_rehash(material.phc):
        return None
    return make_material(call, pool, sub, username, password)
