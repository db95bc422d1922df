"""AWS Lambda's own Invoke API, at AWS or at any compatible server: signed, synchronous, never redirected."""

from urllib.parse import quote, urlsplit

from lido.ports import aws_client
from lido.ports.aws_client import AccessKey
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
        self._outgoing = outgoing
        self._clock = clock
        self._endpoint = endpoint
        self._key = key

    def __repr__(self) -> str:
        return f"<AWSLambda {self._endpoint}>"

    def attempt(self, target: Target, invocation: Invocation) -> bytes:
        """As Carriage.attempt."""
        if self._endpoint is None:
            raise NotInvocable("ResourceNotFoundException")
        endpoint = self._endpoint.replace("{region}", target.region).rstrip("/")
        url = f"{endpoint}/2015-03-31/functions/{quote(target.address, safe='')}/invocations"
        try:
            answer = self._outgoing.post(
                url,
                invocation.event,
                self._headers(url, target.region, invocation.event),
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
            raise NotInvocable(_exception_name(answer.headers))
        if "x-amz-function-error" in answer.headers:
            raise Raised(error_message(answer.body))
        return answer.body

    def close(self) -> None:
        """Close the connections."""
        self._outgoing.close()

    def _headers(self, url: str, region: str, body: bytes) -> dict[str, str]:
        headers = {
            "host": aws_client.host(url),
            "content-type": "application/json",
            "x-amz-invocation-type": "RequestResponse",
        }
        if self._key is None:
            return headers
        signer = self._key.signer(region, "lambda")
        return aws_client.signed(signer, urlsplit(url).path, headers, body, self._clock.now())


def _exception_name(headers: dict[str, str]) -> str:
    """`ResourceNotFoundException`, as the answer's header has it; some servers add a colon and an address."""
    name = headers.get("x-amzn-errortype", "").partition(":")[0]
    return name if name.isalnum() and name.isascii() and len(name) <= 64 else "ServiceException"
