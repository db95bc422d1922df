"""Sending what was written to people: claimed, handed to a gateway outside any transaction, tried again with patience.

What a pool sends itself goes to its trigger, on threads of their own. Without a gateway for its medium a message is
kept at once: that is the embedded outbox.
"""

import threading
from collections.abc import Callable

import structlog

from lido.call import Call
from lido.flows import access, custom_senders, delivery, log_delivery
from lido.flows.message_ways import Way, Ways, way_of
from lido.flows.sender_queues import SenderQueues
from lido.ports.kms import KMS
from lido.ports.mail import Email, Mail, Undeliverable
from lido.ports.sms import TextMessage, TextMessages
from lido.records import Message, Pool
from lido.rules.codes import mask_email, mask_phone
from lido.rules.sealing import Unsealable
from lido.shapes import idp
from lido.storage import messages, pools

_LEASE_MS = 60_000
# What is left of a lease must suffice for one more message, or another worker sends it too.
_MARGIN_MS = 20_000
_IDLE_MS = 60_000
_HASTENED_AT_ONCE = 1_000
_AT_ONCE = 20
_AT_ONCE_WITHOUT_GATEWAYS = 500
_POOLS_AT_ONCE = 20
_FIRST_PAUSE_MS = 5_000
_LONGEST_PAUSE_MS = 3_600_000
MOST_ATTEMPTS = 40
_log = structlog.get_logger("lido.messages")
_MEDIA = ("SMS", "EMAIL")
_Send = Callable[[Call, Pool, Message, delivery.Letter], None]


class MessageWorker:
    """Sends due messages. `mail` and `sms` are the gateways, where there are any; `mail_from` writes for pools that
    name no sender of their own; `kms` encrypts codes for pools that send themselves.
    """

    def __init__(
        self,
        new_call: Callable[[], Call],
        *,
        mail: Mail | None,
        sms: TextMessages | None,
        mail_from: str,
        kms: KMS | None = None,
    ) -> None:
        self._new_call = new_call
        self._mail = mail
        self._sms = sms
        self._mail_from = mail_from
        self._kms = kms
        self._senders = SenderQueues(self._send_by_trigger, self._put_back, self.wake, lambda: new_call().now)
        self._awake = threading.Event()
        self._stopping = False
        self._sent_at = 0
        self._served_last: dict[str, str] = {}
        self._ways = Ways()

    def wake(self) -> None:
        """Something was written: send it now rather than at the next look."""
        self._awake.set()

    def stop(self) -> None:
        """Send nothing more after the message in hand."""
        self._stopping = True
        self._senders.stop()
        self._awake.set()

    def finish(self) -> None:
        """Wait for what triggers are sending."""
        self._senders.finish()

    def close(self) -> None:
        """Give back the connections that were kept."""
        if self._mail is not None:
            self._mail.close()
        if self._kms is not None:
            self._kms.close()

    def wait(self, seconds: float) -> None:
        """Rest until woken, at most that long."""
        self._awake.wait(seconds)
        self._awake.clear()

    def run_due(self) -> int:
        """Claim a handful of due messages and settle each; how many were claimed. Raises errors.Unavailable.

        What pools send themselves is only begun: `finish` waits for it.
        """
        done = sum(map(self._run_medium, _MEDIA))
        if not done:
            self._rest(self._new_call())
        return done

    def _run_medium(self, medium: str) -> int:
        """A handful of one medium: a mail server that does not answer holds up no text message."""
        call = self._new_call()
        turn = self._next_turn(call, medium)
        return self._run_turn(call, medium, turn) if turn else 0

    def _next_turn(self, call: Call, medium: str) -> list[str]:
        """The pools whose turn it is: a crowd of one, or many of them, hold up nobody's code for long."""
        closed = [pool_id for pool_id, its_medium in self._senders.closed() if its_medium == medium]
        after = self._served_last.get(medium, "")
        with call.db.read() as tx:
            turn = messages.whose_turn(tx, call.now, medium=medium, after=after, but=closed, limit=_POOLS_AT_ONCE)
        if turn:
            self._served_last[medium] = turn[-1]
        return turn

    def _run_turn(self, call: Call, medium: str, turn: list[str]) -> int:
        to_send, to_triggers, kept = self._claim(call, medium, turn)
        self._senders.add(to_triggers)
        silent: dict[Way, Undeliverable] = {}
        for message, way in to_send:
            if self._stopping or call.clock.now() > message.leased_until - _MARGIN_MS:
                break
            trouble = self._settle(call, message, _share(silent[way]) if way in silent else self._send)
            self._mind(call, way, trouble)
            if trouble is not None and trouble.unreachable and self._ways.is_closed(way):
                silent[way] = trouble
        return len(to_send) + len(to_triggers) + kept

    def _rest(self, call: Call) -> None:
        """Close connections that nothing went over for a minute: a server would close them too, and tell nobody."""
        if self._mail is not None and self._sent_at and call.now - self._sent_at > _IDLE_MS:
            self._sent_at = 0
            self._mail.close()

    def _claim(self, call: Call, medium: str, turn: list[str]) -> tuple[list[tuple[Message, Way]], list[Message], int]:
        """What goes by gateways, what by triggers, and how many were kept because there is no gateway for them."""
        limit = _AT_ONCE if self._mail or self._sms else _AT_ONCE_WITHOUT_GATEWAYS
        with call.db.write() as tx:
            claimed = messages.claim(tx, call.now, turn, medium=medium, lease_ms=_LEASE_MS, limit=limit)
            known = {pool_id: pools.find(tx, pool_id) for pool_id in {message.pool_id for message in claimed}}
            to_triggers: list[Message] = []
            others: list[Message] = []
            for message in claimed:
                is_own = custom_senders.is_named(known[message.pool_id], message.medium)
                (to_triggers if is_own else others).append(message)
            to_send = [
                (message, way_of(known[message.pool_id], medium))
                for message in others
                if self._gateway(message) is not None
            ]
            for message in others:
                if self._gateway(message) is None:
                    messages.keep(tx, message, call.now)
        return to_send, to_triggers, len(others) - len(to_send)

    def _gateway(self, message: Message) -> Mail | TextMessages | None:
        return self._mail if message.medium == "EMAIL" else self._sms

    def _settle(self, call: Call, message: Message, send: _Send) -> Undeliverable | None:
        trouble = self._trouble_sending(call, message, send)
        now = call.clock.now()
        with call.db.write() as tx:
            if trouble is None:
                messages.mark_sent(tx, message, now)
                return None
            next_at = _next_at(call, message, now)
            if trouble.transient and message.attempts < MOST_ATTEMPTS and next_at is not None:
                messages.mark_failed(tx, message, next_at=next_at, error=trouble.reason)
            else:
                messages.give_up(tx, message, trouble.reason)
            log_delivery.not_sent(call, tx, message, trouble.reason)
        return trouble

    def _mind(self, call: Call, way: Way, trouble: Undeliverable | None) -> None:
        """Where a way is open again, what waits for it need not be patient any more."""
        if trouble is not None:
            if trouble.unreachable:
                self._ways.missed(way, trouble.reason)
            return
        for reason in self._ways.reasons(way):
            with call.db.write() as tx:
                hastened = messages.hasten(tx, way.medium, reason, call.clock.now(), _HASTENED_AT_ONCE)
            if hastened == _HASTENED_AT_ONCE:
                return
        self._ways.opened(way)

    def _send_by_trigger(self, message: Message) -> None:
        """Settle a message of a pool that sends itself; on one of the senders' threads."""
        call = self._new_call()
        with call.db.write() as tx:
            is_ours = messages.renew(tx, message, call.now, lease_ms=custom_senders.LEASE_MS)
        if is_ours:
            self._settle(call, message, self._hand_over)

    def _hand_over(self, call: Call, pool: Pool, message: Message, letter: delivery.Letter) -> None:
        custom_senders.send(call, self._kms, pool, message, letter)

    def _put_back(self, unsent: list[Message]) -> None:
        with self._new_call().db.write() as tx:
            for message in unsent:
                messages.put_back(tx, message)

    def _trouble_sending(self, call: Call, message: Message, send: _Send) -> Undeliverable | None:
        """Send, and say what went wrong; the log names the recipient masked."""
        to = ""
        try:
            letter = delivery.open_letter(call, message)
            to = mask_email(letter.to) if message.medium == "EMAIL" else mask_phone(letter.to)
            send(call, self._pool(call, message), message, letter)
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

    @staticmethod
    def _pool(call: Call, message: Message) -> Pool:
        with call.db.read() as tx:
            pool = pools.find(tx, message.pool_id)
        if pool is None:
            raise Undeliverable("the pool was deleted", transient=False)
        return pool

    def _send(self, call: Call, pool: Pool, message: Message, letter: delivery.Letter) -> None:
        if custom_senders.is_named(pool, message.medium):
            raise Undeliverable("the pool has a sender since a moment ago", transient=True)
        if message.medium == "SMS" and self._sms is not None:
            self._sms.send(_text_message(pool, letter))
        elif self._mail is not None:
            self._sent_at = call.now
            self._mail.send(self._email(call, pool, message.id, letter))

    def send_test(self, pool_id: str, medium: delivery.Medium, to: str) -> None:
        """Send a message that says nothing, at once and by the way of the pool's others.

        Raises ResourceNotFound, Undeliverable; LookupError where there is no way for that medium.
        """
        call = self._new_call()
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, pool_id)
        letter = delivery.Letter(to, "Test", "Test message", f"This is a test message of the user pool {pool.name}.")
        if medium == "SMS" and self._sms is not None:
            self._sms.send(_text_message(pool, letter))
        elif medium == "EMAIL" and self._mail is not None:
            self._mail.send(self._email(call, pool, call.entropy.time_ordered_id(call.now), letter))
        else:
            raise LookupError(medium)

    def _email(self, call: Call, pool: Pool, message_id: str, letter: delivery.Letter) -> Email:
        configured = pool.settings.shape.email_configuration or idp.EmailConfigurationType()
        arn = (configured.source_arn if configured.email_sending_account == "DEVELOPER" else None) or ""
        return Email(
            id=message_id,
            to=letter.to,
            sender=configured.from_ or _identity(arn) or self._mail_from,
            reply_to=configured.reply_to_email_address or "",
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            at=call.now,
            identity_arn=arn,
            configuration_set=configured.configuration_set or "",
            region=(arn.split(":")[3] if arn else "") or pool.region,
        )


def _share(trouble: Undeliverable) -> _Send:
    """What was to follow on a way that is closed fails as the message before it."""

    def fail(*_: object) -> None:
        raise trouble

    return fail


def _identity(arn: str) -> str:
    """The address that an ARN of SES names; empty for domains and none."""
    name = arn.rpartition("/")[2]
    return name if "@" in name else ""


def _text_message(pool: Pool, letter: delivery.Letter) -> TextMessage:
    configured = pool.settings.shape.sms_configuration
    region = (configured.sns_region if configured else None) or pool.region
    return TextMessage(letter.to, letter.text, has_account=configured is not None, region=region)


def _next_at(call: Call, message: Message, now: int) -> int | None:
    """When to try again; None: what it carries would be worth nothing by then.

    Towards the end every half of the time that is left, so that what can still arrive in time does.
    """
    left = message.expires_at - now
    pause = min(_pause_ms(call, message.attempts), left // 2)
    return now + pause if pause >= _FIRST_PAUSE_MS else None


def _pause_ms(call: Call, attempts: int) -> int:
    """5 s, doubled by each failure up to an hour, and up to a quarter more so that not all come back at once."""
    pause = min(_FIRST_PAUSE_MS << min(attempts - 1, 20), _LONGEST_PAUSE_MS)
    return pause + pause * call.entropy.bytes(1)[0] // 1024
