"""Pages of a list: where one begins and what the next one is asked for with."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from lido.call import Call
from lido.rules import paging

Row = TypeVar("Row")

MOST = 60


class Pages(msgspec.Struct, frozen=True):
    """The pages of one list; `filters` are what the request narrows it by, which no token may change."""

    call: Call
    operation: str
    pool_id: str
    filters: dict[str, str | int | None] = {}

    def after(self, token: str | None) -> paging.Key | None:
        """The last key of the page before, None on the first. Raises InvalidParameter for a foreign token."""
        if token is None:
            return None
        return paging.read(
            self.call.keys,
            self.operation,
            self.pool_id,
            paging.parameters_digest(self.filters),
            token,
            self.call.now,
            f"Paging marker {token[:128]} is invalid for request {self.call.request_id}",
            self._caller,
        )

    def after_text(self, token: str | None) -> str:
        """`after` of a list whose key is one text; '' on the first page."""
        key = self.after(token)
        return str(key[0]) if key else ""

    def cut(self, rows: Sequence[Row], size: int, key: Callable[[Row], paging.Key]) -> tuple[Sequence[Row], str | None]:
        """The first `size` of `rows`, and a token if there are more: read `size + 1` rows to know."""
        if len(rows) <= size:
            return rows, None
        expires_at = self.call.now + paging.LIFETIME_SECONDS * 1000
        digest = paging.parameters_digest(self.filters)
        last = key(rows[size - 1])
        token = paging.token(self.call.keys, self.operation, self.pool_id, digest, last, expires_at, self._caller)
        return rows[:size], token

    @property
    def _caller(self) -> str:
        return self.call.caller.arn if self.call.caller else ""


def size(asked: int | None) -> int:
    """Rows of a page; Cognito takes 0 and nothing as 60."""
    return min(asked or MOST, MOST)
