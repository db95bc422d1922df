"""One service of AWS, or of a server that speaks its API: where it is in a region, and requests signed for it."""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from lido.ports import aws_client
from lido.ports.aws_client import AccessKey
from lido.ports.clock import Clock
from lido.ports.outgoing import Answer, Outgoing, Refused

_REGION = re.compile(r"[a-z0-9-]{1,32}")
_NAME = re.compile(r"[A-Za-z0-9.]{1,64}")


class AWSService:
    """The service `name` at `endpoint`, where `{service}` stands for that name and `{region}` for a request's region.

    `outgoing` is the operator's own way out: the endpoint may be a private one. Without a key requests are not signed.
    Safe to share between threads.
    """

    def __init__(self, outgoing: Outgoing, clock: Clock, name: str, endpoint: str, key: AccessKey | None) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._name = name
        self._endpoint = endpoint.replace("{service}", name).rstrip("/")
        self._key = key

    def __repr__(self) -> str:
        return self._endpoint

    def send(
        self,
        path: str,
        headers: dict[str, str],
        body: bytes,
        *,
        region: str,
        seconds: float,
        limit_bytes: int,
        method: Literal["POST", "PUT"] = "POST",
    ) -> Answer:
        """Send one request to a path, which is percent-encoded; `headers` have lower-case names.

        Raises what Outgoing.post does; Refused too where the region is none.
        """
        if not _REGION.fullmatch(region):
            # Regions stand in what pools say: that must not lead the request, and what signs it, to another host.
            raise Refused("the region is none")
        url = self._endpoint.replace("{region}", region) + path
        headers = {"host": aws_client.host(url), **headers}
        if self._key is not None:
            signer, path = self._key.signer(region, self._name), urlsplit(url).path
            # What is signed is encoded once more than what is sent; only S3 signs what it is sent.
            path = unquote(path) if self._name == "s3" else path
            headers = aws_client.signed(signer, path, headers, body, self._clock.now(), method=method)
        return self._outgoing.post(url, body, headers, seconds=seconds, limit_bytes=limit_bytes, method=method)

    def close(self) -> None:
        """Give back what was kept open; sending again opens it anew."""
        self._outgoing.close()


def fault(answer: Answer) -> str:
    """The name of a refusal in AWS JSON, never its sentence, which may repeat what was sent; '' for anything else."""
    try:
        document = msgspec.json.decode(answer.body, type=Mapping[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return _name(str(document.get("__type", "")).rpartition("#")[2])


def fault_in_header(answer: Answer) -> str:
    """The name of a refusal as an answer's header has it, where some servers add a colon and an address; else ''."""
    return _name(answer.headers.get("x-amzn-errortype", "").partition(":")[0])


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else ""
