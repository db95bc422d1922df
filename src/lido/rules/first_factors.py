"""Which first factors somebody may choose from in choice-based sign-in (`USER_AUTH`), by wire name."""

from lido.records import Factor, Pool, User
from lido.rules import options, second_factors
from lido.rules.second_factors import Medium, Proof, passkeys_are_mfa

PASSWORDS = ("PASSWORD", "PASSWORD_SRP")
LINK = "EMAIL_LINK"
"""A link by e-mail, which Cognito lacks: SDKs that do not know it do not show it."""
CHOICES = (*PASSWORDS, "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", LINK)
"""Every first factor that can be chosen, in the order in which they are offered."""


def allowed(pool: Pool) -> frozenset[str]:
    """What the pool's `SignInPolicy` allows, and links where its options do."""
    policies = pool.settings.shape.policies
    policy = policies.sign_in_policy if policies else None
    named: set[str] = set((policy.allowed_first_auth_factors if policy else None) or ("PASSWORD",))
    if "PASSWORD" in named:
        named.add("PASSWORD_SRP")
    if sends_links(pool):
        named.add(LINK)
    return frozenset(named)


def sends_links(pool: Pool) -> bool:
    """Whether the pool sends magic links, and has a page that they lead to."""
    return options.text(pool, "magic_links") != "off" and bool(options.text(pool, "magic_link_url"))


def available(pool: Pool, user: User, *, has_password: bool) -> tuple[str, ...]:
    """What the pool allows and the user has; an address only where the user has proven it.

    Where a second factor will be asked for, codes count as the first one only where the pool says so
    (`passwordless_mfa`), and not where they would lead to no second.
    """
    needs_mfa = second_factors.are_needed(pool, user)
    passkeys = bool(user.factors & Factor.PASSKEY) and (not needs_mfa or passkeys_are_mfa(pool.settings))
    by_email, by_sms = (not needs_mfa or _leads_on(pool, user, medium) for medium in ("EMAIL", "SMS"))
    has = {
        "PASSWORD": has_password,
        "PASSWORD_SRP": has_password,
        "EMAIL_OTP": by_email and user.email is not None and user.email_verified,
        "SMS_OTP": by_sms and user.phone_number is not None and user.phone_verified,
        "WEB_AUTHN": passkeys,
        LINK: by_email and user.email is not None and user.email_verified,
    }
    may = allowed(pool)
    return tuple(name for name in CHOICES if name in may and has[name])


def _leads_on(pool: Pool, user: User, medium: Medium) -> bool:
    if options.text(pool, "passwordless_mfa") != "true":
        return False
    second, code = second_factors.active(pool.settings, user), Proof("email_otp", 0, medium)
    return not second or any(second_factors.is_new(name, (code,)) for name in second)
