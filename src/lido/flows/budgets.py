"""Budgets that are refused with the time they take: who asked too often is told when asking helps again."""

from lido import errors
from lido.call import Call
from lido.storage import budgets
from lido.storage.database import Transaction


def take(call: Call, tx: Transaction, pool_id: str, subject: str, kind: str, *, most: int, window_ms: int) -> None:
    """Use one of `most` in the window up. Raises TooManyRequests."""
    resets_at = call.now + window_ms
    if not budgets.take(tx, pool_id, subject, kind, most=most, now=call.now, resets_at=resets_at):
        raise _refusal(call, tx, pool_id, subject, kind)


def require_left(call: Call, tx: Transaction, pool_id: str, subject: str, kind: str, *, most: int) -> None:
    """Refuse what `take` would. Raises TooManyRequests."""
    if not budgets.is_left(tx, pool_id, subject, kind, most=most, now=call.now):
        raise _refusal(call, tx, pool_id, subject, kind)


def _refusal(call: Call, tx: Transaction, pool_id: str, subject: str, kind: str) -> errors.TooManyRequests:
    left_ms = budgets.resets_at(tx, pool_id, subject, kind) - call.now
    return errors.TooManyRequests(retry_after_seconds=max(1, -(-left_ms // 1000)))
