"""E-mail by SMTP (RFC 5321): one connection, kept between messages, with TLS wherever the server offers it."""

import re
import smtplib
import ssl
import threading
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from lido import silence

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PERMANENT = 500
# Printable ASCII with one @ and nothing that could begin a second recipient: what every server takes.
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-\U0010ffff]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_POLICY = SMTP.clone(cte_type="7bit")


class Undeliverable(Exception):
    """A message did not leave. `transient`: a later try may succeed. `reason` names no person and no secret.

    `unreachable`: the way itself is closed, so other messages fail alike until it opens. `said` are the server's own
    words, for an operator who looks on: they may name anybody and belong in no log.
    """

    def __init__(self, reason: str, *, transient: bool, unreachable: bool = False, said: str = "") -> None:
        super().__init__(reason)
        self.said = said
        self.reason = reason
        self.transient = transient
        self.unreachable = unreachable


class Email(Struct, frozen=True):
    """One e-mail. `id` names it for ever, so that a second delivery is seen to be one; `html` may be empty.

    `sender` is an address, or a name and an address (`Example <no-reply@example.com>`); `at` is when it was written.
    `identity_arn` and `configuration_set` are the pool's own in SES, if it has them, and `region` is where.
    """

    id: str
    to: str
    sender: str
    subject: str
    text: str
    html: str
    at: int
    reply_to: str = ""
    identity_arn: str = ""
    configuration_set: str = ""
    region: str = ""

    def __repr__(self) -> str:
        return f"<Email {self.id}>"


class Mail(Protocol):
    """Sends e-mail."""

    def send(self, email: Email) -> None:
        """Hand it over to the next server. Raises Undeliverable; RuntimeError while a transaction is open."""
        ...

    def close(self) -> None:
        """Give back what was kept open; sending again opens it anew."""
        ...


class SMTPMail:
    """A mail server at `smtp://user:password@host:port` or `smtps://…`.

    Ports default to 25 (587 with a user) and 465. On `smtp://` TLS begins where the server offers STARTTLS (RFC 3207);
    a login is never sent without it, but to this very machine. Certificates are always checked. `name` is what the
    server is greeted with. Safe to share between threads, which then take turns.
    """

    def __init__(
        self, url: str, *, name: str = "localhost", timeout_seconds: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        self._implicit_tls = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._port = parts.port or (465 if self._implicit_tls else 587 if self._user else 25)
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._tls = tls or ssl.create_default_context()
        self._lock = threading.Lock()
        self._connection: smtplib.SMTP | None = None

    def __repr__(self) -> str:
        return f"<SMTPMail {self._host}:{self._port}>"

    def send(self, email: Email) -> None:
        """Hand an e-mail over. Raises Undeliverable; RuntimeError while a transaction is open."""
        silence.refuse_if_open("Sending mail")
        sender, content = compose(email)
        with self._lock:
            try:
                _deliver(self._ready(), sender, email.to, content)
            except (smtplib.SMTPServerDisconnected, OSError) as trouble:
                # SMTPException is an OSError: whatever is not about this message alone ends the connection.
                self._drop()
                raise Undeliverable(_reason(trouble), transient=True, unreachable=True, said=_said(trouble)) from None

    def close(self) -> None:
        """Say good-bye to the server."""
        with self._lock:
            self._drop()

    def _ready(self) -> smtplib.SMTP:
        """The kept connection if it still lives, or a new one."""
        if self._connection is not None:
            try:
                if self._connection.noop()[0] == 250:
                    return self._connection
            except OSError:
                pass
            self._drop()
        self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        connection = self._open()
        try:
            connection.ehlo_or_helo_if_needed()
            secure = self._implicit_tls
            if not secure and connection.has_extn("starttls"):
                connection.starttls(context=self._tls)
                connection.ehlo()
                secure = True
            if self._user:
                if not secure and self._host not in _LOOPBACK:
                    raise Undeliverable("the server offers no TLS, so the login is kept back", transient=True)
                connection.login(self._user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> smtplib.SMTP:
        if self._implicit_tls:
            return smtplib.SMTP_SSL(
                self._host,
                self._port,
                local_hostname=self._name,
                timeout=self._timeout_seconds,
                context=self._tls,
            )
        return smtplib.SMTP(self._host, self._port, local_hostname=self._name, timeout=self._timeout_seconds)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except OSError:
                connection.close()


def compose(email: Email) -> tuple[str, bytes]:
    """The envelope's sender and the message (RFC 5322, MIME) of an e-mail.

    Raises Undeliverable for control characters in a header, and for addresses that not every server takes:
    lists, quoted and internationalised ones.
    """
    if not _ADDRESS.fullmatch(email.to):
        raise Undeliverable("the recipient is not one plain address", transient=False)
    if any(_CONTROL.search(value) for value in (email.sender, email.reply_to, email.subject, email.id)):
        raise Undeliverable("a header holds a control character", transient=False)
    message = EmailMessage(_POLICY)
    try:
        message["From"] = email.sender
        sender = _only_address(message)
        message["To"] = Address(addr_spec=email.to)
        if email.reply_to:
            message["Reply-To"] = email.reply_to
        message["Subject"] = email.subject
        if any(_CONTROL.search(value) for value in message.values()):
            # Encoded words (RFC 2047) in what people wrote were decoded, and held what may not stand there.
            raise Undeliverable("a header holds a control character", transient=False)
        message["Date"] = format_datetime(datetime.fromtimestamp(email.at / 1000, UTC))
        message["Message-ID"] = f"<{email.id}@{sender.domain}>"
        # Holiday answers and the like do not reply to this (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(email.text)
        if email.html:
            message.add_alternative(email.html, subtype="html")
        return sender.addr_spec, message.as_bytes()
    except (MessageError, ValueError, LookupError):
        raise Undeliverable("the message cannot be written", transient=False) from None


def _only_address(message: EmailMessage) -> Address:
    addresses: tuple[Address, ...] = message["From"].addresses
    if len(addresses) != 1 or not _ADDRESS.fullmatch(addresses[0].addr_spec):
        # An operator can mend this one, so the message waits.
        raise Undeliverable("the sender is not one plain address", transient=True)
    return addresses[0]


def _deliver(connection: smtplib.SMTP, sender: str, to: str, content: bytes) -> None:
    """One SMTP transaction; after a refusal the connection is as good as before. Raises Undeliverable, OSError."""
    try:
        connection.sendmail(sender, [to], content)
    except smtplib.SMTPRecipientsRefused as refused:
        code, said = next(iter(refused.recipients.values()))
        reason = f"recipient refused: {code}"
        raise Undeliverable(reason, transient=code < _PERMANENT, said=_text(said)) from None
    except smtplib.SMTPSenderRefused as refused:
        # As with a sender that is no address: an operator can mend it.
        raise Undeliverable(f"sender refused: {refused.smtp_code}", transient=True, said=_said(refused)) from None
    except smtplib.SMTPDataError as refused:
        reason = f"message refused: {refused.smtp_code}"
        raise Undeliverable(reason, transient=refused.smtp_code < _PERMANENT, said=_said(refused)) from None


def _said(trouble: Exception) -> str:
    """The server's own words, or the system's where none came."""
    error = getattr(trouble, "smtp_error", None)
    return str(trouble) if error is None else _text(error)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _reason(trouble: Exception) -> str:
    """What went wrong on the way, without the server's own words: they may repeat addresses and logins."""
    code = getattr(trouble, "smtp_code", None)
    return type(trouble).__name__ if code is None else f"{type(trouble).__name__} {code}"
