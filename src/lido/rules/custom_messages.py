"""Messages in a pool's own words or by its own senders: what their triggers are told, and what they may answer."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from lido.rules import messages
from lido.rules.trigger_events import Event, Texts, Trigger, Unrecognizable, text, with_metadata

_LINKING = ("SignUp", "ResendCode")


class Words(Struct, frozen=True):
    """What CustomMessage says in place of the pool's templates; None leaves the template."""

    sms: str | None = None
    email: str | None = None
    subject: str | None = None


def custom_message(
    source: str, username: str, client_id: str | None, attributes: Texts, client_metadata: Texts
) -> Event:
    """The words of a message, in which placeholders stand for what is not told."""
    request: dict[str, Any] = {
        "userAttributes": dict(attributes),
        "codeParameter": "{####}",
        "linkParameter": "{##Click Here##}",
        "usernameParameter": "{username}" if source == "AdminCreateUser" else None,
    }
    response = dict.fromkeys(("smsMessage", "emailMessage", "emailSubject"))
    told = with_metadata(request, client_metadata)
    return Event("CustomMessage", f"CustomMessage_{source}", username, client_id, told, response)


def words(response: Mapping[str, Any], source: str) -> Words:
    """Raises Unrecognizable for texts that are too long or have no place for the code, or the link of a sign-up."""
    found = Words(
        text(response, "smsMessage", messages.LONGEST_SMS),
        text(response, "emailMessage", messages.LONGEST_EMAIL),
        text(response, "emailSubject", messages.LONGEST_SUBJECT),
    )
    for said in (found.sms, found.email):
        lacks_name = source == "AdminCreateUser" and said is not None and "{username}" not in said
        is_link = said is found.email and said is not None and source in _LINKING and messages.has_link(said)
        if said is not None and (not (is_link or messages.has_code(said)) or lacks_name):
            raise Unrecognizable
    return found


def custom_sender(
    medium: Literal["EMAIL", "SMS"],
    source: str,
    username: str,
    client_id: str | None,
    attributes: Texts,
    code: str | None,
    client_metadata: Texts,
) -> Event:
    """A message that the trigger sends itself; `code` is encrypted. Nothing is answered."""
    trigger: Trigger = "CustomEmailSender" if medium == "EMAIL" else "CustomSMSSender"
    request: dict[str, Any] = {
        "type": "customEmailSenderRequestV1" if medium == "EMAIL" else "customSMSSenderRequestV1",
        "clientMetadata": dict(client_metadata) or None,
        "userAttributes": dict(attributes),
    }
    if code is not None:
        request["code"] = code
    return Event(trigger, f"{trigger}_{source}", username, client_id, request, None)
