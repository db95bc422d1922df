"""Which way a message goes, where there are two: by Amazon's API for pools that name an account there, else our own."""

from lido.ports.mail import Email, Mail
from lido.ports.sms import TextMessage, TextMessages


class MailByAccount:
    """E-mail of pools with an identity of their own goes by `account`, that of all others by `ours`."""

    def __init__(self, account: Mail, ours: Mail) -> None:
        self._account = account
        self._ours = ours

    def send(self, email: Email) -> None:
        """As Mail.send."""
        (self._account if email.identity_arn else self._ours).send(email)

    def close(self) -> None:
        """As Mail.close."""
        self._account.close()
        self._ours.close()


class TextMessagesByAccount:
    """Text messages of pools with an account of their own go by `account`, those of all others by `ours`."""

    def __init__(self, account: TextMessages, ours: TextMessages) -> None:
        self._account = account
        self._ours = ours

    def send(self, message: TextMessage) -> None:
        """As TextMessages.send."""
        (self._account if message.has_account else self._ours).send(message)
