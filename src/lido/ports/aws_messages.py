"""Messages by Amazon's own APIs, or compatible ones: e-mail by SES (v2 SendEmail), text messages by SNS (Publish)."""

import re
from base64 import b64encode
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from lido import silence
from lido.ports import aws_service
from lido.ports.aws_client import AccessKey
from lido.ports.aws_service import AWSService
from lido.ports.clock import Clock
from lido.ports.mail import Email, Undeliverable, compose
from lido.ports.outgoing import Answer, Outgoing, Refused, TooLarge, TooSlow, Unreachable
from lido.ports.sms import NUMBER, TextMessage

_SECONDS = 10.0
_LIMIT_BYTES = 64 * 1024
_SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}")
_XML_CODE = re.compile(rb"<Code>([A-Za-z.]{1,64})</Code>")
# What is wrong with this one message. All else (keys, quotas, an identity not yet verified) may be mended meanwhile.
_PERMANENT = {"BadRequest", "InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "OptedOut"}


class Account(NamedTuple):
    """Where a service is and who asks there. `{region}` in `endpoint` stands for the message's; its repr tells no key.

    Without a key requests are not signed.
    """

    endpoint: str
    key: AccessKey | None

    def __repr__(self) -> str:
        return f"<Account {self.endpoint}>"


class SES:
    """Sends e-mail by `SendEmail` of SES v2: the very message that a mail server would get, in JSON.

    `outgoing` is the operator's own way out: the endpoint may be a private one. Safe to share between threads.
    """

    def __init__(self, outgoing: Outgoing, clock: Clock, account: Account) -> None:
        self._service = _Service(outgoing, clock, account, "ses")

    def __repr__(self) -> str:
        return f"<SES {self._service}>"

    def send(self, email: Email) -> None:
        """Hand an e-mail over. Raises Undeliverable; RuntimeError while a transaction is open."""
        silence.refuse_if_open("Sending mail")
        _, content = compose(email)
        document = {
            "FromEmailAddressIdentityArn": email.identity_arn,
            "ConfigurationSetName": email.configuration_set,
            "Destination": {"ToAddresses": [email.to]},
            "Content": {"Raw": {"Data": b64encode(content).decode()}},
        }
        body = msgspec.json.encode({name: value for name, value in document.items() if value})
        self._service.post("/v2/email/outbound-emails", "application/json", body, email.region)

    def close(self) -> None:
        """Give back what was kept open; sending again opens it anew."""
        self._service.close()


class SNS:
    """Sends text messages by `Publish` of SNS, as transactional ones.

    `sender` is a number that they come from, or a name (SenderID) where it can be one: 11 letters, digits and hyphens.
    Safe to share between threads.
    """

    def __init__(self, outgoing: Outgoing, clock: Clock, account: Account, *, sender: str) -> None:
        self._service = _Service(outgoing, clock, account, "sns")
        self._attributes = {"AWS.SNS.SMS.SMSType": "Transactional"}
        if NUMBER.fullmatch(sender):
            self._attributes["AWS.MM.SMS.OriginationNumber"] = sender
        elif _SENDER_ID.fullmatch(sender):
            self._attributes["AWS.SNS.SMS.SenderID"] = sender

    def __repr__(self) -> str:
        return f"<SNS {self._service}>"

    def send(self, message: TextMessage) -> None:
        """Hand a text message over. Raises Undeliverable; RuntimeError while a transaction is open."""
        silence.refuse_if_open("Sending a text message")
        if not NUMBER.fullmatch(message.to):
            raise Undeliverable("the recipient is not a phone number", transient=False)
        form = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": message.to, "Message": message.text}
        for number, (name, value) in enumerate(self._attributes.items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            form |= {f"{entry}.Name": name, f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}
        self._service.post("/", "application/x-www-form-urlencoded", urlencode(form).encode(), message.region)

    def close(self) -> None:
        """Give back what was kept open; sending again opens it anew."""
        self._service.close()


class _Service:
    """One service of an account: its refusals told apart."""

    def __init__(self, outgoing: Outgoing, clock: Clock, account: Account, name: str) -> None:
        self._service = AWSService(outgoing, clock, name, account.endpoint, account.key)
        self._name = name.upper()

    def __repr__(self) -> str:
        return repr(self._service)

    def post(self, path: str, content_type: str, body: bytes, region: str) -> None:
        headers = {"content-type": content_type}
        try:
            answer = self._service.send(path, headers, body, region=region, seconds=_SECONDS, limit_bytes=_LIMIT_BYTES)
        except Refused as refused:
            raise Undeliverable(str(refused), transient=True) from None
        except (Unreachable, TooSlow, TooLarge) as trouble:
            reason = f"{self._name} was not reached: {type(trouble).__name__}"
            raise Undeliverable(reason, transient=True, unreachable=True) from None
        if answer.status != 200:
            name = _refusal(answer)
            raise Undeliverable(
                f"{self._name} refused: {answer.status} {name}".rstrip(),
                transient=answer.status >= 500 or name not in _PERMANENT,
                said=answer.body.decode("utf-8", "replace"),
            )

    def close(self) -> None:
        self._service.close()


def _refusal(answer: Answer) -> str:
    """The refusal's name without "Exception", as XML, a header or JSON has it; empty if it has none."""
    if found := _XML_CODE.search(answer.body):
        name = found[1].decode()
    else:
        name = aws_service.fault_in_header(answer) or aws_service.fault(answer)
    return name.removesuffix("Exception")
