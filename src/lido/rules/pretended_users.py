"""A user who does not exist: drawn by chance among all that a pool's users can be, for whoever may not learn the truth.

What is then shown of it comes from the rules that real users are shown by, so it is never more or less than theirs.
"""

from typing import Final

from msgspec import Struct

from lido.records import Factor, Pool, Status, User
from lido.rules import first_factors
from lido.rules.usernames import looks_like_email, looks_like_phone

_SECOND_FACTORS: Final = (0, 0, 0, 0, Factor.TOTP, Factor.SMS, Factor.EMAIL, Factor.PASSKEY_MFA)
_KINDS: Final = 16 * len(_SECOND_FACTORS)


class PretendedUser(Struct, frozen=True):
    """The user, whose addresses say only that they are there, and whether it has a password."""

    user: User
    has_password: bool


def drawn(pool: Pool, chance: int, *, typed: str, can_have_passkey: bool) -> PretendedUser:
    """One of 128 kinds of users by `chance`; the next one where that could choose no first factor.

    `typed`: the name that was asked for; where it is an address, it is one that was proven.
    """
    kinds = (_of_kind(pool, chance + more, typed, can_have_passkey=can_have_passkey) for more in range(_KINDS))
    return next(kind for kind in kinds if first_factors.available(pool, kind.user, has_password=kind.has_password))


def _of_kind(pool: Pool, kind: int, typed: str, *, can_have_passkey: bool) -> PretendedUser:
    has_password, by_email, by_phone, has_passkey = (bool(kind >> bit & 1) for bit in range(4))
    by_email, by_phone = by_email or looks_like_email(typed), by_phone or looks_like_phone(typed)
    factors = _SECOND_FACTORS[(kind >> 4) % len(_SECOND_FACTORS)]
    if has_passkey and can_have_passkey:
        factors |= Factor.PASSKEY
    user = User(
        pool_id=pool.pool_id,
        sub="",
        username=typed,
        status=Status.CONFIRMED,
        enabled=True,
        epoch=0,
        signed_out_at=0,
        version=0,
        factors=factors,
        preferred_factor=None,
        email="" if by_email else None,
        email_verified=by_email,
        phone_number="" if by_phone else None,
        phone_verified=by_phone,
        attributes={},
        created_at=0,
        modified_at=0,
    )
    return PretendedUser(user, has_password)
