"""What templates made: one row for each thing that a stack answers for."""

from typing import Literal

import msgspec

from lido.records import Record
from lido.storage.database import Row, Transaction

State = Literal["creating", "standing", "leaving"]


class StackResource(Record, frozen=True):
    """A thing that a name in a template stands for; `physical_id` is '' while nobody knows how it will be called.

    `request_id` is the request that makes it, '' afterwards; `properties` are the paths that the template last set.
    """

    pool_id: str
    region: str
    stack: str
    logical_id: str
    physical_id: str
    type: str
    state: State
    request_id: str
    properties: tuple[str, ...]
    retained: bool
    created_at: int
    modified_at: int


_COLUMNS = (
    "pool_id, region, stack, logical_id, physical_id, type, state, request_id, properties, retained, created_at, "
    "modified_at"
)
_HERE = "region = :region AND stack = :stack AND logical_id = :logical_id AND physical_id = :physical_id"

_decode = msgspec.json.Decoder(tuple[str, ...]).decode


def _resource(row: Row) -> StackResource:
    return StackResource(*(*row[:8], _decode(row[8]), *row[9:]))


def of_stack(tx: Transaction, region: str, stack: str) -> list[StackResource]:
    """Everything that the stack answers for, oldest first."""
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM stack_resources WHERE region = :region AND stack = :stack
            ORDER BY created_at, logical_id""",
        region=region,
        stack=stack,
    )
    return [_resource(row) for row in rows]


def holder(tx: Transaction, region: str, type_: str, physical_id: str) -> str | None:
    """The stack that answers for a thing."""
    row = tx.row(
        "SELECT stack FROM stack_resources WHERE region = :region AND type = :type AND physical_id = :physical_id",
        region=region,
        type=type_,
        physical_id=physical_id,
    )
    return None if row is None else str(row[0])


def put(tx: Transaction, resource: StackResource) -> None:
    """Store a row, in place of one of the same name and thing."""
    tx.run(
        f"""INSERT INTO stack_resources ({_COLUMNS})
            VALUES (:pool_id, :region, :stack, :logical_id, :physical_id, :type, :state, :request_id, :properties,
                    :retained, :created_at, :modified_at)
            ON CONFLICT (region, stack, logical_id, physical_id) DO UPDATE SET
              pool_id = excluded.pool_id, type = excluded.type, state = excluded.state,
              request_id = excluded.request_id, properties = excluded.properties, retained = excluded.retained,
              modified_at = excluded.modified_at""",
        pool_id=resource.pool_id,
        region=resource.region,
        stack=resource.stack,
        logical_id=resource.logical_id,
        physical_id=resource.physical_id,
        type=resource.type,
        state=resource.state,
        request_id=resource.request_id,
        properties=msgspec.json.encode(resource.properties).decode(),
        retained=resource.retained,
        created_at=resource.created_at,
        modified_at=resource.modified_at,
    )


def remove(tx: Transaction, resource: StackResource) -> None:
    """Forget a row."""
    tx.run(
        f"DELETE FROM stack_resources WHERE {_HERE}",
        region=resource.region,
        stack=resource.stack,
        logical_id=resource.logical_id,
        physical_id=resource.physical_id,
    )
