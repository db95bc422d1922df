"""The audit trail: what operators did, written with the deed, sealed in batches afterwards, and proven on demand.

Each seal is an HMAC over the one before it and its entries, under a key of its own that rests sealed in the
database: rotating the master key leaves the chain as it is.
"""

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec
import structlog

from lido.call import Call
from lido.flows import lasting_keys
from lido.rules.sealing import Unsealable
from lido.storage import audit
from lido.storage.audit import Entry, Seal
from lido.storage.database import Transaction

_FIRST = bytes(32)
_MOST_ENTRIES = 1000
_SEALS_AT_ONCE = 100
_log = structlog.get_logger("lido.audit")


def record(call: Call, tx: Transaction, pool_id: str, entry_id: str, action: str, body: dict[str, Any]) -> None:
    """Write what the calling operator did, in the transaction that does it; nothing where nobody signed.

    `body` holds names, never values.
    """
    if call.caller is None:
        return
    told = {**body, "access_key_id": call.caller.access_key_id, "request_id": call.request_id}
    audit.add(tx, Entry(pool_id, entry_id, call.caller.arn, action, msgspec.json.encode(told).decode()))


def seal_next(call: Call, tx: Transaction) -> bool:
    """Seal the oldest unsealed entries, at most a thousand; whether more may wait. Raises Conflict."""
    last = audit.last_seal(tx)
    number, previous = (last.seal + 1, last.digest) if last else (1, _FIRST)
    entries = audit.claim(tx, number, _MOST_ENTRIES)
    if not entries:
        return False
    seal = Seal(number, previous, b"", len(entries), call.now)
    digest = _digest(lasting_keys.make(call.keys, call.entropy, tx, lasting_keys.AUDIT), seal, entries)
    audit.add_seal(tx, msgspec.structs.replace(seal, digest=digest))
    # An outside witness: whoever rewrites the database cannot rewrite the log.
    _log.info("audit sealed", seal=number, digest=digest.hex(), entries=len(entries))
    return len(entries) == _MOST_ENTRIES


def verify(call: Call) -> int | None:
    """The number of the first seal that does not hold, or None when the whole chain does.

    Finds entries changed, added, removed or moved and seals changed or left out. The newest seals gone together with
    their entries leave no trace here; the log tells their digests. What is not sealed yet is not looked at.
    """
    number, previous, key = 0, _FIRST, _key(call)
    for seal in _seals(call):
        number += 1
        if seal.seal != number or key is None or not _holds(call, key, seal, previous):
            return number
        previous = seal.digest
    with call.db.read() as tx:
        return number + 1 if audit.highest_claimed(tx) > number else None


def _seals(call: Call) -> Iterator[Seal]:
    after = 0
    while True:
        with call.db.read() as tx:
            found = audit.seals(tx, after=after, limit=_SEALS_AT_ONCE)
        if not found:
            return
        yield from found
        after = found[-1].seal


def _holds(call: Call, key: bytes, seal: Seal, previous: bytes) -> bool:
    with call.db.read() as tx:
        entries = audit.entries_under(tx, seal.seal, _MOST_ENTRIES + 1)
    expected = _digest(key, msgspec.structs.replace(seal, previous=previous, entries=len(entries)), entries)
    return seal.previous == previous and seal.entries == len(entries) and hmac.compare_digest(expected, seal.digest)


def _digest(key: bytes, seal: Seal, entries: list[Entry]) -> bytes:
    """HMAC over number, time, the digest before, and every entry in order, as one unambiguous JSON array."""
    rows = [msgspec.structs.astuple(entry) for entry in entries]
    content = msgspec.json.encode([seal.seal, seal.sealed_at, seal.previous.hex(), rows])
    return hmac.digest(key, sha256(content).digest(), "sha256")


def _key(call: Call) -> bytes | None:
    try:
        with call.db.read() as tx:
            return lasting_keys.find(call.keys, tx, lasting_keys.AUDIT)
    except Unsealable:
        return None
