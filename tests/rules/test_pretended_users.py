"""What nobody seems to have set up: exactly what somebody of the pool could."""

import itertools
from collections.abc import Iterator

import pytest

from lido.records import Factor, Pool, PoolSettings, User
from lido.rules import first_factors, pretended_users
from lido.shapes import idp

KINDS = range(128)
EMAIL, PHONE = "alice@example.com", "+15550109934"
FIRST = ("PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")
SECOND = (Factor.TOTP, Factor.SMS, Factor.EMAIL, Factor.PASSKEY_MFA)
ALLOWED = [FIRST[:1], FIRST[:2], FIRST[:3], (FIRST[0], FIRST[3]), FIRST]
LINKS = {"magic_links": "same_device", "magic_link_url": "https://app.example.com"}


def pools() -> Iterator[Pool]:
    """Every kind of pool, as far as it matters to what is offered."""
    for first, mode, mixes, key_is_mfa, sends, refuses in itertools.product(
        ALLOWED, ("OFF", "OPTIONAL", "ON"), ("true", "false"), (True, False), (True, False), ("allow", "refuse")
    ):
        policies = idp.UserPoolPolicyType(sign_in_policy=idp.SignInPolicyType(allowed_first_auth_factors=list(first)))
        kind = "MULTI_FACTOR_WITH_USER_VERIFICATION" if key_is_mfa else "SINGLE_FACTOR"
        settings = PoolSettings(
            shape=idp.UserPoolType(mfa_configuration=mode, policies=policies),
            options={"passwordless_mfa": mixes, "missing_second_factor": refuses, **(LINKS if sends else {})},
            sms_mfa=idp.SmsMfaConfigType() if sends else None,
            email_mfa=idp.EmailMfaConfigType() if sends else None,
            software_token_mfa=True,
            webauthn=idp.WebAuthnConfigurationType(factor_configuration=kind),
        )
        yield Pool("us-east-1_a", "us-east-1", "people", settings, 1, 1, 0, 0)


def users() -> Iterator[tuple[User, bool]]:
    """Every kind of user, and whether they have a password."""
    flags, seconds = (True, False), itertools.product((True, False), repeat=len(SECOND))
    for chosen, by_email, by_phone, has_passkey, has_password in itertools.product(seconds, *(flags,) * 4):
        factors = sum(bit for bit, is_on in zip(SECOND, chosen, strict=True) if is_on)
        if factors & Factor.PASSKEY_MFA and not has_passkey:
            continue
        for unproven in flags:
            has = factors | Factor.PASSKEY * has_passkey
            yield user(has, by_email=by_email, by_phone=by_phone, unproven=unproven), has_password


def user(factors: int, *, by_email: bool, by_phone: bool, unproven: bool) -> User:
    email, phone = EMAIL if by_email or unproven else None, PHONE if by_phone or unproven else None
    return User(
        "us-east-1_a", "sub", "alice", 1, True, 0, 0, 0, factors, None, email, by_email, phone, by_phone, {}, 0, 0
    )


def lists(pool: Pool, *, email_is_proven: bool = False, may_have_passkey: bool = True) -> set[tuple[str, ...]]:
    """Whatever a real user of the pool can be offered."""
    return {
        first_factors.available(pool, user, has_password=has_password)
        for user, has_password in users()
        if (user.email_verified or not email_is_proven) and (may_have_passkey or not user.factors & Factor.PASSKEY)
    } - {()}


def drawn(pool: Pool, typed: str = "nobody", *, may_have_passkey: bool = True) -> set[tuple[str, ...]]:
    """Whatever nobody can be."""
    found = (pretended_users.drawn(pool, chance, typed=typed, can_have_passkey=may_have_passkey) for chance in KINDS)
    return {first_factors.available(pool, one.user, has_password=one.has_password) for one in found}


def test_nobody_is_offered_what_somebody_can_be_and_nothing_else() -> None:
    for pool in pools():
        assert drawn(pool) == lists(pool), pool.settings


def test_where_an_address_is_a_name_nobody_has_proven_it_too() -> None:
    for pool in pools():
        pool.settings.shape.alias_attributes = ["email"]
        assert drawn(pool, EMAIL) == lists(pool, email_is_proven=True), pool.settings


def test_without_a_relying_party_nobody_has_a_passkey() -> None:
    for pool in pools():
        assert drawn(pool, may_have_passkey=False) == lists(pool, may_have_passkey=False), pool.settings


@pytest.mark.parametrize("typed", ["nobody", EMAIL, PHONE])
def test_whatever_the_chance_nobody_has_something_to_choose(typed: str) -> None:
    for pool in pools():
        assert () not in drawn(pool, typed)
