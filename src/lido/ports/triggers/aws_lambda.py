"""AWS Lambda's own Invoke API, at AWS or at any compatible server: signed, synchronous, never redirected."""

from urllib.parse import quote

from lido.ports.aws_client import AccessKey
from lido.ports.aws_service import AWSService, fault_in_header
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


class AWSLambda:
    """The server at `endpoint`, where `{region}` stands for the function's; without one no function exists.

    `outgoing` is the operator's own way out: the endpoint may be a private one.
    """

    def __init__(
        self,
        outgoing: Outgoing,
        clock: Clock,
        *,
        endpoint: str | None,
        key: AccessKey | None,
    ) -> None:
        self._service = AWSService(outgoing, clock, "lambda", endpoint, key) if endpoint is not None else None

    def __repr__(self) -> str:
        return f"<AWSLambda {self._service}>"

    def attempt(self, target: Target, invocation: Invocation) -> bytes:
        """As Carriage.attempt."""
        if self._service is None:
            raise NotInvocable("ResourceNotFoundException")
        try:
            answer = self._service.send(
                f"/2015-03-31/functions/{quote(target.address, safe='')}/invocations",
                {"content-type": "application/json", "x-amz-invocation-type": "RequestResponse"},
                invocation.event,
                region=target.region,
                seconds=target.timeout_seconds,
                limit_bytes=MAX_BODY_BYTES,
            )
        except TooSlow:
            raise TimedOut from None
        except TooLarge:
            raise Unrecognizable from None
        except (Refused, Unreachable):
            raise NotInvocable("ServiceException") from None
        if answer.status != 200:
            raise NotInvocable(fault_in_header(answer) or "ServiceException")
        if "x-amz-function-error" in answer.headers:
            raise Raised(error_message(answer.body))
        return answer.body

    def close(self) -> None:
        """Close the connections."""
        if self._service is not None:
            self._service.close()
