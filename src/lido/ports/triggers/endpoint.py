"""HTTPS endpoints: the event is posted as JSON, signed as Standard Webhooks has it, and comes back with its answer.

An endpoint answers 200 with the whole event, its `response` filled in, as a Lambda function returns it. With a
status of 400 or more and `{"errorMessage": "…"}` it raises; with any other status it could not be invoked.
"""

from lido.ports.clock import Clock
from lido.ports.outgoing import Outgoing, Refused, TooLarge, TooSlow, Unreachable
from lido.ports.triggers.carrier import (
    MAX_BODY_BYTES,
    Invocation,
    NotInvocable,
    Raised,
    Target,
    TimedOut,
    Unrecognizable,
    error_message,
)
from lido.rules.webhook_signature import headers as signature_headers

_NAMES = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    410: "ResourceNotFoundException",
    429: "TooManyRequestsException",
}


class Endpoints:
    """Calls endpoints through `outgoing`, which refuses private destinations unless the operator allowed them."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock

    def attempt(self, target: Target, invocation: Invocation) -> bytes:
        """As Carriage.attempt."""
        try:
            answer = self._outgoing.post(
                target.address,
                invocation.event,
                self._headers(target, invocation),
                seconds=target.timeout_seconds,
                limit_bytes=MAX_BODY_BYTES,
            )
        except Refused:
            raise NotInvocable("AccessDeniedException") from None
        except TooSlow:
            raise TimedOut from None
        except TooLarge:
            raise Unrecognizable from None
        except Unreachable:
            raise NotInvocable("ServiceException") from None
        if answer.status == 200:
            return answer.body
        message = error_message(answer.body) if answer.status >= 400 else None
        if message is not None:
            raise Raised(message)
        raise NotInvocable(_NAMES.get(answer.status, "ServiceException"))

    def close(self) -> None:
        """Close the connections."""
        self._outgoing.close()

    def _headers(self, target: Target, invocation: Invocation) -> dict[str, str]:
        headers = {"content-type": "application/json", "lido-trigger": invocation.trigger}
        if target.secret is None:
            return headers
        seconds = self._clock.now() // 1000
        return headers | signature_headers(target.secret, invocation.id, seconds, invocation.event)
