"""Signature Version 4: who signed this request, and is it exactly what he signed?

The header form only, with the body inside the signature; presigned URLs, unsigned
and chunked payloads are refused (AWS reference "Signature Version 4").
"""

import hashlib
import hmac
import re
import threading
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from lido import errors

SKEW_SECONDS = 300
MOST_HEADERS = 128
LONGEST_AUTHORIZATION = 8192

_ALGORITHM = b"AWS4-HMAC-SHA256"
_TERMINATOR = "aws4_request"
_SKEW = timedelta(seconds=SKEW_SECONDS)
# What an unknown access key is verified with, so that it takes the time of a known one.
_NOBODYS = "0" * 40
_ACCESS_KEY_ID = re.compile(r"[A-Za-z0-9_]{1,128}")
_BASIC_TIME = re.compile(rb"[0-9]{8}T[0-9]{6}Z")
# CloudFront adds it on the way; nothing reads it.
_NEED_NO_SIGNATURE = frozenset({b"x-amz-cf-id"})
_ONCE = frozenset({b"authorization", b"host", b"date", b"content-type"})


class SignedRequest(NamedTuple):
    """A request as it came: raw path without query, raw query, headers in their order, whole body."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Secret(msgspec.Struct, frozen=True):
    """What an access key signs with; with a session's token, its SHA-256 and when it ends."""

    key: str
    session_token_digest: bytes | None = None
    expires_at: int | None = None

    def __repr__(self) -> str:
        return "Secret(…)"


class Signed(NamedTuple):
    """Who signed, for where, and when (milliseconds)."""

    access_key_id: str
    region: str
    service: str
    session_token: str | None
    signed_at: int


class _Authorization(NamedTuple):
    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: list[bytes]
    signature: bytes


class SigningKeys:
    """Remembers derived signing keys, the least recently used go first; safe between threads."""

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._keys: OrderedDict[tuple[str, bytes, str, str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def signing_key(self, access_key_id: str, secret: str, date: str, region: str, service: str) -> bytes:
        """The key of one day, region and service."""
        name = (access_key_id, hashlib.sha256(secret.encode()).digest(), date, region, service)
        with self._lock:
            key = self._keys.get(name)
            if key is not None:
                self._keys.move_to_end(name)
                return key
        key = b"AWS4" + secret.encode()
        for part in (date, region, service, _TERMINATOR):
            key = hmac.digest(key, part.encode(), "sha256")
        with self._lock:
            self._keys[name] = key
            if len(self._keys) > self._most:
                self._keys.popitem(last=False)
        return key


_KEYS = SigningKeys()


def verify(
    request: SignedRequest,
    *,
    find_secret: Callable[[str], Secret | None],
    now: int,
    service: str,
    serves: Callable[[str], bool] | None,
    keys: SigningKeys = _KEYS,
) -> Signed:
    """Who signed the request; `serves` says which regions are ours (None: any), `now` in milliseconds.

    An unknown access key costs the same work as a known one. Raises
    MissingAuthenticationToken, IncompleteSignature, InvalidSignature,
    UnrecognizedClient and ExpiredToken.
    """
    headers = _headers(request.headers)
    authorization = _authorization(headers, request.query)
    moment = _moment(headers)
    basic = _basic(moment)
    _check_scope(authorization, basic, service, serves)
    signed_at = _check_moment(moment, now)
    _check_signed_headers(headers, authorization.signed_headers)
    body_digest = hashlib.sha256(request.body).hexdigest().encode()
    _check_body(headers, body_digest)
    canonical = _canonical_request(request, headers, authorization.signed_headers, body_digest)

    access_key_id, _, region, scoped_service, *_ = authorization
    secret = find_secret(access_key_id)
    signing_key = keys.signing_key(
        access_key_id, _NOBODYS if secret is None else secret.key, authorization.date, region, scoped_service
    )
    expected = _signature(authorization, basic, canonical, signing_key)
    matched = hmac.compare_digest(expected, authorization.signature)
    if secret is None:
        raise errors.UnrecognizedClient
    if not matched:
        raise errors.InvalidSignature
    token = headers.get(b"x-amz-security-token")
    _check_session(secret, token, now)
    session_token = None if token is None else token.decode("latin-1")
    return Signed(access_key_id, region, scoped_service, session_token, signed_at)


def _headers(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """By lower-case name, with folded white space; repeated ones joined, where repeating them is allowed."""
    if len(headers) > MOST_HEADERS:
        raise errors.IncompleteSignature("The request has too many headers.")
    folded: dict[bytes, bytes] = {}
    for name, raw in headers:
        lower, value = name.lower(), b" ".join(raw.split())
        if lower in folded:
            if lower in _ONCE or lower.startswith(b"x-amz-"):
                raise errors.IncompleteSignature(f"The header '{_shown(lower)}' must not be repeated.")
            value = folded[lower] + b"," + value
        folded[lower] = value
    return folded


def _authorization(headers: dict[bytes, bytes], query: bytes) -> _Authorization:
    value = headers.get(b"authorization", b"")
    if not value:
        raise errors.MissingAuthenticationToken
    if len(value) > LONGEST_AUTHORIZATION:
        raise errors.IncompleteSignature("The Authorization header is too long.")
    if b"x-amz-" in query.lower():
        raise errors.IncompleteSignature("A request is signed by its header or by its query, not by both.")
    algorithm, _, rest = value.partition(b" ")
    if algorithm != _ALGORITHM:
        raise errors.IncompleteSignature(
            f"Unsupported AWS 'algorithm': '{_shown(algorithm[:32])}' (only AWS4-HMAC-SHA256 for now). "
        )
    parameters = _parameters(rest)
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parameters.get(name.encode())]
    if missing:
        sentences = "".join(f"Authorization header requires '{name}' parameter. " for name in missing)
        digest = b64encode(hashlib.sha256(value).digest()).decode()
        raise errors.IncompleteSignature(
            f"{sentences}(Hashed with SHA-256 and encoded with Base64) Authorization={digest}"
        )
    credential = _shown(parameters[b"Credential"]).split("/")
    if len(credential) != 5 or not _ACCESS_KEY_ID.fullmatch(credential[0]):
        raise errors.IncompleteSignature(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
        )
    names = parameters[b"SignedHeaders"].split(b";")
    access_key_id, date, region, service, terminator = credential
    return _Authorization(access_key_id, date, region, service, terminator, names, parameters[b"Signature"])


def _parameters(rest: bytes) -> dict[bytes, bytes]:
    parameters: dict[bytes, bytes] = {}
    for pair in rest.split(b","):
        name, equals, value = pair.strip().partition(b"=")
        if not equals:
            raise errors.IncompleteSignature("Invalid key=value pair (missing equal-sign) in Authorization header.")
        if name in parameters:
            raise errors.IncompleteSignature(f"Authorization header has '{_shown(name[:32])}' twice.")
        parameters[name] = value
    return parameters


def _shown(value: bytes) -> str:
    return value.decode("ascii", "replace")


def _moment(headers: dict[bytes, bytes]) -> datetime:
    """The time of the signature. X-Amz-Date counts before Date, which may be in the form of RFC 5322 too."""
    value = headers.get(b"x-amz-date", headers.get(b"date"))
    if value is None:
        raise errors.IncompleteSignature(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    try:
        if _BASIC_TIME.fullmatch(value):
            year, month, day = int(value[:4]), int(value[4:6]), int(value[6:8])
            return datetime(year, month, day, int(value[9:11]), int(value[11:13]), int(value[13:15]), tzinfo=UTC)
        if b"x-amz-date" not in headers and len(value) <= 64:
            moment = parsedate_to_datetime(_shown(value))
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # Not a time: refused below, like every other value.
    raise errors.IncompleteSignature(
        f"Date must be in ISO-8601 'basic format'. Got '{_shown(value[:64])}'. "
        "See http://en.wikipedia.org/wiki/ISO_8601"
    )


def _basic(moment: datetime) -> str:
    # strftime takes twice as long and does not pad years below 1000.
    return moment.isoformat(timespec="seconds")[:19].replace("-", "").replace(":", "") + "Z"


def _check_scope(authorization: _Authorization, basic: str, service: str, serves: Callable[[str], bool] | None) -> None:
    wrong = []
    if serves is not None and not serves(authorization.region):
        wrong.append("Credential should be scoped to a valid region. ")
    if authorization.service != service:
        wrong.append(f"Credential should be scoped to correct service: '{service}'. ")
    if authorization.terminator != _TERMINATOR:
        wrong.append(f"Credential should be scoped with a valid terminator: '{_TERMINATOR}'. ")
    if authorization.date != basic[:8]:
        wrong.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{authorization.date[:16]}' != '{basic[:8]}', from '{basic}'. "
        )
    if wrong:
        raise errors.InvalidSignature("".join(wrong))


def _check_moment(moment: datetime, now: int) -> int:
    """When it was signed, in milliseconds; not more than five minutes from now."""
    signed_at = int(moment.timestamp()) * 1000
    if abs(now - signed_at) <= SKEW_SECONDS * 1000:
        return signed_at
    here = datetime.fromtimestamp(now // 1000, UTC)
    if signed_at < now:
        raise errors.InvalidSignature(
            f"Signature expired: {_basic(moment)} is now earlier than {_basic(here - _SKEW)} ({_basic(here)} - 5 min.)"
        )
    raise errors.InvalidSignature(
        f"Signature not yet current: {_basic(moment)} is still later than "
        f"{_basic(here + _SKEW)} ({_basic(here)} + 5 min.)"
    )


def _check_signed_headers(headers: dict[bytes, bytes], names: list[bytes]) -> None:
    """The list must be sorted, without repetition, and name what is there and what must not be changed."""
    signed = set(names)
    if b"host" not in signed:
        raise errors.InvalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    if names != sorted(signed) or not signed <= headers.keys():
        raise errors.InvalidSignature
    if b"x-amz-date" not in headers and b"date" not in signed:
        raise errors.InvalidSignature("'Date' must be a 'SignedHeader' in the AWS Authorization.")
    for name in headers.keys() - signed:
        if name.startswith(b"x-amz-") and name not in _NEED_NO_SIGNATURE:
            raise errors.InvalidSignature(f"'{_shown(name)}' must be a 'SignedHeader' in the AWS Authorization.")


def _check_body(headers: dict[bytes, bytes], digest: bytes) -> None:
    """A stated hash must be that of the body, so `UNSIGNED-PAYLOAD` and `STREAMING-…` are refused."""
    stated = headers.get(b"x-amz-content-sha256")
    if stated is not None and not hmac.compare_digest(stated, digest):
        raise errors.InvalidSignature("The provided 'x-amz-content-sha256' header does not match what was computed.")


def _canonical_request(
    request: SignedRequest, headers: dict[bytes, bytes], names: list[bytes], body_digest: bytes
) -> bytes:
    path = b"/" if request.path == "/" else quote(request.path, safe="/~").encode()
    query = b"&".join(sorted(request.query.split(b"&"))) if request.query else b""
    lines = [request.method.encode(), path, query]
    lines += [name + b":" + headers[name] for name in names]
    return b"\n".join([*lines, b"", b";".join(names), body_digest])


def _signature(authorization: _Authorization, basic: str, canonical: bytes, signing_key: bytes) -> bytes:
    scope = f"{authorization.date}/{authorization.region}/{authorization.service}/{_TERMINATOR}"
    digest = hashlib.sha256(canonical).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{basic}\n{scope}\n{digest}"
    return hmac.digest(signing_key, to_sign.encode(), "sha256").hex().encode()


def _check_session(secret: Secret, token: bytes | None, now: int) -> None:
    """A session's key needs its token, a plain key must come without one."""
    given = b"" if token is None else hashlib.sha256(token).digest()
    if not hmac.compare_digest(given, secret.session_token_digest or b""):
        raise errors.UnrecognizedClient
    if secret.expires_at is not None and secret.expires_at <= now:
        raise errors.ExpiredToken
