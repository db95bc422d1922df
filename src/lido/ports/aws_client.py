"""Speaking to a server in AWS JSON, signed when there is a key: the other half of web/aws/signature.py."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import urllib3

from lido import silence

CONTENT_TYPE = "application/x-amz-json-1.1"
_PORTS = {"http": 80, "https": 443}


class Unreachable(Exception):
    """Nobody answered; the message says why."""


class Signer(NamedTuple):
    """An access key and what it signs for. Its repr tells the id only."""

    access_key_id: str
    secret: str
    session_token: str | None
    region: str
    service: str

    def __repr__(self) -> str:
        return f"<Signer {self.access_key_id}>"


class AccessKey(NamedTuple):
    """An access key for services of AWS, or of whoever speaks their APIs. Its repr tells the id only."""

    id: str
    secret: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return f"<AccessKey {self.id}>"

    def signer(self, region: str, service: str) -> Signer:
        """What signs with it for one service of one region."""
        return Signer(*self, region, service)


class Answer(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes


def post(
    endpoint: str, target: str, body: bytes, *, signer: Signer | None, now: int, authority: str | None, seconds: float
) -> Answer:
    """Send one request at `now` (ms); `authority` is a file of certificates to trust. Raises Unreachable."""
    silence.refuse_if_open("Calling a server")
    headers = {"host": host(endpoint), "content-type": CONTENT_TYPE, "x-amz-target": target}
    if signer is not None:
        headers = signed(signer, urlsplit(endpoint).path or "/", headers, body, now)
    try:
        with urllib3.PoolManager(ca_certs=authority) as http:
            answer = http.request(
                "POST", endpoint, body=body, headers=headers, timeout=seconds, retries=False, redirect=False
            )
            return Answer(answer.status, answer.data)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unreachable(str(error)) from error


def signed(
    signer: Signer, path: str, headers: dict[str, str], body: bytes, now: int, *, method: str = "POST"
) -> dict[str, str]:
    """The headers, lower-case, with those of Signature Version 4; all of them are signed."""
    moment = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {**headers, "x-amz-date": moment}
    if signer.session_token:
        headers["x-amz-security-token"] = signer.session_token
    names = ";".join(sorted(headers))
    lines = [f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers)]
    digest = hashlib.sha256(body).hexdigest()
    canonical = "\n".join([method, quote(path, safe="/~"), "", *lines, "", names, digest])
    scope = f"{moment[:8]}/{signer.region}/{signer.service}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + signer.secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={signer.access_key_id}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": authorization}


def host(endpoint: str) -> str:
    """The Host header of requests to that address."""
    parts = urlsplit(endpoint)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    return name if parts.port in (None, _PORTS.get(parts.scheme)) else f"{name}:{parts.port}"
