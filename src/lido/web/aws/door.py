"""The AWS door: JSON 1.1 on `POST /`, for both services, told apart by `X-Amz-Target`.

Reads the body on the event loop, makes one hop to a worker thread, and there
does everything else: target, JSON, signature, operation, answer. Requests that
may hash a password take a lane of their own.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec
import structlog

from lido import errors
from lido.call import Call, Caller
from lido.flows import operators
from lido.operations import BY_SECRET, BY_SECRET_OR_SIGNATURE, perform
from lido.shapes import catalogue
from lido.web.aws import refusals, signature
from lido.web.connection import address_of, read_body
from lido.web.lanes import Lanes
from lido.web.metrics import Metrics, Outcome

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CONTENT_TYPE = b"application/x-amz-json-1.1"
# Browser SDKs call the API from any page; nothing here rests on cookies.
CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-amzn-requestid,x-amzn-errortype,x-amzn-errormessage,date"),
]
PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-max-age", b"172800"),
]
_HASHING = frozenset(
    {
        b"AdminCreateUser",
        b"AdminRespondToAuthChallenge",
        b"AdminSetUserPassword",
        b"ChangePassword",
        b"ConfirmForgotPassword",
        b"RespondToAuthChallenge",
        b"SignUp",
    }
)
_HASHING_OR_SIGNING = frozenset({b"AdminInitiateAuth", b"InitiateAuth"})
_SIGNING = frozenset({b"GetClientToken", b"GetDerivedToken", b"GetTokensFromRefreshToken"})
_decode = msgspec.json.Decoder().decode
_log = structlog.get_logger("lido.aws")


class Door:
    """Answers AWS JSON requests. `new_call` makes the satchel of a request from its address and user agent."""

    def __init__(
        self,
        new_call: Callable[[str, str], Call],
        lanes: Lanes,
        *,
        body_limit_bytes: int,
        trusted_proxies: tuple[str, ...],
        metrics: Metrics,
    ) -> None:
        self._new_call = new_call
        self._lanes = lanes
        self._body_limit_bytes = body_limit_bytes
        self._trusted_proxies = trusted_proxies
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            asked = [value for name, value in scope["headers"] if name == b"access-control-request-headers"]
            allowed = [(b"access-control-allow-headers", asked[0][:2_000])] if asked else []
            await _send(send, 200, PREFLIGHT + allowed, b"")
            return
        body = await read_body(scope, receive, self._body_limit_bytes)
        # Of a header that comes twice the last counts, here and below.
        named = dict(scope["headers"])
        # Whoever tricks this meets the gate before the hash itself.
        name = named.get(b"x-amz-target", b"").rpartition(b".")[2]
        if name in _SIGNING or (name in _HASHING_OR_SIGNING and b"REFRESH_TOKEN" in (body or b"")):
            status, headers, answer = await self._lanes.signing(self._answer, scope, named, body)
        elif name not in _HASHING and name not in _HASHING_OR_SIGNING:
            status, headers, answer = await self._lanes.quick(self._answer, scope, named, body)
        elif not self._lanes.full:
            status, headers, answer = await self._lanes.slow(self._answer, scope, named, body)
        else:
            status, headers, answer = self._answer(scope, named, body, refusal=errors.TooManyRequests())
        await _send(send, status, headers, answer)

    def _answer(
        self, scope: Scope, named: Mapping[bytes, bytes], body: bytes | None, refusal: errors.Fault | None = None
    ) -> tuple[int, Headers, bytes]:
        call = self._new_call(
            address_of(scope, self._trusted_proxies), named.get(b"user-agent", b"").decode("latin-1")[:1_024]
        )
        service, name = _target(named.get(b"x-amz-target", b"").decode("latin-1"))
        with self._metrics.timed(service, name) as outcome:
            answered = self._answered(call, service, name, scope, body, outcome, refusal)
        _log.info(
            "request", request_id=call.request_id, operation=name[:64], outcome=outcome.name, ms=outcome.milliseconds
        )
        return answered

    def _answered(
        self,
        call: Call,
        service: str,
        name: str,
        scope: Scope,
        body: bytes | None,
        outcome: Outcome,
        refusal: errors.Fault | None,
    ) -> tuple[int, Headers, bytes]:
        sign = [*CORS, (b"x-amzn-requestid", call.request_id.encode())]
        try:
            if refusal is not None:
                raise refusal
            answer = self._perform(call, service, name, scope, body)
        except errors.Fault as fault:
            outcome.refused(fault.wire_name())
            status, more, answer = refusals.answer(fault)
            return status, sign + more, answer
        except (errors.Unavailable, errors.Conflict) as trouble:
            outcome.refused("InternalErrorException")
            _log.warning("database", request_id=call.request_id, operation=name, trouble=str(trouble))
            status, more, answer = refusals.answer(errors.InternalError("The service is busy. Try again."))
            return status, [*sign, *more, (b"retry-after", b"1")], answer
        except Exception:
            outcome.refused("InternalErrorException")
            _log.exception("bug", request_id=call.request_id, operation=name)
            status, more, answer = refusals.answer(
                errors.InternalError(f"Internal server error (request {call.request_id})")
            )
            return status, sign + more, answer
        return 200, [*sign, (b"content-type", CONTENT_TYPE)], answer

    def _perform(self, call: Call, service: str, name: str, scope: Scope, body: bytes | None) -> bytes:
        if body is None:
            raise errors.RequestEntityTooLarge
        if not service:
            raise errors.UnknownOperation
        caller = self._caller(call, service, name, scope, body)
        document = _document(body)
        return perform(service, name, msgspec.structs.replace(call, caller=caller) if caller else call, document)

    def _caller(self, call: Call, service: str, name: str, scope: Scope, body: bytes) -> Caller | None:
        """Who signed the request. Operations that need no signature accept any, and ignore it."""
        described = catalogue.OPERATIONS.get((service, name))
        if described is None or described.unsigned or (service, name) in BY_SECRET:
            return None
        is_signed = any(header == b"authorization" for header, _ in scope["headers"])
        if (service, name) in BY_SECRET_OR_SIGNATURE and not is_signed:
            return None
        request = signature.SignedRequest(
            method=scope["method"],
            path=scope.get("raw_path", b"/").decode("latin-1"),
            query=scope.get("query_string", b""),
            headers=scope["headers"],
            body=body,
        )
        found: list[operators.Key] = []

        def find_secret(access_key_id: str) -> signature.Secret | None:
            key = operators.find_key(call, access_key_id)
            if key is None:
                return None
            found.append(key)
            return signature.Secret(key.secret)

        signed = signature.verify(
            request, find_secret=find_secret, now=call.now, service=service, serves=call.house.serves
        )
        return operators.caller(call, found[0], signed.region)


def _target(header: str) -> tuple[str, str]:
    """Service and operation of an `X-Amz-Target`; the service is '' when nothing of ours is meant."""
    prefix, _, name = header.partition(".")
    service = catalogue.TARGETS.get(prefix, "")
    return (service, name) if (service, name) in catalogue.OPERATIONS else ("", name)


def _document(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        raise errors.Serialization from broken
    if not isinstance(document, dict):
        raise errors.Serialization
    return document


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
