"""The settings say which way messages go, and pools with an account of their own go theirs."""

import email
import email.policy

import boto3
import pytest
from tests.databases import fresh_database
from tests.mail_server import mail_server
from tests.ports.amazon import amazon
from tests.world import World, sign_by

from lido.storage import messages

OWN = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/pool.example",
    "From": "Pool <hello@pool.example>",
    "ReplyToEmailAddress": "help@pool.example",
}
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sns", "ExternalId": "x", "SnsRegion": "us-east-1"}


@pytest.fixture(scope="module")
def moto():
    with amazon() as server:
        for region, name in (("eu-west-1", "pool.example"), ("us-east-1", "lido.example")):
            client = boto3.client(
                "sesv2",
                region_name=region,
                endpoint_url=server.url,
                aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="secret",
            )
            client.create_email_identity(EmailIdentity=name)
        yield server


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def living(tmp_path):
    """Makes a house by settings."""
    made = []
    with fresh_database("sqlite", tmp_path) as database:

        def make(**settings):
            world = World(database, mail_from="no-reply@lido.example", **settings)
            sign_by(world.clock)
            world.worker = world.lido.message_worker()
            made.append(world)
            return world

        yield make
        for world in made:
            world.worker.close()
            world.close()


def amazons(moto):
    return {
        "ses_endpoint": moto.url,
        "sns_endpoint": moto.url,
        "aws_access_key_id": "AKIDEXAMPLE00001",
        "aws_secret_access_key": "a secret of sixteen",
    }


def sign_up(house, username, **pool):
    given = {"phone_number": "+491701234567"} if "SmsConfiguration" in pool else {"email": f"{username}@example.com"}
    client = house.app(house.pool(AutoVerifiedAttributes=list(given), **pool))["ClientId"]
    house.idp_unsigned.sign_up(
        ClientId=client,
        Username=username,
        Password="Passw0rd!",
        UserAttributes=[{"Name": name, "Value": value} for name, value in given.items()],
    )
    while house.worker.run_due():
        pass


def states(house):
    with house.database.read() as tx:
        return [message.state for message in messages.page(tx, limit=10)]


def test_a_pool_with_an_identity_goes_by_ses_and_others_by_the_mail_server(living, moto, server):
    house = living(smtp_url=server.url, **amazons(moto))
    sign_up(house, "alice", EmailConfiguration=OWN)
    sign_up(house, "bob")

    [(_, to, _)] = server.taken
    assert to == ["bob@example.com"]
    taken = moto.emails("eu-west-1")[-1]
    message = email.message_from_string(taken.raw_data, policy=email.policy.default)
    assert (message["To"], message["From"]) == ("alice@example.com", "Pool <hello@pool.example>")
    assert message["Reply-To"] == "help@pool.example"
    assert states(house) == [messages.SENT, messages.SENT]


def test_without_ses_the_mail_server_sends_for_all(living, server):
    house = living(smtp_url=server.url)
    sign_up(house, "alice", EmailConfiguration=OWN)
    [(sender, to, _)] = server.taken
    assert (sender, to) == ("hello@pool.example", ["alice@example.com"])


def test_without_a_mail_server_ses_sends_for_all(living, moto):
    house = living(**amazons(moto))
    sign_up(house, "alice")
    assert states(house) == [messages.SENT]
    [taken] = moto.emails("us-east-1")
    assert "From: no-reply@lido.example" in taken.raw_data


def test_text_messages_go_by_sns(living, moto):
    house = living(**amazons(moto))
    sign_up(house, "alice", SmsConfiguration=SMS)
    code = house.messages("+491701234567")[-1]["code"]
    assert moto.texts("us-east-1") == [("+491701234567", f"Your verification code is {code}. ")]


def test_without_any_way_messages_stay(living):
    house = living()
    sign_up(house, "alice", EmailConfiguration=OWN)
    assert states(house) == [messages.KEPT]
