"""Operators: their access keys, and who a verified signature makes the caller.

A key that was read is trusted for at most one second, on every node.
"""

import hmac
import re

import msgspec

from lido.call import Call, Caller
from lido.flows import audit
from lido.records import AccessKey, Operator
from lido.rules import policies
from lido.rules.sealing import Unsealable
from lido.storage import operators
from lido.storage.database import Transaction

ROOT = "root"
PURPOSE = "access key"
POLICIES = {"full": policies.FULL_ACCESS, "read-only": policies.READ_ONLY_ACCESS}
"""Policies that have a name."""
_OPERATOR = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Key:
    """A living access key with its opened secret. Its repr tells the id only."""

    __slots__ = ("access_key_id", "operator_id", "policies", "secret")

    def __init__(
        self, access_key_id: str, operator_id: str, secret: str, policies_: tuple[policies.Policy, ...]
    ) -> None:
        self.access_key_id = access_key_id
        self.operator_id = operator_id
        self.secret = secret
        self.policies = policies_

    def __repr__(self) -> str:
        """The id; never the secret."""
        return f"<Key {self.access_key_id}>"


def find_key(call: Call, access_key_id: str) -> Key | None:
    """The living access key of that id, as it was at most a second ago."""
    with call.db.read() as tx:
        second = call.now // 1000
        remembered = ("access key", access_key_id)
        kept: Key | None = tx.documents.get(remembered, second)
        if kept is not None:
            return kept
        row = operators.find_key(tx, access_key_id)
        operator = operators.find(tx, row.operator_id) if row else None
        if row is None or operator is None or row.revoked_at is not None:
            return None
        key = _open(call, row, operator)
        tx.documents.keep(remembered, second, key)
        return key


def _open(call: Call, row: AccessKey, operator: Operator) -> Key:
    secret = call.keys.open(PURPOSE, row.secret, row.access_key_id).decode()
    return Key(row.access_key_id, operator.id, secret, (policies.validate(row.policy),))


def caller(call: Call, key: Key, region: str) -> Caller:
    """Whom a signature by `key` for `region` makes the caller."""
    arn = f"arn:aws:iam::{call.house.account_id}:" + (ROOT if key.operator_id == ROOT else f"user/{key.operator_id}")
    return Caller(arn=arn, access_key_id=key.access_key_id, region=region, policies=key.policies)


def new_key_pair(call: Call) -> tuple[str, str]:
    """A fresh access key id (`AKIA` and 16 letters) and secret (40 characters), in AWS's forms."""
    letters = "".join(_ID_LETTERS[byte & 31] for byte in call.entropy.bytes(16))
    secret = call.entropy.bytes(30)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bits = int.from_bytes(secret, "big")
    return f"AKIA{letters}", "".join(alphabet[bits >> shift & 63] for shift in range(0, 240, 6))


def store_key(
    call: Call, tx: Transaction, *, operator_id: str, name: str, access_key_id: str, secret: str, policy: str
) -> None:
    """Store an access key, and its operator where it is the first key; an existing key gets the secret anew."""
    operators.add(tx, Operator(operator_id, name, policy, call.now))
    sealed = call.keys.seal(PURPOSE, secret.encode(), access_key_id)
    row = AccessKey(access_key_id, operator_id, sealed, policy, 1, call.now, None)
    if not operators.add_key(tx, row):
        operators.set_secret(tx, access_key_id, sealed)
    audit.note(call, Operator=operator_id, AccessKeyId=access_key_id)


def has_root(call: Call) -> bool:
    """Whether the root operator was ever given a key."""
    with call.db.read() as tx:
        return operators.find(tx, ROOT) is not None


def make_root(call: Call, access_key_id: str, secret: str) -> bool:
    """Give a new installation its root operator and key; False: it has one, and nothing is changed."""
    with call.db.write() as tx:
        if not operators.add(tx, Operator(ROOT, ROOT, policies.FULL_ACCESS, call.now)):
            return False
        _store_root(call, tx, access_key_id, secret)
        return True


def is_root_key(call: Call, access_key_id: str, secret: str) -> bool:
    """Whether this is a living key of the root operator, with that secret."""
    with call.db.read() as tx:
        row = operators.find_key(tx, access_key_id)
    if row is None or row.operator_id != ROOT or row.revoked_at is not None:
        return False
    try:
        kept = call.keys.open(PURPOSE, row.secret, row.access_key_id)
    except Unsealable:
        return False
    return hmac.compare_digest(kept, secret.encode())


def set_root_key(call: Call, access_key_id: str, secret: str) -> None:
    """Make this a living key of the root operator."""
    with call.db.write() as tx:
        _store_root(call, tx, access_key_id, secret)


def _store_root(call: Call, tx: Transaction, access_key_id: str, secret: str) -> None:
    store_key(
        call,
        tx,
        operator_id=ROOT,
        name=ROOT,
        access_key_id=access_key_id,
        secret=secret,
        policy=policies.FULL_ACCESS,
    )


def as_root(call: Call) -> Call:
    """The same call, made by the root operator: for what the house does for itself."""
    key = Key("", ROOT, "", (policies.validate(policies.FULL_ACCESS),))
    return msgspec.structs.replace(call, caller=caller(call, key, call.house.default_region))


def at_the_machine(call: Call, actor: str, region: str) -> Call:
    """The same call, made by whoever runs a command on the machine, who may do everything; `actor` names them."""
    full = (policies.validate(policies.FULL_ACCESS),)
    return msgspec.structs.replace(call, caller=Caller(arn=actor, access_key_id="", region=region, policies=full))


def create_key(call: Call, *, operator_id: str, name: str, policy: str) -> tuple[str, str]:
    """A new access key of that operator, who is made where missing: id and secret, which is told only now.

    Raises ValueError, with a sentence, for a policy or an operator's id that cannot be.
    """
    policies.validate(policy)
    if _OPERATOR.fullmatch(operator_id) is None:
        raise ValueError("An operator's id has 1 to 64 letters, digits or +=,.@_- .")
    access_key_id, secret = new_key_pair(call)
    with call.db.write() as tx:
        store_key(
            call, tx, operator_id=operator_id, name=name, access_key_id=access_key_id, secret=secret, policy=policy
        )
    return access_key_id, secret


def all_keys(call: Call) -> list[AccessKey]:
    """Every access key, revoked ones too, oldest first; the secrets stay sealed."""
    with call.db.read() as tx:
        return operators.keys(tx)


def revoke_key(call: Call, access_key_id: str) -> bool:
    """End an access key, on every node within a second; False: there is no living one of that id."""
    with call.db.write() as tx:
        audit.note(call, AccessKeyId=access_key_id)
        return operators.revoke_key(tx, access_key_id, call.now)
