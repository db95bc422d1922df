"""A whole Lido in this process, and sentences that make pools, clients and users in it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.auth
import msgspec
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.session import get_session
from botocore.validate import ParamValidator
from tests.fakes import FakeClock, QuickEntropy

from lido.assembly import Lido
from lido.call import Call, Caller
from lido.flows import operators
from lido.ports.triggers.carrier import Carrier
from lido.rules import policies
from lido.rules.sealing import KeyRing
from lido.settings import load
from lido.shapes import catalogue
from lido.storage.database import Database

PASSWORD = "Passw0rd!"
ROOT_ID, ROOT_SECRET = "AKIAROOTROOTROOTROOT", "root-secret-of-the-tests-only"
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
SHARED_REFUSALS = {
    "AccessDenied",
    "ExpiredToken",
    "IncompleteSignature",
    "InternalError",
    "InvalidParameter",
    "InvalidSignature",
    "MissingAuthenticationToken",
    "NotImplemented",
    "RequestEntityTooLarge",
    "Serialization",
    "TooManyRequests",
    "UnknownOperation",
    "UnrecognizedClient",
}
UNLISTED = {"ALLOW_CLIENT_TOKEN_AUTH", "EMAIL_LINK"}
"""What the service takes and tells though its model forgot it, and a challenge that only our magic links have."""
# One session: it keeps the parsed service models.
_session = boto3.session.Session()
_validator = ParamValidator()


class World:
    """An assembled house on a database, spoken to by boto3 without a socket."""

    def __init__(
        self, database: Database, *, keys: KeyRing | None = None, carriers: Carrier | None = None, **settings: object
    ) -> None:
        self.clock = FakeClock()
        self.entropy = QuickEntropy()
        cheap = {"argon2_memory_kib": 8, "argon2_time_cost": 1, "threads": 4, "database": "sqlite:///unused"}
        # Time stands still in most tests, so that no token would ever come back.
        cheap["request_rate_factor"] = 0
        self.lido = Lido(
            load({**cheap, **settings}, environ={}),
            database,
            keys or KeyRing([bytes(32)], self.entropy.bytes),
            clock=self.clock,
            entropy=self.entropy,
            triggers=carriers,
        )
        self.database = database
        self._asgi = _Loop(self.lido.application())
        self.address = "203.0.113.7"  # where requests come from
        self.access_key(ROOT_ID, ROOT_SECRET, policies.FULL_ACCESS, operator_id=operators.ROOT)
        self.idp = self.boto(ROOT_ID, ROOT_SECRET)

    @cached_property
    def idp_unsigned(self) -> Any:
        """boto3 without a key: what an app does."""
        return self.boto(None, None)

    def close(self) -> None:
        self._asgi.close()
        self.lido.triggers.close()

    def call(self, *, root: bool = False) -> Call:
        """A call as the AWS door would make it; as the root operator if asked."""
        call = self.lido.call("203.0.113.7", "tests")
        if not root:
            return call
        caller = Caller(
            arn="arn:aws:iam::000000000000:root",
            access_key_id=ROOT_ID,
            region="us-east-1",
            policies=(policies.validate(policies.FULL_ACCESS),),
        )
        return msgspec.structs.replace(call, caller=caller)

    def access_key(self, access_key_id: str, secret: str, policy: str, *, operator_id: str = "ops") -> None:
        call = self.call()
        with self.database.write() as tx:
            operators.store_key(
                call,
                tx,
                operator_id=operator_id,
                name=operator_id,
                access_key_id=access_key_id,
                secret=secret,
                policy=policy,
            )

    def boto(
        self, access_key_id: str | None, secret: str | None, *, region: str = "us-east-1", service: str = "cognito-idp"
    ) -> Any:
        """A boto3 client whose requests end in this world; unsigned without a key."""
        config = Config(
            retries={"total_max_attempts": 1},
            parameter_validation=False,
            signature_version=UNSIGNED if access_key_id is None else None,
        )
        client = _session.client(
            service,
            region_name=region,
            endpoint_url="http://lido.test",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            config=config,
        )
        client.meta.events.register("before-send.*", self._carry)
        return client

    def _carry(self, request: Any, **_: object) -> AWSResponse:
        status, headers, body = self.http(
            request.method, request.url, dict(request.headers.items()), _bytes(request.body)
        )
        response = AWSResponse(request.url, status, headers, None)
        response._content = body
        return response

    def http(
        self, method: str, url: str, headers: dict[str, Any] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """One HTTP request into the application: status, headers, body."""
        status, answered, content = self._asgi.request(method, url, headers or {}, body, self.address)
        _require_modelled(headers or {}, status, answered, content)
        return status, answered, content

    def pool(self, **arguments: Any) -> str:
        """A new user pool's id."""
        pool = self.idp.create_user_pool(PoolName="people", **arguments)["UserPool"]
        return str(pool["Id"])

    def app(self, pool_id: str, **arguments: Any) -> dict[str, Any]:
        """A new app client, which allows passwords, SRP, admin sign-in and refresh."""
        given = {"ClientName": "app", "ExplicitAuthFlows": FLOWS, **arguments}
        client: dict[str, Any] = self.idp.create_user_pool_client(UserPoolId=pool_id, **given)["UserPoolClient"]
        return client

    def user(
        self,
        pool_id: str,
        username: str = "alice",
        password: str = PASSWORD,
        *,
        confirmed: bool = True,
        **attributes: str,
    ) -> str:
        """A user with a permanent password (a temporary one unless `confirmed`); the stored username."""
        created = self.idp.admin_create_user(
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )
        self.idp.admin_set_user_password(UserPoolId=pool_id, Username=username, Password=password, Permanent=confirmed)
        return str(created["User"]["Username"])

    def messages(self, to: str | None = None) -> list[dict[str, Any]]:
        """What was sent, newest last."""
        from lido.flows import outbox

        return [msgspec.to_builtins(message) for message in outbox.sent(self.call()) if to is None or message.to == to]

    def code(self, to: str) -> str:
        """The code of the newest message to that address."""
        return str(self.messages(to)[-1]["code"])


def _require_modelled(asked: dict[str, Any], status: int, answered: dict[str, str], body: bytes) -> None:
    """Every answer of an operation, in every test, is as its model says, and every refusal is one that the model lists,
    or one that all services share.
    """
    refusal = answered.get("x-amzn-errortype", "").removesuffix("Exception:")
    target = {name.lower(): value for name, value in asked.items()}.get("x-amz-target", "")
    prefix, _, name = (target.decode() if isinstance(target, bytes) else target).partition(".")
    service = catalogue.TARGETS.get(prefix, "")
    described = catalogue.OPERATIONS.get((service, name))
    if described is None:
        return
    if refusal and refusal not in SHARED_REFUSALS:
        assert refusal in described.faults, f"{name} refused with {refusal}, which its model does not list"
    if status == 200:
        shape = _model(service).operation_model(name).output_shape
        wrong = _unmodelled(shape, json.loads(body)) if shape and body else "" if body == b"" else "an answer"
        assert not wrong, f"{name} answers what its model does not know: {wrong}"


@cache
def _model(service: str) -> ServiceModel:
    return get_session().get_service_model(service)


def _unmodelled(shape: Shape, document: Any) -> str:
    """What of an answer its model does not know: members, types, lengths, or choices.

    A list of nothing is told as one, also where its model wants something in it.
    """
    told = {name: part for name, part in document.items() if part != [] or name in shape.required_members}
    found = _validator.validate(told, shape)
    return found.generate_report() if found.has_errors() else ", ".join(_strangers(shape, document))


def _strangers(shape: Shape, value: Any) -> Iterator[str]:
    """The choices that their enumeration lacks."""
    match shape:
        case StructureShape() if not shape.is_document_type:
            for name, part in value.items():
                yield from _strangers(shape.members[name], part)
        case ListShape():
            for part in value:
                yield from _strangers(shape.member, part)
        case MapShape():
            for key, part in value.items():
                yield from (*_strangers(shape.key, key), *_strangers(shape.value, part))
        case StringShape() if shape.enum and value not in UNLISTED.union(shape.enum):
            yield f"{value!r} is no {shape.name}"


class _Loop:
    """The application's event loop, on a thread of its own."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def request(
        self, method: str, url: str, headers: dict[str, Any], body: bytes, address: str
    ) -> tuple[int, dict[str, str], bytes]:
        answer = self._request(method, url, headers, body, address)
        return asyncio.run_coroutine_threadsafe(answer, self._loop).result()

    async def _request(
        self, method: str, url: str, headers: dict[str, Any], body: bytes, address: str
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        lines = {name.lower(): _bytes(value) for name, value in headers.items()}
        lines.setdefault("host", parts.netloc.encode())
        lines.setdefault("content-length", str(len(body)).encode())
        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": parts.scheme,
            "method": method,
            "path": parts.path or "/",
            "raw_path": (parts.path or "/").encode(),
            "query_string": parts.query.encode("utf-8", "surrogateescape"),
            "root_path": "",
            "headers": [(name.encode(), value) for name, value in lines.items()],
            "client": (address, 40_000),
            "server": ("lido.test", 80),
        }
        pending = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            return pending.pop(0) if pending else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._application(scope, receive, send)
        answer: dict[str, str] = {}
        for name, value in sent[0]["headers"]:  # a header that comes again is a further line
            line = value.decode("latin-1")
            answer[name.decode()] = f"{answer[name.decode()]}\n{line}" if name.decode() in answer else line
        return sent[0]["status"], answer, b"".join(part.get("body", b"") for part in sent[1:])

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    return value if isinstance(value, bytes) else str(value).encode()


def sign_by(clock: FakeClock) -> None:
    """Let botocore sign by that clock."""
    from datetime import UTC, datetime

    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.fromtimestamp(
        clock.now() / 1000, UTC
    ).replace(tzinfo=None if remove_tzinfo else UTC)
