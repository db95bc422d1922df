"""Lockout: tries are reserved before a password is judged, and settled after (five free, then longer and longer locks).

All spellings, operations and nodes share one counter for each account.
"""

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.storage import budgets, lockouts

_PATIENCE_SECONDS = 2.0
_SHORTEST_PAUSE_MS = 5
_PAUSE_SPREAD_MS = 26


def reserve(call: Call, pool_id: str, subject: str) -> None:
    """Reserve one judgement, waiting a moment when only others' are under way; the caller settles it.

    Raises NotAuthorized (`Password attempts exceeded`) while the subject is locked, or too many are under way.
    """
    waited = 0.0
    while True:
        now = call.clock.now()
        # A power cut also ends the judging of what it may undo; wrong answers are counted durably.
        with call.db.write(durable=False) as tx:
            if lockouts.reserve(tx, pool_id, subject, now):
                return
            locked = lockouts.locked_until(tx, pool_id, subject) > now
        if locked or waited >= _PATIENCE_SECONDS:
            raise errors.NotAuthorized("Password attempts exceeded")
        pause = (_SHORTEST_PAUSE_MS + call.entropy.bytes(1)[0] % _PAUSE_SPREAD_MS) / 1000
        call.clock.sleep(pause)
        waited += pause


def release(call: Call, pool_id: str, subject: str) -> None:
    """Give back a reserved try that was not judged."""
    with call.db.write(durable=False) as tx:
        lockouts.release(tx, pool_id, subject)


def fail(call: Call, pool_id: str, subject: str) -> None:
    """Count a reserved try that was judged wrong, where nothing else is to be written with it."""
    with call.db.write() as tx:
        lockouts.fail(tx, pool_id, subject, call.clock.now())


def unlock(call: Call, pool_id: str, name: str) -> bool:
    """Forget the user's failures and give back every budget of tries and messages; whether there was any.

    Raises ResourceNotFound, UserNotFound.
    """
    with call.db.write() as tx:
        user = access.require_user(tx, access.require_pool(call, tx, pool_id), name)
        was_locked = lockouts.remove(tx, pool_id, user.sub)
        had_used = budgets.forget(tx, pool_id, user.sub) > 0
        if was_locked or had_used:
            events.tell(call, tx, pool_id, "unlocked", user.sub)
        return was_locked or had_used
