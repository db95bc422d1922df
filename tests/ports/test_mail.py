"""Mail goes to a real SMTP server, in each way that a server may want it."""

# ruff: noqa: N802 - aiosmtpd names its hooks after the verbs of SMTP

import datetime as dt
import email
import email.policy
import socket
import ssl
import threading

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lido import silence
from lido.ports.mail import Email, SMTPMail, Undeliverable, compose

WRITTEN_AT = 1_790_000_000_000


def letter(**changes):
    given = {
        "id": "0199-1",
        "to": "alice@example.com",
        "sender": "no-reply@lido.example",
        "subject": "Your code",
        "text": "Your code is 123456.",
        "html": "<p>Your code is <b>123456</b>.</p>",
        "at": WRITTEN_AT,
    }
    return Email(**{**given, **changes})


class Mailbox:
    """What the server took, and what it says instead when told to."""

    def __init__(self):
        self.taken = []
        self.connections = 0
        self.says = {}

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        self.greeted_as = session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "RCPT" in self.says:
            return self.says["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "MAIL" in self.says:
            return self.says["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "DATA" in self.says:
            return self.says["DATA"]
        self.taken.append((envelope, session))
        return "250 OK"

    def message(self):
        [(envelope, _)] = self.taken
        return email.message_from_bytes(envelope.content, policy=email.policy.default)


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def serve(mailbox):
    """Starts servers of that mailbox; each says its port."""
    running = []

    def start(controller=Controller, **options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = controller(mailbox, hostname="127.0.0.1", port=options.pop("port", port), **options)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        if server.loop.is_running():
            server.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost: (file of chain and key, context that trusts it)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(pem + secret)
    trusting = ssl.create_default_context(cadata=pem.decode())
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    return serving, trusting


@pytest.fixture
def sending():
    """Makes mailers that are closed at the end."""
    made = []

    def make(url, **options):
        made.append(SMTPMail(url, timeout_seconds=5, **options))
        return made[-1]

    yield make
    for mailer in made:
        mailer.close()


def refusal(mailer, message):
    with pytest.raises(Undeliverable) as refused:
        mailer.send(message)
    return refused.value


def test_a_letter_arrives_whole(serve, sending, mailbox):
    server = serve()
    sending(f"smtp://127.0.0.1:{server.port}", name="lido.example").send(
        letter(sender="Lidö <no-reply@lido.example>", reply_to="help@lido.example", subject="Grüße", text="Code: ✓ 1")
    )
    envelope, _ = mailbox.taken[0]
    message = mailbox.message()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@lido.example", ["alice@example.com"])
    assert mailbox.greeted_as == "lido.example"
    assert message["From"] == "Lidö <no-reply@lido.example>"
    assert message["Reply-To"] == "help@lido.example"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"] == "<0199-1@lido.example>"
    assert message["Date"].datetime.timestamp() * 1000 == WRITTEN_AT
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("plain",)).get_content().strip() == "Code: ✓ 1"
    assert message.get_body(("html",)).get_content().strip() == "<p>Your code is <b>123456</b>.</p>"
    assert envelope.content.isascii()


def test_the_connection_is_kept_between_letters_and_made_anew_when_the_server_was_restarted(serve, sending, mailbox):
    server = serve()
    mailer = sending(f"smtp://127.0.0.1:{server.port}")
    mailer.send(letter())
    mailer.send(letter())
    assert (len(mailbox.taken), mailbox.connections) == (2, 1)
    server.stop()
    serve(port=server.port)
    mailer.send(letter())
    assert (len(mailbox.taken), mailbox.connections) == (3, 2)


def test_tls_begins_where_the_server_offers_it_and_the_login_follows(serve, sending, mailbox, certificate):
    serving, trusting = certificate
    seen = []

    def authenticate(server, session, envelope, mechanism, credentials):
        seen.append((credentials.login, credentials.password, session.ssl is not None))
        return AuthResult(success=True)

    server = serve(tls_context=serving, require_starttls=True, authenticator=authenticate, auth_required=True)
    sending(f"smtp://us%40er:p%2Fw@localhost:{server.port}", tls=trusting).send(letter())
    assert seen == [(b"us@er", b"p/w", True)]
    assert mailbox.taken[0][1].ssl is not None


def test_a_server_that_speaks_tls_from_the_first_byte_is_spoken_to_so(serve, sending, mailbox, certificate):
    serving, trusting = certificate
    server = serve(_ImplicitTLS, ssl_context=serving, trusting=trusting)
    sending(f"smtps://localhost:{server.port}", tls=trusting).send(letter())
    assert len(mailbox.taken) == 1


class _ImplicitTLS(Controller):
    def __init__(self, handler, *, trusting, **options):
        super().__init__(handler, **options)
        self._trusting = trusting

    def _trigger_server(self):
        with socket.create_connection((self.hostname, self.port), 5) as plain:
            with self._trusting.wrap_socket(plain, server_hostname="localhost") as safe:
                safe.recv(1024)


def test_a_certificate_that_nobody_vouches_for_is_refused(serve, sending, mailbox, certificate):
    serving, _ = certificate
    server = serve(tls_context=serving)
    refused = refusal(sending(f"smtp://localhost:{server.port}"), letter())
    assert refused.transient
    assert mailbox.taken == []


def test_a_login_never_leaves_the_machine_in_clear(serve, monkeypatch, mailbox):
    server = serve(authenticator=lambda *_: AuthResult(success=True), auth_require_tls=False)
    # A name that is not this machine's own, and leads here all the same.
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: resolve("127.0.0.1", *rest))
    mailer = SMTPMail(f"smtp://user:secret@mail.example:{server.port}", timeout_seconds=5)
    refused = refusal(mailer, letter())
    assert refused.transient
    assert "TLS" in refused.reason
    assert mailbox.taken == []


def test_a_wrong_login_may_be_mended_so_the_letter_waits(serve, sending, mailbox):
    server = serve(authenticator=lambda *_: AuthResult(success=False, handled=False), auth_require_tls=False)
    refused = refusal(sending(f"smtp://user:secret@127.0.0.1:{server.port}"), letter())
    assert refused.transient
    assert refused.reason == "SMTPAuthenticationError 535"


@pytest.mark.parametrize(
    ("stage", "says", "transient", "reason"),
    [
        ("RCPT", "450 mailbox of alice@example.com busy", True, "recipient refused: 450"),
        ("RCPT", "550 no alice@example.com here", False, "recipient refused: 550"),
        ("DATA", "452 disk full", True, "message refused: 452"),
        ("DATA", "554 looks like spam", False, "message refused: 554"),
        ("MAIL", "550 not your domain", True, "sender refused: 550"),
    ],
)
def test_what_the_server_refuses_is_told_apart(serve, sending, mailbox, stage, says, transient, reason):
    server = serve()
    mailer = sending(f"smtp://127.0.0.1:{server.port}")
    mailbox.says[stage] = says
    refused = refusal(mailer, letter())
    assert (refused.reason, refused.transient) == (reason, transient)
    mailbox.says.clear()
    mailer.send(letter(to="bob@example.com"))
    assert [envelope.rcpt_tos for envelope, _ in mailbox.taken] == [["bob@example.com"]]
    assert mailbox.connections == 1


def test_a_server_that_is_not_there_is_a_matter_of_time(sending):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        refused = refusal(sending(f"smtp://127.0.0.1:{port}"), letter())
    assert refused.transient


def test_a_server_that_dies_in_the_middle_is_a_matter_of_time():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def die():
            connection, _ = listening.accept()
            with connection, connection.makefile("rwb") as stream:
                stream.write(b"220 hello\r\n")
                stream.flush()
                for answer in (b"250 hello\r\n", b"250 sender ok\r\n"):
                    stream.readline()
                    stream.write(answer)
                    stream.flush()

        server = threading.Thread(target=die)
        server.start()
        refused = refusal(SMTPMail(f"smtp://127.0.0.1:{listening.getsockname()[1]}", timeout_seconds=5), letter())
        server.join()
    assert refused.transient


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "alice@example.com\r\nBcc: eve@example.com"},
        {"to": "alice@example.com, eve@example.com"},
        {"to": "alice@example.com>\nRCPT TO:<eve@example.com"},
        {"to": "älice@example.com"},
        {"to": "alice@exämple.com"},
        {"to": '"a b"@example.com'},
        {"to": "alice"},
        {"to": ""},
        {"subject": "Hello\r\nBcc: eve@example.com"},
        {"sender": "no-reply@lido.example\nBcc: eve@example.com"},
        {"reply_to": "help@lido.example\r\nX: y"},
        {"id": "1\n2"},
        {"text": "\ud800"},
    ],
)
def test_what_could_become_another_header_or_recipient_is_never_sent(changes):
    with pytest.raises(Undeliverable) as refused:
        compose(letter(**changes))
    assert not refused.value.transient


@pytest.mark.parametrize("sender", ["a@lido.example, b@lido.example", "nobody", "", "ä@lido.example"])
def test_a_sender_that_is_not_one_plain_address_may_be_mended_so_the_letter_waits(sender):
    with pytest.raises(Undeliverable, match="sender") as refused:
        compose(letter(sender=sender))
    assert refused.value.transient


def test_a_letter_without_html_is_plain_text():
    _, content = compose(letter(html=""))
    assert email.message_from_bytes(content, policy=email.policy.default).get_content_type() == "text/plain"


def test_no_mail_leaves_while_a_transaction_is_open():
    silence.begin()
    try:
        with pytest.raises(RuntimeError, match="while a transaction is open"):
            SMTPMail("smtp://127.0.0.1:1").send(letter())
    finally:
        silence.end()


def test_neither_letter_nor_mailer_shows_what_it_holds():
    assert "alice" not in repr(letter())
    assert "secret" not in repr(SMTPMail("smtp://user:secret@mail.example"))
