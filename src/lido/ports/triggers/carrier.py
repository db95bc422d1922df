"""What carries a trigger's event to its function and brings the answer back: the words that all carriers share."""

import re
from typing import Literal, Protocol

import msgspec
from msgspec import Struct, field

MAX_BODY_BYTES = 6 * 1024 * 1024
"""The largest event and the largest answer, as with AWS Lambda."""
MAX_MESSAGE_CHARACTERS = 1024
TIMEOUT_SECONDS = 5.0
ATTEMPTS = 3

Kind = Literal["lambda", "url", "handler", "python"]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Target(Struct, frozen=True, kw_only=True):
    """A function to call. Its repr tells no address and no secret: both may let somebody in.

    `address` is an ARN ("lambda"), an https URL ("url"), `file.function` below `folder` ("handler") or
    `module:function` ("python"). `secret` signs what goes to a URL, `environment` holds the variables of a
    handler's process. `attempts` counts tries after time-outs; no other failure is tried again.
    """

    name: str
    kind: Kind
    address: str
    arn: str
    secret: bytes | None = None
    folder: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = TIMEOUT_SECONDS
    attempts: int = ATTEMPTS

    def __repr__(self) -> str:
        return f"<Target {self.name}: {self.kind}>"

    @property
    def region(self) -> str:
        """The region of its ARN, '' for none."""
        return (self.arn.split(":") + [""] * 4)[3]


class Invocation(Struct, frozen=True):
    """One event on its way. All attempts have the same `id`, a UUID; `arn` is what the pool calls the function."""

    id: str
    trigger: str
    event: bytes
    arn: str = ""

    def __repr__(self) -> str:
        return f"<Invocation {self.id}: {self.trigger}>"


class Failure(Exception):
    """No answer came that a flow could use."""


class Raised(Failure):
    """The function itself raised; `message` is its error's text on one line, bounded, or ''."""

    def __init__(self, message: object) -> None:
        text = message if isinstance(message, str) else ""
        self.message = _CONTROL.sub(" ", text[: 4 * MAX_MESSAGE_CHARACTERS])[:MAX_MESSAGE_CHARACTERS]
        super().__init__(self.message)


class NotInvocable(Failure):
    """The function was not reached; `exception_name` says why in AWS Lambda's words: `AccessDeniedException`."""

    def __init__(self, exception_name: str) -> None:
        self.exception_name = exception_name
        super().__init__(exception_name)


class TimedOut(Failure):
    """No attempt was answered in time."""


class Unrecognizable(Failure):
    """What came back is too large, or not JSON."""


class Busy(Failure):
    """As many threads as one pool may have wait for its triggers already."""


class Carrier(Protocol):
    """Calls functions."""

    def invoke(self, target: Target, trigger_name: str, event: bytes, pool_id: str) -> bytes:
        """The answer to an event (JSON): well-formed JSON of any kind, `null` too, of at most 6 MiB.

        `trigger_name` ("PreSignUp") is for logs; `pool_id` is whose share of waiting threads is used. Raises Raised,
        NotInvocable, TimedOut, Unrecognizable, Busy; RuntimeError while a transaction is open.
        """
        ...

    def close(self) -> None:
        """End what was started; nothing is invoked afterwards."""
        ...


class Carriage(Protocol):
    """One way of calling functions: one attempt, of a target that it knows how to call."""

    def attempt(self, target: Target, invocation: Invocation) -> bytes:
        """What came back, unread. Raises Raised, NotInvocable, TimedOut, Unrecognizable."""
        ...

    def close(self) -> None:
        """Give back what is kept open."""
        ...


def error_message(body: bytes) -> str | None:
    """The `errorMessage` of an error in AWS Lambda's form; None: it is no such thing."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    message = found.get("errorMessage") if isinstance(found, dict) else None
    return message if isinstance(message, str) else None
