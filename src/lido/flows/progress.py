"""How far a sign-in has come: sealed into the string that the person holds between two steps.

Nothing is stored for a sign-in under way. The string opens only for the pool,
client and step it was made for; its id is spent with the effect of the answer.
"""

import msgspec

from lido import errors
from lido.call import Call
from lido.rules import base64url
from lido.rules.base64url import encode as to_id
from lido.rules.custom_challenges import Round
from lido.rules.sealing import Unsealable
from lido.rules.steps import Door, Proof
from lido.storage import challenges, spent
from lido.storage.database import Transaction

INVALID = "Invalid session for the user."
EXPIRED = "Invalid session for the user, session is expired."
USED = "Invalid session for the user, session can only be used once."

PROVEN = "PROVEN"
"""The step of a sign-in that begins with its first factor proven, by a sign-up or a link."""
LONGEST_SIGN_IN_MS = 3_600_000
"""Within this time a sign-in is over, however often a step of it is asked for again."""

_PURPOSE = "session"
_ID_BYTES = 16
# The string may have 2,048 characters; what triggers keep to themselves may be more, and then rests in a table.
_LONGEST_BLOB = 1_400
_STORED = b"\x02"


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """`subject` is whose lockout counts, `state` the account's at the last step: a change of it ends what is under way.

    Both are as long for strangers as for users, so that the length of the string does not tell them apart. `secret`
    belongs to the challenge that `step` names. `choice` and `second` are the factors that the person chose,
    `address` an e-mail address that is to become one. `targets` are the levels of strength that were asked for, the
    best first; `session_id` is the session that a step-up goes on from. `rounds` are the challenges that were answered
    where the pool's triggers decide, and `defined` is what they decided last. `family` and `began_at` are the whole
    sign-in's: answers are counted for it, and it ends an hour later whatever is asked for again. `asked_from` is the
    network that the functions' questions were counted for.
    """

    step: str
    flow: str
    door: Door
    subject: str
    state: bytes
    typed: str
    expires_at: int
    id: bytes = b""
    proofs: tuple[Proof, ...] = ()
    secret: bytes = b""
    family: bytes = b""
    began_at: int = 0
    choice: str = ""
    second: str = ""
    address: str = ""
    device_key: str = ""
    device_begun: bool = False
    targets: tuple[int, ...] = ()
    session_id: str = ""
    rounds: tuple[Round, ...] = ()
    defined: str = ""
    asked_from: str = ""

    def __repr__(self) -> str:
        return f"Progress({self.step})"


_decode = msgspec.msgpack.Decoder(Progress).decode


def seal(call: Call, pool_id: str, client_id: str, progress: Progress) -> bytes:
    """The blob that `open_blob` opens, under a fresh id; the first of a sign-in names its family."""
    fresh_id = call.entropy.bytes(_ID_BYTES)
    family, began_at = progress.family or fresh_id, progress.began_at or call.now
    fresh = msgspec.structs.replace(
        progress,
        id=fresh_id,
        family=family,
        began_at=began_at,
        expires_at=min(progress.expires_at, began_at + LONGEST_SIGN_IN_MS),
    )
    return call.keys.seal(_PURPOSE, msgspec.msgpack.encode(fresh), pool_id, client_id, progress.step)


def write(client_id: str, blob: bytes) -> str:
    """The `Session` string of a blob. It names the client, because some operations that take it do not."""
    named = client_id.encode()
    return base64url.encode(bytes([len(named)]) + named + blob)


def read(text: str | None) -> tuple[str, bytes]:
    """The client that a `Session` string names, unproven, and its blob.

    Raises InvalidParameter where there is none, NotAuthorized for what is no such string.
    """
    if not text:
        raise errors.InvalidParameter("Missing required parameter Session")
    try:
        content = base64url.decode(text)
        begin = 1 + content[0]
        client_id = content[1:begin].decode("ascii")
    except (ValueError, IndexError):
        raise errors.NotAuthorized(INVALID) from None
    if "\0" in client_id:
        raise errors.NotAuthorized(INVALID)
    return client_id, content[begin:]


def shortened(call: Call, pool_id: str, blob: bytes, expires_at: int) -> bytes:
    """The blob itself, or in place of a long one a name under which it is stored."""
    if len(blob) <= _LONGEST_BLOB:
        return blob
    name = call.entropy.bytes(_ID_BYTES)
    with call.db.write() as tx:
        challenges.put(tx, pool_id, to_id(name), state=blob, expires_at=expires_at)
    return _STORED + name


def open_blob(call: Call, tx: Transaction, pool_id: str, client_id: str, step: str, blob: bytes) -> Progress:
    """The progress sealed for this pool, client and step. Raises NotAuthorized for another, or an expired one."""
    if blob.startswith(_STORED):
        blob = challenges.find(tx, pool_id, to_id(blob[1 : 1 + _ID_BYTES]), call.now) or b""
    try:
        progress = _decode(call.keys.open(_PURPOSE, blob, pool_id, client_id, step))
    except (Unsealable, msgspec.DecodeError):
        raise errors.NotAuthorized(INVALID) from None
    if progress.expires_at <= call.now:
        raise errors.NotAuthorized(EXPIRED)
    return progress


def stale(call: Call, pool_id: str, progress: Progress) -> errors.NotAuthorized:
    """The refusal of a string that the account has left behind: by its own use, or by something else."""
    with call.db.read() as tx:
        used = spent.is_spent(tx, pool_id, to_id(progress.id))
    return errors.NotAuthorized(USED if used else INVALID)


def spend(tx: Transaction, pool_id: str, progress: Progress) -> None:
    """Use the string up, first in the transaction of its effect. Raises NotAuthorized when it was used before."""
    if not spent.spend(tx, pool_id, to_id(progress.id), progress.expires_at):
        raise errors.NotAuthorized(USED)


def refuse_spent(tx: Transaction, pool_id: str, progress: Progress) -> None:
    """What `spend` would refuse, before something costly is done for it. Raises NotAuthorized."""
    if spent.is_spent(tx, pool_id, to_id(progress.id)):
        raise errors.NotAuthorized(USED)
