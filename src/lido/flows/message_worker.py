"""Sending what was written to people: claimed, handed to a gateway outside any transaction, tried again with patience.

Without a gateway for its medium a message is kept at once: that is the embedded outbox.
"""

import threading
from collections.abc import Callable

import structlog

from lido.call import Call
from lido.flows import delivery, log_delivery
from lido.ports.mail import Email, Mail, Undeliverable
from lido.ports.sms import TextMessage, TextMessages
from lido.records import Message, Pool
from lido.rules.codes import mask_email, mask_phone
from lido.rules.sealing import Unsealable
from lido.storage import messages, pools

_LEASE_MS = 60_000
# What is left of a lease must suffice for one more message, or another worker sends it too.
_MARGIN_MS = 20_000
_AT_ONCE = 20
_AT_ONCE_WITHOUT_GATEWAYS = 500
_FIRST_PAUSE_MS = 5_000
_LONGEST_PAUSE_MS = 3_600_000
MOST_ATTEMPTS = 40
_log = structlog.get_logger("lido.messages")


class MessageWorker:
    """Sends due messages. `mail` and `sms` are the gateways, where there are any; `mail_from` writes for pools that
    name no sender of their own.
    """

    def __init__(
        self, new_call: Callable[[], Call], *, mail: Mail | None, sms: TextMessages | None, mail_from: str
    ) -> None:
        self._new_call = new_call
        self._mail = mail
        self._sms = sms
        self._mail_from = mail_from
        self._awake = threading.Event()
        self._stopping = False

    def wake(self) -> None:
        """Something was written: send it now rather than at the next look."""
        self._awake.set()

    def stop(self) -> None:
        """Send nothing more after the message in hand."""
        self._stopping = True
        self._awake.set()

    def wait(self, seconds: float) -> None:
        """Rest until woken, at most that long."""
        self._awake.wait(seconds)
        self._awake.clear()

    def run_due(self) -> int:
        """Claim a handful of due messages and settle each; how many were claimed. Raises errors.Unavailable."""
        call = self._new_call()
        with call.db.read() as tx:
            if not messages.any_due(tx, call.now):
                return 0
        to_send, kept = self._claim(call)
        for message in to_send:
            if self._stopping or call.clock.now() > message.leased_until - _MARGIN_MS:
                break
            self._settle(call, message)
        return len(to_send) + kept

    def _claim(self, call: Call) -> tuple[list[Message], int]:
        """The messages to send, and how many were kept because there is no gateway for them."""
        limit = _AT_ONCE if self._mail or self._sms else _AT_ONCE_WITHOUT_GATEWAYS
        with call.db.write() as tx:
            claimed = messages.claim(tx, call.now, lease_ms=_LEASE_MS, limit=limit)
            to_send = [message for message in claimed if self._gateway(message) is not None]
            for message in claimed:
                if self._gateway(message) is None:
                    messages.keep(tx, message, call.now)
        return to_send, len(claimed) - len(to_send)

    def _gateway(self, message: Message) -> Mail | TextMessages | None:
        return self._mail if message.medium == "EMAIL" else self._sms

    def _settle(self, call: Call, message: Message) -> None:
        trouble = self._trouble_sending(call, message)
        now = call.clock.now()
        with call.db.write() as tx:
            if trouble is None:
                messages.mark_sent(tx, message, now)
                return
            next_at = now + _pause_ms(call, message.attempts)
            if trouble.transient and message.attempts < MOST_ATTEMPTS and next_at < message.expires_at:
                messages.mark_failed(tx, message, next_at=next_at, error=trouble.reason)
            else:
                messages.give_up(tx, message, trouble.reason)
            log_delivery.not_sent(call, tx, message, trouble.reason)

    def _trouble_sending(self, call: Call, message: Message) -> Undeliverable | None:
        """Send, and say what went wrong; the log names the recipient masked."""
        to = ""
        try:
            letter = delivery.open_letter(call, message)
            to = mask_email(letter.to) if message.medium == "EMAIL" else mask_phone(letter.to)
            self._send(call, message, letter)
        except Undeliverable as undeliverable:
            trouble = undeliverable
        except Unsealable:
            trouble = Undeliverable("its master key is missing", transient=True)
        except Exception as bug:  # noqa: BLE001 - whatever one message does, the others leave
            trouble = Undeliverable(f"bug: {type(bug).__name__}", transient=True)
        else:
            return None
        _log.warning(
            "message not delivered",
            pool_id=message.pool_id,
            message_id=message.id,
            medium=message.medium,
            to=to,
            attempt=message.attempts,
            transient=trouble.transient,
            reason=trouble.reason,
        )
        return trouble

    def _send(self, call: Call, message: Message, letter: delivery.Letter) -> None:
        if message.medium == "SMS" and self._sms is not None:
            self._sms.send(TextMessage(letter.to, letter.text))
        elif self._mail is not None:
            with call.db.read() as tx:
                pool = pools.find(tx, message.pool_id)
            if pool is None:
                raise Undeliverable("the pool was deleted", transient=False)
            self._mail.send(self._email(call, pool, message, letter))

    def _email(self, call: Call, pool: Pool, message: Message, letter: delivery.Letter) -> Email:
        configured = pool.settings.shape.email_configuration
        return Email(
            id=message.id,
            to=letter.to,
            sender=(configured.from_ if configured else None) or self._mail_from,
            reply_to=(configured.reply_to_email_address if configured else None) or "",
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            at=call.now,
        )


def _pause_ms(call: Call, attempts: int) -> int:
    """5 s, doubled by each failure up to an hour, and up to a quarter more so that not all come back at once."""
    pause = min(_FIRST_PAUSE_MS << min(attempts - 1, 20), _LONGEST_PAUSE_MS)
    return pause + pause * call.entropy.bytes(1)[0] // 1024
