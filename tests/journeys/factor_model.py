"""Whether what was truly shown is enough, and what tokens must say of it: from the papers, not from Lido's rules.

Sources: `SetUserPoolMfaConfig` and `InitiateAuth` for MFA and choice, RFC 8176 for `amr`, Cognito's levels for `acr`.
"""

from collections.abc import Iterable

from tests.journeys.factor_things import Client, Grant, Person, Pool, Shown, Step, Try

SECONDS = {"SMS_MFA": "sms", "EMAIL_OTP": "email", "SOFTWARE_TOKEN_MFA": "totp", "WEB_AUTHN": "passkey_uv"}
MEDIA = {"sms": "SMS", "email": "EMAIL"}
HOUR = 3_600_000
REFRESH_LIFE = 30 * 24 * HOUR
ANSWERS = 3
FREE_FAILURES = 5


def kinds(shown: Iterable[Shown]) -> set[str]:
    """The kinds of what was shown; a remembered device is none, and one medium is one kind whatever it brings."""
    found = {proof.medium or proof.factor.removesuffix("_uv") for proof in shown}
    return found - {"device"}


def seconds(person: Person) -> list[str]:
    """The second factors that this pool can ask this person for, by what they show."""
    pool = person.pool
    if pool.mode == "OFF":
        return []
    there = {
        "sms": pool.sms and person.phone is not None,
        "totp": bool(person.phones),
        "email": pool.email,
        "passkey_uv": pool.multi and bool(person.passkeys),
    }
    found = [factor for factor, is_there in there.items() if is_there and factor in person.factors]
    # Where MFA is required a phone number is a factor for whoever has no other.
    return found or (["sms"] if pool.mode == "ON" and there["sms"] else [])


def needs_two(person: Person) -> bool:
    return person.pool.mode == "ON" or bool(seconds(person))


def choices(person: Person) -> list[str]:
    """The first factors that this person can choose from."""
    pool, codes, has = person.pool, not needs_two(person), person.password is not None
    there = {
        "PASSWORD": has,
        "PASSWORD_SRP": has,
        "EMAIL_OTP": codes and person.email_verified,
        "SMS_OTP": codes and person.phone is not None,
        "WEB_AUTHN": bool(person.passkeys) and (pool.multi or codes),
        "EMAIL_LINK": codes and person.email_verified and pool.links != "off",
    }
    allowed = {*pool.first, "PASSWORD_SRP", "EMAIL_LINK"}
    return [name for name, is_there in there.items() if is_there and name in allowed]


def level(shown: Iterable[Shown | str]) -> int:
    """1 password; 2 one code; 3 passkey, or password and a delivered code; 4 password and authenticator."""
    has = {proof if isinstance(proof, str) else proof.factor for proof in shown}
    if {"password", "totp"} <= has:
        return 4
    if has & {"passkey", "passkey_uv"} or ("password" in has and has & {"sms", "email"}):
        return 3
    if has & {"sms", "email", "totp", "link", "signup"}:
        return 2
    return 1 if "password" in has else 0


def wanted(person: Person, shown: tuple[Shown, ...], targets: tuple[int, ...]) -> int | None:
    """The first level asked for that was reached, or that one more factor reaches; None: none of them."""
    new = [
        factor for factor in seconds(person) if (MEDIA.get(factor) or factor.removesuffix("_uv")) not in kinds(shown)
    ]
    best = max(level([*shown, *more]) for more in ([], *([factor] for factor in new)))
    return next((target for target in targets if target <= best), None)


def knows(person: Person, device: str) -> bool:
    """Whether the pool remembers this device of this person."""
    found = person.devices.get(device)
    return person.pool.devices is not None and found is not None and found.remembered


def are_two(pool: Pool, shown: tuple[Shown, ...], *, trusted: bool = False) -> bool:
    """Whether that is two factors; `trusted`: a device stands for the second one."""
    has = {proof.factor for proof in shown}
    return len(kinds(shown)) > 1 or (pool.multi and "passkey_uv" in has) or (trusted and "device" in has)


def enough(attempt: Try, now: int) -> bool:
    """Whether somebody of whom all this was shown may have tokens."""
    person, shown = attempt.person, attempt.shown
    if not welcome(person, now) or person.status != "CONFIRMED":
        return False
    if not any(proof.factor not in ("device", "totp", "recovery") for proof in shown):
        return False
    known, pool = knows(person, attempt.device), person.pool
    if known and all(proof.factor != "device" for proof in shown):
        return False
    if attempt.targets and level(shown) < (wanted(person, shown, attempt.targets) or 5):
        return False
    trusted = known and pool.devices is not None and pool.devices[0]
    return not needs_two(person) or are_two(pool, shown, trusted=trusted)


def welcome(person: Person, now: int) -> bool:
    """Whether the account's state lets anybody in, if by way of a new password."""
    if person.status == "FORCE_CHANGE":
        return person.enabled and now < person.temporary_until
    return person.enabled and person.status == "CONFIRMED"


def amr(pool: Pool, shown: tuple[Shown, ...]) -> list[str]:
    names = {
        "password": "pwd",
        "totp": "otp",
        "recovery": "otp",
        "sms": "sms",
        "email": "email_otp",
        "link": "email_otp",
        "signup": "email_otp",
    }
    told = [
        ("swk" if proof.copied else "hwk") if proof.factor.startswith("passkey") else names[proof.factor]
        for proof in shown
        if proof.factor != "device"
    ]
    return list(dict.fromkeys([*told, *(["mfa"] if are_two(pool, shown) else [])]))


def stands(grant: Grant) -> bool:
    """Whether nothing has ended that session since: neither it alone, nor everything of its person."""
    return not grant.revoked and grant.epoch == grant.person.epoch and grant.person.enabled


def alive(grant: Grant, now: int) -> bool:
    """Whether the refresh token of that sign-in is still good."""
    return stands(grant) and grant.person.status == "CONFIRMED" and now < grant.given_at + REFRESH_LIFE


def speaks(grant: Grant, now: int) -> bool:
    """Whether the newest access token of that sign-in still speaks for its person."""
    return stands(grant) and grant.person.status in ("CONFIRMED", "FORCE_CHANGE") and now < grant.access_until


def is_harmless(step: Step, given: dict[str, str]) -> bool:
    """Whether an answer shows and changes nothing, so that it may be given again."""
    if step.challenge == "SELECT_CHALLENGE":
        return "PASSWORD" not in given
    if "UserCode" in given:
        return False
    return step.challenge in ("SELECT_MFA_TYPE", "DEVICE_SRP_AUTH") or (
        step.challenge == "MFA_SETUP" and not step.set_up
    )


def dead(step: Step, client: Client, door: str, challenge: str, given: dict[str, str], now: int) -> str:
    """Why nothing may come of this string, answered so at that door; '' if something may."""
    person, named = step.person, given.get("USERNAME")
    reasons = {
        "it was used": step.used and not is_harmless(step, given),
        "it expired": now >= step.expires_at,
        "it is another client's": client is not step.client,
        "it is of another door": door != step.door and step.challenge != "PROVEN",
        "it is of another step": challenge != step.challenge,
        "somebody else is named": named is not None and named not in person.names(),
        "the account changed": step.state != person.state() and not step.nobodys,
        "three wrong codes were given": step.family.wrong.get(len(step.shown), 0) >= ANSWERS and is_code(step),
        "the sign-up is over": step.challenge == "PROVEN" and step.shown[0].factor == "signup" and person.entered,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def is_code(step: Step) -> bool:
    return step.challenge in ("SMS_MFA", "EMAIL_OTP", "SMS_OTP", "SOFTWARE_TOKEN_MFA")
