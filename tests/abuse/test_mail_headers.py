"""Whatever people and operators write, one message is one e-mail to one person, with the headers that we gave it."""

import email
import email.policy

import pytest
from botocore.exceptions import ClientError
from tests.databases import fresh_database
from tests.mail_server import mail_server
from tests.world import World, sign_by

HEADERS = {
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    # aiosmtpd's own, for a look at the envelope
    "X-Peer",
    "X-MailFrom",
    "X-RcptTo",
}
BREAKS = ["\r\n", "\n", "\r", "\u2028", "\u0085", "\r\n\r\n", "\x0b", "\x0c"]
EVIL = "Bcc: eve@evil.example"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with mail_server() as server, fresh_database("sqlite", tmp_path_factory.mktemp("mail")) as database:
        world = World(database, smtp_url=server.url, mail_from="Lidö <no-reply@lido.example>")
        world.worker = world.lido.message_worker()
        yield server, world
        world.worker.close()
        world.close()


@pytest.fixture
def server(running):
    running[0].taken.clear()
    return running[0]


@pytest.fixture
def house(running):
    sign_by(running[1].clock)
    return running[1]


def sign_up(house, pool, **attributes):
    client = house.app(pool)["ClientId"]
    house.idp_unsigned.sign_up(
        ClientId=client,
        Username=attributes.pop("username", "alice"),
        Password="Passw0rd!",
        UserAttributes=[
            {"Name": name, "Value": value} for name, value in {"email": "alice@example.com", **attributes}.items()
        ],
    )
    while house.worker.run_due():
        pass


def only_message(server):
    [(_, to, raw)] = server.taken
    assert to == ["alice@example.com"]
    assert raw.isascii()
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert b"\n" not in head.replace(b"\r\n", b"")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert message["To"] == "alice@example.com"
    assert message["From"] == "Lidö <no-reply@lido.example>"
    assert b"\r\nBcc:" not in head
    return message


@pytest.mark.parametrize("break_", BREAKS)
def test_a_subject_of_several_lines_is_one_line(house, server, break_):
    template = {"EmailSubject": f"Hello{break_}{EVIL}", "EmailMessage": "Your code is {####}"}
    try:
        pool = house.pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=template)
    except house.idp.exceptions.InvalidParameterException:
        return
    sign_up(house, pool)
    assert only_message(server)["Subject"] == f"Hello {EVIL}"


@pytest.mark.parametrize("break_", BREAKS)
def test_names_and_attributes_begin_no_header(house, server, break_):
    words = {"EmailSubject": "Hello {username} {name}", "EmailMessage": "{username} {name} {####}"}
    pool = house.pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=words)
    sign_up(house, pool, name=f"Alice{break_}{EVIL}", username="al{####}ce")
    assert only_message(server)["Subject"] == "Hello {username} {name}"


@pytest.mark.parametrize("break_", BREAKS)
def test_an_invited_name_begins_no_header(house, server, break_):
    invitation = {"EmailSubject": "For {username}", "EmailMessage": "<p>{username}: {####}</p>"}
    pool = house.pool(AdminCreateUserConfig={"InviteMessageTemplate": invitation})
    given = {
        "UserPoolId": pool,
        "UserAttributes": [{"Name": "email", "Value": "alice@example.com"}],
        "DesiredDeliveryMediums": ["EMAIL"],
    }
    with pytest.raises(ClientError, match="InvalidParameter"):
        house.idp.admin_create_user(**given, Username=f"a{break_}{EVIL}")
    house.idp.admin_create_user(**given, Username="<b>Änne</b>\N{ZIPPER-MOUTH FACE}")
    while house.worker.run_due():
        pass
    message = only_message(server)
    assert message["Subject"] == "For <b>Änne</b>\N{ZIPPER-MOUTH FACE}"
    assert "<p>&lt;b&gt;Änne" in message.get_body(("html",)).get_content()


@pytest.mark.parametrize("break_", BREAKS)
@pytest.mark.parametrize("member", ["From", "ReplyToEmailAddress"])
def test_a_sender_of_several_lines_sends_nothing(house, server, member, break_):
    configuration = {
        "EmailSendingAccount": "DEVELOPER",
        "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/lido.example",
        "From": "no-reply@lido.example",
        member: f"a@lido.example{break_}{EVIL}",
    }
    try:
        pool = house.pool(AutoVerifiedAttributes=["email"], EmailConfiguration=configuration)
    except house.idp.exceptions.InvalidParameterException:
        return
    sign_up(house, pool)
    assert server.taken == []


@pytest.mark.parametrize(
    "address",
    ["alice@example.com\r\nBcc: eve@evil.example", "alice@example.com,eve@evil.example", "alice@example.com\u2028.eve"],
)
def test_an_address_is_one_address(house, server, address):
    pool = house.pool(AutoVerifiedAttributes=["email"])
    with pytest.raises(ClientError, match="InvalidParameter"):
        sign_up(house, pool, email=address)
    assert server.taken == []


@pytest.mark.parametrize(
    "name", ["=?utf-8?q?x=0D=0ABcc:eve@evil.example?=", "=?utf-8?b?eA0KQmNjOiBldmVAZXZpbC5leGFtcGxl?="]
)
def test_a_name_in_encoded_words_carries_no_line_into_the_subject(house, server, name):
    invitation = {"EmailSubject": "For {username}", "EmailMessage": "<p>{username}: {####}</p>"}
    pool = house.pool(AdminCreateUserConfig={"InviteMessageTemplate": invitation})
    house.idp.admin_create_user(
        UserPoolId=pool,
        Username=name,
        UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
        DesiredDeliveryMediums=["EMAIL"],
    )
    while house.worker.run_due():
        pass
    assert server.taken == []
