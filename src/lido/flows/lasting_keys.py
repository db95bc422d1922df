"""Keys that outlive the master key: random, sealed among the database's facts, sealed anew at a rotation.

The audit chain must be provable, the answers for users that do not exist must stay the same, and recovery codes must
be worth something, and certificates be asked for by the same account, whichever master key seals today.
"""

from typing import Final

from lido.call import Call
from lido.ports.entropy import Entropy
from lido.rules import base64url
from lido.rules.sealing import KeyRing
from lido.storage import facts
from lido.storage.database import Database, Transaction

AUDIT: Final = "audit key"
STAND_INS: Final = "stand-in key"
RECOVERY_CODES: Final = "recovery code key"
ACME_ACCOUNT: Final = "ACME account key"
NAMES = (AUDIT, STAND_INS, RECOVERY_CODES, ACME_ACCOUNT)
PURPOSE: Final = "lasting key"
_BYTES = 32


def find(keys: KeyRing, tx: Transaction, name: str) -> bytes | None:
    """The key, or None before its first use. Raises Unsealable."""
    sealed = facts.find(tx, name)
    return None if sealed is None else keys.open_text(PURPOSE, sealed, name)


def make(keys: KeyRing, entropy: Entropy, tx: Transaction, name: str) -> bytes:
    """The key, made now if nobody has yet, in the caller's write. Raises Unsealable."""
    found = find(keys, tx, name)
    if found is None:
        facts.add(tx, name, keys.seal_text(PURPOSE, entropy.bytes(_BYTES), name))
        found = find(keys, tx, name)
    if found is None:
        raise LookupError(f"the {name} was not kept")
    return found


def provide(database: Database, keys: KeyRing, entropy: Entropy, name: str) -> bytes:
    """The key; written only where it is missing, so a start is one read. Raises Unsealable."""
    with database.read() as tx:
        found = find(keys, tx, name)
    if found is not None:
        return found
    with database.write() as tx:
        return make(keys, entropy, tx, name)


def reseal(call: Call, name: str) -> bool:
    """Seal the key with the newest master key; whether there was anything to do. Raises Unsealable."""
    with call.db.read() as tx:
        sealed = facts.find(tx, name)
    if sealed is None or call.keys.is_newest(base64url.decode(sealed)):
        return False
    renewed = call.keys.seal_text(PURPOSE, call.keys.open_text(PURPOSE, sealed, name), name)
    with call.db.write() as tx:
        return facts.replace(tx, name, renewed, replaced=sealed)
