"""Reading the audit trail: the newest entries for eyes, all of them for a file."""

from collections.abc import Iterator
from typing import Any

import msgspec

from lido.call import Call
from lido.rules.time_ordered_ids import first_id_at
from lido.storage import audit
from lido.storage.audit import SealedEntry

_AT_ONCE = 1000


class Told(msgspec.Struct, frozen=True):
    """An entry as a reader sees it; `body` is what `flows/audit.py` writes, {} where that was spoilt."""

    id: str
    actor: str
    operation: str
    pool_id: str
    seal: int | None
    body: dict[str, Any]


def newest(call: Call, *, pool_id: str | None, since_at: int, limit: int) -> list[Told]:
    """The newest entries since that time (ms), of one pool where given; oldest first."""
    with call.db.read() as tx:
        found = audit.newest(tx, pool_id=pool_id, since=first_id_at(since_at), limit=limit)
    return [_told(entry) for entry in reversed(found)]


def every(call: Call, *, pool_id: str | None, since_at: int) -> Iterator[Told]:
    """All entries since that time (ms), of one pool where given; oldest first, read in batches."""
    after = (first_id_at(since_at), "")
    while True:
        with call.db.read() as tx:
            found = audit.page(tx, pool_id=pool_id, after=after, limit=_AT_ONCE)
        yield from map(_told, found)
        if len(found) < _AT_ONCE:
            return
        after = (found[-1].id, found[-1].pool_id)


def _told(entry: SealedEntry) -> Told:
    try:
        body = msgspec.json.decode(entry.body, type=dict[str, Any])
    except msgspec.DecodeError:
        body = {}
    return Told(entry.id, entry.actor, entry.action, entry.pool_id, entry.seal, body)
