"""Which things a stack answers for: remembered before they are made, so that no crash leaves one that nobody knows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import audit_reading
from lido.storage import leases, stacks
from lido.storage.stacks import StackResource as StackResource

LEASE_SECONDS = 60
"""How long a stack stays held by a run that was killed; a living one holds on after each step."""
_CLOCKS_APART_MS = 60_000


@contextmanager
def alone(call: Call, region: str, stack: str) -> Iterator[Callable[[int], None]]:
    """Hold the stack for this run; what is given holds on to it, as of a time (ms).

    Raises Conflict when another run has it, and so does what is given.
    """
    name, fence = f"stack {region} {stack}", 0

    def hold(now: int) -> None:
        nonlocal fence
        with call.db.write() as tx:
            taken = leases.take(tx, name, call.request_id, now=now, expires_at=now + LEASE_SECONDS * 1000)
        if taken is None or (fence and taken != fence):
            raise errors.Conflict(f"Another run is at work on the stack {stack}; try again when it has ended.")
        fence = taken

    hold(call.now)
    try:
        yield hold
    finally:
        with call.db.write() as tx:
            leases.give_back(tx, name, fence, due_at=call.now)


def of_stack(call: Call, region: str, stack: str) -> list[StackResource]:
    """Everything that the stack answers for, oldest first."""
    with call.db.read() as tx:
        return stacks.of_stack(tx, region, stack)


def holder(call: Call, region: str, type_: str, physical_id: str) -> str | None:
    """The stack that answers for a thing."""
    with call.db.read() as tx:
        return stacks.holder(tx, region, type_, physical_id)


def remember(call: Call, resource: StackResource, *forgotten: StackResource) -> StackResource:
    """Store a row as of now, and forget others in the same step."""
    stored = replace(resource, modified_at=call.now, created_at=resource.created_at or call.now)
    with call.db.write() as tx:
        for each in forgotten:
            stacks.remove(tx, each)
        stacks.put(tx, stored)
    return stored


def forget(call: Call, resource: StackResource) -> None:
    """The stack answers for it no more."""
    with call.db.write() as tx:
        stacks.remove(tx, resource)


def made_by(call: Call, resource: StackResource) -> tuple[str, str] | None:
    """Pool and client that a request made, by the audit trail: pool id and client id, '' where it made none.

    None: the request changed nothing. For a run that ended between a request and its note of it.
    """
    since = resource.modified_at - _CLOCKS_APART_MS
    for entry in audit_reading.every(call, pool_id=None, since_at=since):
        if entry.body.get("request_id") == resource.request_id and entry.body.get("outcome") == "success":
            return entry.pool_id, str(entry.body.get("named", {}).get("ClientId", ""))
    return None
