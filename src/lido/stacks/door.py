"""The counter as a stack approaches it: one operation after the other, as the operator at the machine."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, operators
from lido.operations import built, perform

GONE = (errors.ResourceNotFound, errors.UserNotFound, errors.UserPoolAddOnNotEnabled)
"""Refusals that say that something is not there."""
_SERVICE = "cognito-idp"


class Door:
    """Operations in one region, by whoever `actor` is; `new_call` gives a call that arrives now."""

    def __init__(self, new_call: Callable[[], Call], *, actor: str, region: str) -> None:
        self._new_call = new_call
        self._actor = actor
        self.region = region
        self.account = new_call().house.account_id

    def call(self) -> Call:
        """A call of its own, with an id of its own."""
        return operators.at_the_machine(self._new_call(), self._actor, self.region)

    def ask(self, operation: str, call: Call | None = None, /, **members: Any) -> dict[str, Any]:
        """The answer of an operation; members that are None are left out. Raises errors.Fault."""
        document = {name: _plain(value) for name, value in members.items() if value is not None}
        answer = perform(_SERVICE, operation, call or self.call(), document)
        found: dict[str, Any] = msgspec.json.decode(answer) if answer else {}
        return found

    def find(self, operation: str, /, **members: Any) -> dict[str, Any] | None:
        """The answer of an operation that reads; None where what it reads is not there."""
        try:
            return self.ask(operation, **members)
        except GONE:
            return None

    def every(self, operation: str, member: str, /, token: str = "NextToken", **members: Any) -> Iterator[Any]:  # noqa: S107 - the name of a member
        """The entries of all pages."""
        after: str | None = None
        while True:
            page = self.ask(operation, **members, **{token: after})
            yield from page.get(member) or ()
            after = page.get(token)
            if after is None:
                return

    def issuer(self, pool_id: str) -> str:
        """The `iss` of the pool's tokens."""
        call = self.call()
        with call.db.read() as tx:
            return access.issuer(call, access.require_pool(call, tx, pool_id))

    @staticmethod
    def is_built(operation: str, service: str = _SERVICE) -> bool:
        """Whether there is such an operation in this release."""
        return (service, operation) in built()


def _plain(value: Any) -> Any:
    """Without the marks that values of templates carry."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str.__str__(value) if isinstance(value, str) else value
