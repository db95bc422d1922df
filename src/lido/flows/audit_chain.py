"""The chain over the audit trail: entries are sealed in batches afterwards, and proven on demand.

Each seal is an HMAC over the one before it and what proves its entries, under a key of its own that rests sealed in
the database: rotating the master key leaves the chain as it is. The head, the newest seal, stands in the database
under a proof of its own, in the log, and wherever an operator keeps it.
"""

import hmac
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
import structlog
from msgspec.structs import replace

from lido.call import Call
from lido.flows import audit as trail
from lido.flows import lasting_keys
from lido.ports.entropy import Entropy
from lido.rules.sealing import KeyRing
from lido.storage import audit, facts
from lido.storage.audit import Entry, Seal
from lido.storage.database import Database, Transaction

_FIRST = bytes(32)
_MAC_BYTES = 32
_MOST_ENTRIES = 1000
_AT_ONCE = 100
_HEAD = "audit head"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_log = structlog.get_logger("lido.audit")

Progress = Callable[[int], None]
"""Hears how many seals were looked at since it last heard."""


class Head(NamedTuple):
    """A seal by its number and digest; as text `NUMBER:DIGEST`."""

    seal: int
    digest: bytes

    def __str__(self) -> str:
        """In the form that `head_of` reads."""
        return f"{self.seal}:{self.digest.hex()}"


class Break(NamedTuple):
    """Where the trail does not hold first: the seal (0 where none is concerned), the entry ('' for none), and how."""

    seal: int
    entry: str
    what: str


def head_of(text: str) -> Head:
    """The head that the text names. Raises ValueError, with a sentence."""
    number, _, digest = text.partition(":")
    try:
        head = Head(int(number), bytes.fromhex(digest))
    except ValueError:
        head = Head(0, b"")
    if head.seal < 1 or len(head.digest) != _MAC_BYTES:
        raise ValueError("A head is a number, a colon and 64 hexadecimal digits, as `lido audit head` prints it.")
    return head


def provide_key(database: Database, keys: KeyRing, entropy: Entropy) -> bytes:
    """The key of trail and chain, made with the installation; so is the head of a chain without seals.

    Whoever empties the trail later cannot write that head again. Raises Unsealable.
    """
    with database.read() as tx:
        found = lasting_keys.find(keys, tx, lasting_keys.AUDIT)
    if found is not None:
        return found
    with database.write() as tx:
        key = lasting_keys.make(keys, entropy, tx, lasting_keys.AUDIT)
        facts.add(tx, _HEAD, f"0:{_proof(key, Head(0, _FIRST))}")
    return key


def seal_next(call: Call, tx: Transaction) -> bool:
    """Seal the oldest unsealed entries, at most a thousand; whether more may wait. Raises Conflict."""
    last = audit.last_seal(tx)
    number, previous = (last.seal + 1, last.digest) if last else (1, _FIRST)
    entries = audit.claim(tx, number, _MOST_ENTRIES)
    if not entries:
        return False
    seal = Seal(number, previous, b"", len(entries), call.now, b"".join(entry.mac or b"" for entry in entries))
    head = Head(number, _digest(call.house.audit_key, seal))
    audit.add_seal(tx, replace(seal, digest=head.digest))
    _remember(call, tx, head)
    # An outside witness: whoever rewrites the database cannot rewrite the log.
    _log.info("audit sealed", seal=number, digest=head.digest.hex(), entries=len(entries))
    return len(entries) == _MOST_ENTRIES


def head(call: Call) -> Head | None:
    """The newest seal; None where nothing is sealed yet."""
    with call.db.read() as tx:
        last = audit.last_seal(tx)
    return Head(last.seal, last.digest) if last else None


def verify(
    call: Call, *, after: Head | None = None, holding: Head | None = None, progress: Progress | None = None
) -> Break | None:
    """The first place where the trail does not hold, or None when all of it does.

    Finds every entry and seal that was changed, added, removed, moved or cut off, except one: whoever also puts an
    earlier head back in its place leaves a trail that is shorter and holds. A head kept elsewhere finds that: the
    chain must still go through `holding`. `after` is such a head too, and what came before it is not looked at.
    """
    with call.db.read() as tx:
        lowest = audit.lowest_seal(tx)
        if after is not None and not _stands(tx, after):
            return Break(after.seal, "", f"seal {after.seal} is not the one that was kept")
    if lowest is not None and lowest < 1:
        return Break(lowest, "", f"seal {lowest} was added")
    walk = _Walk(call, after or Head(0, _FIRST), progress or (lambda _: None))
    broken = walk.run()
    if broken is None and holding is not None:
        with call.db.read() as tx:
            broken = None if _stands(tx, holding) else _cut(holding.seal)
    if broken is None:
        broken = _against_remembered(call, walk.last)
    return broken or _unsealed_forged(call)


class _Walk:
    """Along the chain, from one seal on; `last` is how far it held."""

    def __init__(self, call: Call, start: Head, progress: Progress) -> None:
        self._call = call
        self._progress = progress
        self.last = start

    def run(self) -> Break | None:
        while True:
            for seal in self._seals():
                broken = _broken(self._call, seal, self.last)
                if broken is not None:
                    return broken
                self.last = Head(seal.seal, seal.digest)
                self._progress(1)
            with self._call.db.read() as tx:
                stray = audit.outside(tx, self.last.seal)
                grew = bool(audit.seals(tx, after=self.last.seal, limit=1))
            if not grew:
                return None if stray is None else _without_seal(stray)

    def _seals(self) -> Iterator[Seal]:
        after = self.last.seal
        while True:
            with self._call.db.read() as tx:
                found = audit.seals(tx, after=after, limit=_AT_ONCE)
            if not found:
                return
            yield from found
            after = found[-1].seal


def _broken(call: Call, seal: Seal, last: Head) -> Break | None:
    number = last.seal + 1
    if seal.seal != number:
        return Break(number, "", f"seal {number} is missing")
    with call.db.read() as tx:
        entries = audit.entries_under(tx, number, _MOST_ENTRIES + 1)
    for entry in entries:
        if not _proven(call, entry):
            return Break(number, entry.id, f"{_called(entry)} was changed or forged")
    if not hmac.compare_digest(_digest(call.house.audit_key, seal), seal.digest) or seal.previous != last.digest:
        return Break(number, "", f"seal {number} was changed")
    return _misplaced(seal, entries)


def _misplaced(seal: Seal, entries: list[Entry]) -> Break | None:
    """Entries are genuine, the seal is: are they those that it covers?"""
    macs = seal.macs or b""
    covered = [macs[at : at + _MAC_BYTES] for at in range(0, len(macs), _MAC_BYTES)]
    for entry, expected in zip(entries, covered, strict=False):
        if entry.mac != expected:
            if entry.mac in covered:
                return Break(seal.seal, entry.id, f"an entry is missing before {_called(entry)}")
            return Break(seal.seal, entry.id, f"{_called(entry)} does not belong under seal {seal.seal}")
    if len(entries) < len(covered):
        after = f"after {_called(entries[-1])}" if entries else f"under seal {seal.seal}"
        return Break(seal.seal, entries[-1].id if entries else "", f"an entry is missing {after}")
    if len(entries) > len(covered):
        entry = entries[len(covered)]
        return Break(seal.seal, entry.id, f"{_called(entry)} does not belong under seal {seal.seal}")
    return None


def _against_remembered(call: Call, last: Head) -> Break | None:
    """Whether the head that the database remembers is there; it may be newer by now than `last`, how far was looked."""
    with call.db.read() as tx:
        remembered = facts.find(tx, _HEAD)
    if remembered is None:
        return Break(last.seal, "", "the remembered head is missing")
    number, _, proof = remembered.partition(":")
    if number == "0" and last.seal == 0:
        head = Head(0, _FIRST)
    else:
        with call.db.read() as tx:
            seal = audit.find_seal(tx, int(number)) if _NUMBER.fullmatch(number) else None
        if seal is None:
            return _cut(last.seal + 1)
        head = Head(seal.seal, seal.digest)
    if not hmac.compare_digest(_proof(call.house.audit_key, head).encode(), proof.encode()):
        return Break(head.seal, "", "the remembered head was changed")
    return None


def _without_seal(entry: audit.SealedEntry) -> Break:
    return Break(entry.seal or 0, entry.id, f"seal {entry.seal} over {_called(entry)} is missing")


def _cut(seal: int) -> Break:
    return Break(seal, "", f"the newest seals, from {seal} on or before, are missing")


def _unsealed_forged(call: Call) -> Break | None:
    after = ("", "")
    while True:
        with call.db.read() as tx:
            found = audit.unsealed(tx, after=after, limit=_MOST_ENTRIES)
        for entry in found:
            if not _proven(call, entry):
                return Break(0, entry.id, f"{_called(entry)}, not sealed yet, was changed or forged")
        if not found:
            return None
        after = (found[-1].id, found[-1].pool_id)


def _proven(call: Call, entry: Entry) -> bool:
    return entry.mac is not None and hmac.compare_digest(trail.mac(call.house.audit_key, entry), entry.mac)


def _called(entry: Entry | audit.SealedEntry) -> str:
    return f"entry {entry.id} ({entry.action})"


def _stands(tx: Transaction, kept: Head) -> bool:
    seal = audit.find_seal(tx, kept.seal)
    return seal is not None and hmac.compare_digest(seal.digest, kept.digest)


def _digest(key: bytes, seal: Seal) -> bytes:
    """HMAC over everything of a seal and the digest before it, as one unambiguous JSON array."""
    content = [seal.seal, seal.sealed_at, seal.entries, seal.previous.hex(), (seal.macs or b"").hex()]
    return hmac.digest(key, msgspec.json.encode(["seal", *content]), "sha256")


def _proof(key: bytes, head: Head) -> str:
    return hmac.digest(key, msgspec.json.encode(["head", str(head)]), "sha256").hex()


def _remember(call: Call, tx: Transaction, head: Head) -> None:
    facts.put(tx, _HEAD, f"{head.seal}:{_proof(call.house.audit_key, head)}")
