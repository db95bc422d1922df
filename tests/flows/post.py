"""Messages that were written, and a gateway that takes them or not."""

import msgspec

from lido import silence
from lido.flows import codes, delivery
from lido.records import Message
from lido.storage import messages


class Gateway:
    """Takes what is sent, or refuses it as told."""

    def __init__(self):
        self.sent = []
        self.trouble = None
        self.closings = 0

    def send(self, message):
        silence.refuse_if_open("Sending")
        if self.trouble is not None:
            raise self.trouble
        self.sent.append(message)

    def close(self):
        self.closings += 1


def write(house, pool_id, to="alice@example.com", *, medium="EMAIL", text="Code: 1234", expires_in_seconds=86_400):
    call = house.call()
    message_id = call.entropy.time_ordered_id(call.now)
    letter = delivery.Letter(to, "SignUp", "Your code", text, html=f"<p>{text}</p>", code="1234")
    body = call.keys.seal(delivery.PURPOSE, msgspec.json.encode(letter), pool_id, message_id)
    expires_at = call.now + expires_in_seconds * 1000
    key = codes.address_key(call, to)
    with call.db.write() as tx:
        messages.add(
            tx,
            Message(pool_id, message_id, "sub", medium, key, body, 0, 0, call.now, 0, expires_at, None, None),
        )
    house.clock.advance(seconds=0.001)
    return message_id


def stored(house, message_id):
    with house.database.read() as tx:
        return next(each for each in messages.page(tx, limit=100) if each.id == message_id)
