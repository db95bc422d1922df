"""Which of two ways a message takes."""

from lido.ports.mail import Email
from lido.ports.message_ways import MailByAccount, TextMessagesByAccount
from lido.ports.sms import TextMessage

ARN = "arn:aws:ses:eu-west-1:123456789012:identity/lido.example"


class Way:
    def __init__(self):
        self.sent = []
        self.is_closed = False

    def send(self, message):
        self.sent.append(message)

    def close(self):
        self.is_closed = True


def letter(**changes):
    given = {"id": "1", "to": "a@b.example", "sender": "c@d.example", "subject": "", "text": "", "html": "", "at": 0}
    return Email(**{**given, **changes})


def test_mail_of_pools_with_an_identity_goes_by_their_account():
    account, ours = Way(), Way()
    ways = MailByAccount(account, ours)
    own, other = letter(identity_arn=ARN), letter()
    ways.send(own)
    ways.send(other)
    assert (account.sent, ours.sent) == ([own], [other])
    ways.close()
    assert account.is_closed
    assert ours.is_closed


def test_text_messages_of_pools_with_an_account_go_by_it():
    account, ours = Way(), Way()
    ways = TextMessagesByAccount(account, ours)
    own, other = TextMessage("+1555", "a", has_account=True, region="us-east-1"), TextMessage("+1555", "b")
    ways.send(own)
    ways.send(other)
    assert (account.sent, ours.sent) == ([own], [other])
