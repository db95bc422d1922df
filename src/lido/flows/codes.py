"""Codes that prove an address: made, guessed within a budget, used once.

A code is worth something only for its pool, user and purpose, and for the
generation of the account that it was made for.
"""

import hmac

from lido import errors
from lido.call import Call
from lido.flows import unknown_users
from lido.records import Code, Pool, User
from lido.rules import base64url, profile
from lido.rules import codes as rules
from lido.rules.codes import Purpose, Rule
from lido.rules.usernames import LONGEST_NAME, fold
from lido.storage import budgets, codes
from lido.storage.database import Transaction

CONFIRM = "confirm"
RESET = "reset"
VERIFY_EMAIL = "verify:email"
VERIFY_PHONE_NUMBER = "verify:phone_number"
FIRST_FACTOR = "first_factor"
MFA = "mfa"
TOTP = "totp"
CHANGE = "change"
"""No code: the tries at an old password, counted alike."""

_RULES = {
    CONFIRM: rules.RULES[Purpose.SIGN_UP],
    RESET: rules.RULES[Purpose.RESET],
    VERIFY_EMAIL: rules.RULES[Purpose.ATTRIBUTE],
    VERIFY_PHONE_NUMBER: rules.RULES[Purpose.ATTRIBUTE],
    FIRST_FACTOR: rules.RULES[Purpose.FIRST_FACTOR],
    MFA: rules.RULES[Purpose.MFA],
    TOTP: rules.RULES[Purpose.TOTP],
    CHANGE: rules.RULES[Purpose.CHANGE],
}
_DIGEST = "code"
_ADDRESS = "recipient"
_WINDOW_MS = 3_600_000
_MESSAGES_PER_HOUR = 20


def rule(purpose: str) -> Rule:
    """Digits, life and budgets of the codes of that purpose."""
    return _RULES[purpose]


def expires_at(call: Call, purpose: str) -> int:
    """When a code of that purpose made now is worth nothing any more."""
    return call.now + (rule(purpose).lifetime_seconds or 0) * 1000


def subject_of_nobody(call: Call, pool: Pool, name: str) -> str:
    """The subject under which budgets of a name without user are counted: one for all its spellings."""
    return unknown_users.subject(call, pool.pool_id, fold(name[:LONGEST_NAME], pool.folding))


def address_key(call: Call, address: str) -> str:
    """What stands in tables for an address: equal for equal ones, telling nothing without the key."""
    return call.keys.mac(_ADDRESS, address.lower()).hex()


def address_keys(call: Call, address: str) -> list[str]:
    """The same under every master key, for finding what was stored before a rotation."""
    return [digest.hex() for digest in call.keys.macs(_ADDRESS, address.lower())]


def ask(call: Call, tx: Transaction, pool: Pool, subject: str, purpose: str) -> None:
    """Count a request for a code, in the transaction that makes it; the tries are not touched. Raises LimitExceeded."""
    most = rule(purpose).asked_per_hour
    if most is not None and not _take(call, tx, pool, subject, f"ask:{purpose}", most):
        raise errors.LimitExceeded


def require_left(call: Call, pool: Pool, subject: str, purpose: str) -> None:
    """Refuse what `ask` would, before a function is asked for words that nobody would get. Raises LimitExceeded."""
    most = rule(purpose).asked_per_hour
    if most is None:
        return
    with call.db.read() as tx:
        if not budgets.is_left(tx, pool.pool_id, subject, f"ask:{purpose}", most=most, now=call.now):
            raise errors.LimitExceeded


def take(call: Call, pool: Pool, subject: str, purpose: str) -> None:
    """Count a try, committed before anything is compared. Raises LimitExceeded."""
    with call.db.write() as tx:
        taken = count_try(call, tx, pool, subject, purpose)
    if not taken:
        raise errors.LimitExceeded


def count_try(call: Call, tx: Transaction, pool: Pool, subject: str, purpose: str) -> bool:
    """Count a try, to be committed before anything is compared; False: they are used up."""
    return _take(call, tx, pool, subject, f"try:{purpose}", rule(purpose).tried_per_hour)


def ask_destination(call: Call, tx: Transaction, pool: Pool, address: str) -> None:
    """Count a message to an address, whoever caused it, so that nobody pumps messages. Raises LimitExceeded."""
    if not _take(call, tx, pool, f"to:{address_key(call, address)}", "message", _MESSAGES_PER_HOUR):
        raise errors.LimitExceeded


def _take(call: Call, tx: Transaction, pool: Pool, subject: str, kind: str, most: int) -> bool:
    resets_at = call.now + _WINDOW_MS
    return budgets.take(tx, pool.pool_id, subject, kind, most=most, now=call.now, resets_at=resets_at)


def make(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    purpose: str,
    *,
    attribute: str,
    destination: str,
    client_id: str | None,
    for_link: bool = False,
) -> str:
    """A new code, stored in place of the one before; `destination` is the address that it proves.

    One for a link, which nobody types, is as long as a key.
    """
    chance = call.entropy.bytes(rules.RANDOM_BYTES)
    code = base64url.encode(chance) if for_link else rules.code_digits(chance, rule(purpose).digits)
    code_id = call.entropy.uuid()
    codes.put(
        tx,
        Code(
            pool_id=pool.pool_id,
            sub=user.sub,
            purpose=purpose,
            id=code_id,
            digest=call.keys.mac(_DIGEST, pool.pool_id, user.sub, purpose, code_id, code),
            attribute=attribute,
            destination_key=address_key(call, destination),
            client_id=client_id,
            epoch=user.epoch,
            created_at=call.now,
            expires_at=expires_at(call, purpose),
        ),
    )
    return code


def check(call: Call, tx: Transaction, pool: Pool, user: User, purpose: str, code: str) -> Code:
    """The outstanding code, if `code` is it; `take` came before. Raises ExpiredCode, CodeMismatch."""
    stored = codes.find(tx, pool.pool_id, user.sub, purpose)
    if stored is None or stored.expires_at <= call.now or stored.epoch != user.epoch:
        raise errors.ExpiredCode
    possible = call.keys.macs(_DIGEST, pool.pool_id, user.sub, purpose, stored.id, code)
    if not any([hmac.compare_digest(stored.digest, digest) for digest in possible]):  # noqa: C419 - compare all
        raise errors.CodeMismatch
    return stored


def consume(call: Call, tx: Transaction, pool: Pool, user: User, purpose: str, code: str) -> Code:
    """Use the code up, in the transaction of its effect; `take` came before. Raises ExpiredCode, CodeMismatch."""
    stored = check(call, tx, pool, user, purpose, code)
    if not codes.consume(tx, stored, epoch=user.epoch, now=call.now):
        raise errors.ExpiredCode
    return stored


def is_current(call: Call, user: User, shown: Code) -> bool:
    """Whether the code went to the address that the user has now."""
    address = user.email if shown.attribute == "email" else user.phone_number
    if address is None:
        return False
    return shown.destination_key in [digest.hex() for digest in call.keys.macs(_ADDRESS, address.lower())]


def proven(call: Call, user: User, shown: Code) -> User:
    """The user with the address verified that received the code, unless it has been changed since."""
    if not is_current(call, user, shown):
        return user
    return profile.with_attributes(user, {f"{shown.attribute}_verified": "true"})
