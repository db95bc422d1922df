"""Pages of users: one statement for each way to search, none of which grows with the number of users.

Every list is in the order of its search column and then of `sub`. The row-value
comparison is written in the one form that both engines answer from the index,
with and without statistics.
"""

from collections.abc import Collection
from functools import cache
from typing import Literal, NamedTuple, get_args

from lido.records import User
from lido.storage import users
from lido.storage.database import Row, Transaction

Column = Literal[
    "username_key",
    "email_key",
    "phone_number",
    "name_key",
    "given_name_key",
    "family_name_key",
    "preferred_username_key",
]
Cursor = tuple[str, str]
"""The search value and the sub of the last row seen; the value is '' in lists by sub alone."""
START: Cursor = ("", "")

# Above every search value: those are cut to 256 code points.
_BEYOND = "\U0010ffff" * 257


class Found(NamedTuple):
    """A user, and the search value that stands in the cursor of the rows after."""

    user: User
    value: str


def everyone(tx: Transaction, pool_id: str, *, after: Cursor, limit: int) -> list[Found]:
    """All users of the pool."""
    rows = tx.rows(
        f"""SELECT {users.COLUMNS} FROM users WHERE pool_id = :pool_id AND sub > :after
            ORDER BY pool_id, sub LIMIT :limit""",
        pool_id=pool_id,
        after=after[1],
        limit=limit,
    )
    return [_found(row) for row in rows]


def by_sub(tx: Transaction, pool_id: str, prefix: str, end: str | None, *, after: Cursor, limit: int) -> list[Found]:
    """Users whose sub begins with `prefix`; `end` is the least text above all that do, None when there is none."""
    rows = tx.rows(
        f"""SELECT {users.COLUMNS} FROM users WHERE pool_id = :pool_id AND sub > :after AND sub < :end
            ORDER BY pool_id, sub LIMIT :limit""",
        pool_id=pool_id,
        # A sub is longer than any prefix that is not itself one, and that one is found by `users.find`.
        after=after[1] or prefix,
        end=end or _BEYOND,
        limit=limit,
    )
    return [_found(row) for row in rows]


def equal(tx: Transaction, pool_id: str, column: Column, value: str, *, after: Cursor, limit: int) -> list[Found]:
    """Users with exactly this folded value."""
    rows = tx.rows(_EQUAL[column], pool_id=pool_id, value=value, after=after[1], limit=limit)
    return [_found(row) for row in rows]


def starting(
    tx: Transaction, pool_id: str, column: Column, prefix: str, end: str | None, *, after: Cursor, limit: int
) -> list[Found]:
    """Users whose folded value begins with `prefix`; `end` as for `by_sub`."""
    value, sub = (prefix, "") if after == START else after
    rows = tx.rows(_STARTING[column], pool_id=pool_id, value=value, after=sub, end=end or _BEYOND, limit=limit)
    return [_found(row) for row in rows]


def in_state(
    tx: Transaction, pool_id: str, states: Collection[tuple[int, bool]], *, after: Cursor, limit: int
) -> list[Found]:
    """Users in any of these pairs of status and enabled: as many index ranges, merged by sub."""
    if not states:
        return []
    values: dict[str, object] = {}
    for number, (status, enabled) in enumerate(states):
        values[f"status_{number}"], values[f"enabled_{number}"] = int(status), enabled
    rows = tx.rows(_merged(len(states)), pool_id=pool_id, after=after[1], limit=limit, **values)
    return [_found(row) for row in rows]


def _found(row: Row) -> Found:
    """The search value, where the list has one, follows the user's columns."""
    return Found(users.from_row(row[: users.WIDTH]), row[users.WIDTH] if len(row) > users.WIDTH else "")


def _equal(column: Column) -> str:
    return f"""SELECT {users.COLUMNS}, {column} FROM users
        WHERE pool_id = :pool_id AND {column} = :value AND sub > :after
        ORDER BY pool_id, {column}, sub LIMIT :limit"""


def _starting(column: Column) -> str:
    return f"""SELECT {users.COLUMNS}, {column} FROM users
        WHERE pool_id = :pool_id AND ({column}, sub) > (:value, :after) AND {column} < :end
        ORDER BY pool_id, {column}, sub LIMIT :limit"""


@cache
def _merged(count: int) -> str:
    # SQLite takes an ordered arm of a union only from within a subquery.
    arms = " UNION ALL ".join(
        f"""SELECT * FROM (SELECT {users.COLUMNS} FROM users
            WHERE pool_id = :pool_id AND status = :status_{number} AND enabled = :enabled_{number} AND sub > :after
            ORDER BY pool_id, status, enabled, sub LIMIT :limit) AS arm_{number}"""
        for number in range(count)
    )
    return f"SELECT * FROM ({arms}) AS merged ORDER BY sub LIMIT :limit"


_EQUAL: dict[Column, str] = {column: _equal(column) for column in get_args(Column)}
_STARTING: dict[Column, str] = {column: _starting(column) for column in get_args(Column)}
