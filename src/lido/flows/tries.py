"""Tries at what can be guessed within a sign-in: three answers for one factor, and the account's budget of an hour."""

from lido import errors
from lido.call import Call
from lido.flows import codes
from lido.flows.progress import INVALID, LONGEST_SIGN_IN_MS, Progress
from lido.flows.scenes import Scene
from lido.rules.base64url import encode as to_id
from lido.storage import budgets

ANSWERS = 3


def take(call: Call, scene: Scene, progress: Progress) -> None:
    """Count an answer, committed before anything is compared.

    Three are counted for the whole sign-in until something is proven: asking for a code again, or for another
    factor, gives none back. Raises NotAuthorized when they are used up, TooManyRequests when the account's are.
    """
    pool_id = scene.pool.pool_id
    with call.db.write() as tx:
        taken = budgets.take(
            tx,
            pool_id,
            to_id(progress.family),
            f"answers:{len(progress.proofs)}",
            most=ANSWERS,
            now=call.now,
            resets_at=progress.began_at + LONGEST_SIGN_IN_MS,
        )
        if not taken:
            raise errors.NotAuthorized(INVALID)
        if not codes.count_try(call, tx, scene.pool, scene.subject, _purpose(progress)):
            raise errors.TooManyRequests(errors.LimitExceeded.sentence)


def _purpose(progress: Progress) -> str:
    if not progress.proofs:
        return codes.FIRST_FACTOR
    return codes.TOTP if progress.step in ("SOFTWARE_TOKEN_MFA", "MFA_SETUP") else codes.MFA
