"""Text messages by an HTTP gateway: a form is posted for each."""

import re
from typing import Protocol
from urllib.parse import quote_plus

from msgspec import Struct

from lido import silence
from lido.ports.mail import Undeliverable

NUMBER = re.compile(r"\+[0-9]{2,15}")
"""A telephone number as E.164 has it."""

_PLACE = re.compile(r"\{(to|from|text)\}")
# "Later" among the refusals that otherwise mean "never" (RFC 9110 15.5.9, RFC 6585 section 4).
_LATER = (408, 429)


class TextMessage(Struct, frozen=True):
    """One text message; `to` is a number as E.164 has it.

    `has_account`: the pool names an account of SNS, in `region`.
    """

    to: str
    text: str
    has_account: bool = False
    region: str = ""

    def __repr__(self) -> str:
        return "TextMessage(…)"


class TextMessages(Protocol):
    """Sends text messages."""

    def send(self, message: TextMessage) -> None:
        """Hand it over to the gateway. Raises Undeliverable; RuntimeError while a transaction is open."""
        ...


class HTTPGateway:
    """A gateway that takes `form`, with {to}, {from} and {text} in it, posted to `url`.

    The address is the operator's own setting, so it may be a private one; redirects are not followed, and of an
    answer only the status is read. Safe to share between threads.
    """

    def __init__(
        self,
        url: str,
        *,
        form: str,
        sender: str,
        user: str | None = None,
        password: str | None = None,
        timeout_seconds: float = 10.0,
    ) -> None:
        import urllib3  # 40 ms at start-up that only those with a gateway pay

        self._url = url
        self._form = form
        self._sender = sender
        self._headers = {"content-type": "application/x-www-form-urlencoded"}
        if user is not None:
            self._headers |= urllib3.make_headers(basic_auth=f"{user}:{password or ''}")
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=timeout_seconds, read=timeout_seconds))

    def send(self, message: TextMessage) -> None:
        """Hand a text message over. Raises Undeliverable; RuntimeError while a transaction is open."""
        silence.refuse_if_open("Sending a text message")
        if not NUMBER.fullmatch(message.to):
            raise Undeliverable("the recipient is not a phone number", transient=False)
        values = {"to": message.to, "from": self._sender, "text": message.text}
        body = _PLACE.sub(lambda place: quote_plus(values[place[1]]), self._form)
        status = self._post(body.encode())
        if not 200 <= status < 300:
            transient = status >= 500 or status in _LATER
            raise Undeliverable(f"the gateway answered {status}", transient=transient)

    def _post(self, body: bytes) -> int:
        from urllib3.exceptions import HTTPError  # as above

        try:
            response = self._http.request(
                "POST",
                self._url,
                body=body,
                headers=self._headers,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            response.close()
        except HTTPError as trouble:
            reason = f"the gateway was not reached: {type(trouble).__name__}"
            raise Undeliverable(reason, transient=True, unreachable=True) from None
        return response.status
