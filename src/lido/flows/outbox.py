"""What was written to people, word for word: for who has no mail server yet and for whoever tests."""

from typing import Literal

import msgspec

from lido.call import Call
from lido.flows import codes, delivery
from lido.records import Message
from lido.storage import messages

_STATES: dict[int, Literal["waiting", "sent", "given up", "kept"]] = {
    messages.WAITING: "waiting",
    messages.SENT: "sent",
    messages.GIVEN_UP: "given up",
    messages.KEPT: "kept",
}


class Sent(msgspec.Struct, frozen=True):
    """A message as the outbox shows it; `sent_at` is None while it waits."""

    to: str
    medium: str
    source: str
    pool_id: str
    subject: str
    text: str
    html: str
    code: str
    link: str
    sent_at: int | None
    state: Literal["waiting", "sent", "given up", "kept"]

    def __repr__(self) -> str:
        return "Sent(…)"


def sent(call: Call, *, to: str | None = None, pool_id: str | None = None, limit: int = 1000) -> list[Sent]:
    """The newest messages of all pools, or of one, or those to one address, newest last: what `lido outbox` shows."""
    with call.db.read() as tx:
        found = [
            message
            for key in (codes.address_keys(call, to) if to else [None])
            for message in messages.page(tx, recipient_key=key, pool_id=pool_id, limit=limit)
        ]
    newest_last = sorted(found, key=lambda message: message.id)[-limit:]
    return [_shown(message, delivery.open_letter(call, message)) for message in newest_last]


def _shown(message: Message, letter: delivery.Letter) -> Sent:
    return Sent(
        to=letter.to,
        medium=message.medium,
        source=letter.source,
        pool_id=message.pool_id,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        code=letter.code,
        link=letter.link,
        sent_at=message.sent_at,
        state=_STATES[message.state],
    )
