"""Recovery codes, for the day the phone is lost: ten at a time, shown once, each good once in place of a second factor.

What is stored is a digest under a key that outlives the master key, because the codes lie in a drawer for years.
"""

from base64 import b32encode
from typing import Final

from lido import errors
from lido.call import Call
from lido.flows import access, lasting_keys
from lido.flows.events import tell
from lido.records import Factor, Pool, User
from lido.rules import options
from lido.rules.sealing import keyed_digest
from lido.storage import recovery_codes, users
from lido.storage.database import Transaction

COUNT: Final = 10
_RANDOM_BYTES = 10
_GROUP = 4
_LONGEST_TYPED = 64
_PURPOSE = "recovery code"


def are_taken(pool: Pool) -> bool:
    """Whether the pool takes recovery codes."""
    return options.is_on(pool, "recovery_codes")


def make(call: Call, pool: Pool, user: User) -> list[str]:
    """Ten new codes, each of 80 random bits; the earlier ones are worth nothing any more.

    Raises InvalidParameter where the pool takes none, UserNotFound when the user is gone.
    """
    if not are_taken(pool):
        raise errors.InvalidParameter("The pool takes no recovery codes; its setting recovery_codes is off.")
    codes = [b32encode(call.entropy.bytes(_RANDOM_BYTES)).decode("ascii").lower() for _ in range(COUNT)]
    with call.db.write() as tx:
        if users.find_locked(tx, pool.pool_id, user.sub) is None:
            raise errors.UserNotFound
        key = lasting_keys.make(call.keys, call.entropy, tx, lasting_keys.RECOVERY_CODES)
        digests = [_digest(key, user, code) for code in codes]
        recovery_codes.replace(tx, pool.pool_id, user.sub, digests, call.now)
        users.set_factors(tx, pool.pool_id, user.sub, add=Factor.RECOVERY_CODES, remove=Factor.NONE, now=call.now)
        tell(call, tx, pool.pool_id, "recovery_codes_made", user.sub)
    return ["-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)) for code in codes]


def make_for(call: Call, pool_id: str, username: str) -> list[str]:
    """The same for an operator. Raises ResourceNotFound, UserNotFound, InvalidParameter."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        user = access.require_user(tx, pool, username)
    return make(call, pool, user)


def find(call: Call, user: User, typed: str) -> bytes | None:
    """The digest of an unused code of the user, however its case and dashes were typed; None for any other text."""
    code = "".join(letter for letter in typed[:_LONGEST_TYPED].lower() if letter not in "- ")
    with call.db.read() as tx:
        key = lasting_keys.find(call.keys, tx, lasting_keys.RECOVERY_CODES)
        if key is None:
            return None
        digest = _digest(key, user, code)
        return digest if recovery_codes.has(tx, user.pool_id, user.sub, digest) else None


def use(call: Call, tx: Transaction, user: User, digest: bytes) -> bool:
    """Use a code up, in the transaction of its effect; False: it was used meanwhile."""
    users.lock(tx, user.pool_id, user.sub)
    if not recovery_codes.use(tx, user.pool_id, user.sub, digest):
        return False
    if recovery_codes.count(tx, user.pool_id, user.sub) == 0:
        users.set_factors(tx, user.pool_id, user.sub, add=Factor.NONE, remove=Factor.RECOVERY_CODES, now=call.now)
    tell(call, tx, user.pool_id, "recovery_code_used", user.sub)
    return True


def _digest(key: bytes, user: User, code: str) -> bytes:
    return keyed_digest(key, _PURPOSE, user.pool_id, user.sub, code)
