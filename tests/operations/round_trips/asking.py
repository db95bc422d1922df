"""Asking a house for operations, with every member that their requests have."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore import xform_name
from botocore.exceptions import ClientError
from tests.operations.round_trips import making
from tests.operations.round_trips.making import Examples
from tests.world import World


class Asker:
    """Speaks to a house by boto3, and remembers which members it has sent in requests that were accepted."""

    def __init__(self, house: World) -> None:
        self.house = house
        self._sent: dict[str, set[str]] = defaultdict(set)

    def ask(self, operation: str, /, *, unsigned: bool = False, **request: Any) -> Any:
        """The answer to that very request."""
        client = self.house.idp_unsigned if unsigned else self.house.idp
        answer = getattr(client, xform_name(operation))(**request)
        self._sent[operation] |= making.sent(operation, request)
        return answer

    def ask_all(self, operation: str, examples: Examples, *, turn: int = 0, unsigned: bool = False) -> tuple[Any, Any]:
        """The request with all its members, as it was sent, and the answer to it."""
        request = making.document(operation, examples, turn)
        return request, self.ask(operation, unsigned=unsigned, **request)

    def refusal_of_all(self, operation: str, examples: Examples) -> str:
        """The name of the refusal of a request with all its members, where that is the true answer to everybody."""
        request = making.document(operation, examples)
        try:
            self.ask(operation, **request)
        except ClientError as error:
            self._sent[operation] |= making.sent(operation, request)
            return str(error.response["Error"]["Code"])
        return ""

    def unsent(self, operation: str) -> set[str]:
        """The members of that operation's request that were in none."""
        return making.members(operation) - self._sent[operation]


class Story(NamedTuple):
    """What is told of some operations: each of their members is sent, and what it set is read back."""

    operations: tuple[str, ...]
    tell: Callable[[Asker], None]
    unsendable: dict[str, str]
    """Members that no request can have, as `Operation.Member`, and why."""


def story(*operations: str, unsendable: dict[str, str] | None = None) -> Callable[[Callable[[Asker], None]], Story]:
    """Make a function that asks the story of these operations."""
    return lambda tell: Story(operations, tell, unsendable or {})
