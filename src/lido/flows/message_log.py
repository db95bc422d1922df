"""What became of messages, for operators: to whom (masked), by which tries, and why not. No code and no words."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from lido.call import Call
from lido.flows import codes, delivery
from lido.records import Message
from lido.rules.sealing import Unsealable
from lido.storage import messages

State = Literal["waiting", "sent", "failed", "expired", "kept"]
_AT_ONCE = 500
_STORED: dict[State, int] = {
    "waiting": messages.WAITING,
    "sent": messages.SENT,
    "failed": messages.GIVEN_UP,
    "kept": messages.KEPT,
}


class Entry(Struct, frozen=True):
    """One message; `next_at` while it waits, `sent_at` once it left or was kept, `trouble` of the last try."""

    id: str
    written_at: int
    pool_id: str
    medium: str
    source: str
    to: str
    state: State
    attempts: int
    next_at: int | None
    sent_at: int | None
    expires_at: int
    trouble: str | None


def entries(
    call: Call, *, pool_id: str | None = None, to: str | None = None, state: State | None = None, limit: int
) -> list[Entry]:
    """The newest messages, newest last: of a pool, of one state, to an address, in full or as it is masked."""
    found: list[Entry] = []
    # What has expired may still be marked as waiting.
    stored = None if state in (None, "expired") else _STORED[state]
    for message in _found(call, pool_id, to, stored):
        entry = _entry(call, message)
        if (state is None or entry.state == state) and (to is None or "***" not in to or entry.to == to):
            found.append(entry)
        if len(found) == limit:
            break
    return found[::-1]


def retry(call: Call, *, pool_id: str | None = None, to: str | None = None, kept: bool = False) -> int:
    """Try everything again at once that did not leave and is still worth something; how many messages.

    `kept`: those too that stayed here because there was no gateway.
    """
    states = (messages.WAITING, messages.GIVEN_UP, *([messages.KEPT] if kept else []))
    revived = 0
    for state in states:
        for batch in _batches(call, pool_id, to, state):
            with call.db.write() as tx:
                revived += sum(messages.revive(tx, message, call.now) for message in batch)
    return revived


def _found(call: Call, pool_id: str | None, to: str | None, state: int | None) -> Iterator[Message]:
    for batch in _batches(call, pool_id, None if to and "***" in to else to, state):
        yield from batch


def _batches(call: Call, pool_id: str | None, to: str | None, state: int | None) -> Iterator[list[Message]]:
    for key in codes.address_keys(call, to) if to else [None]:
        before = "~"
        while before:
            with call.db.read() as tx:
                batch = messages.page(
                    tx, recipient_key=key, pool_id=pool_id, state=state, before=before, limit=_AT_ONCE
                )
            yield batch
            before = batch[-1].id if len(batch) == _AT_ONCE else ""


def _entry(call: Call, message: Message) -> Entry:
    to, source = _recipient(call, message)
    state = _state(call, message)
    return Entry(
        id=message.id,
        written_at=int(message.id.replace("-", "")[:12], 16),
        pool_id=message.pool_id,
        medium=message.medium,
        source=source,
        to=to,
        state=state,
        attempts=message.attempts,
        next_at=message.next_at if state == "waiting" else None,
        sent_at=message.sent_at,
        expires_at=message.expires_at,
        trouble=message.last_error,
    )


def _recipient(call: Call, message: Message) -> tuple[str, str]:
    """The masked address and the source; a message whose master key is gone tells neither."""
    try:
        letter = delivery.open_letter(call, message)
    except Unsealable:
        return "?", "?"
    return delivery.mask("SMS" if message.medium == "SMS" else "EMAIL", letter.to), letter.source


def _state(call: Call, message: Message) -> State:
    if message.state == messages.GIVEN_UP:
        return "expired" if message.last_error == "expired" else "failed"
    if message.state == messages.WAITING and message.expires_at <= call.now:
        return "expired"
    return next(name for name, stored in _STORED.items() if stored == message.state)
