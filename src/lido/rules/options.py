"""The settings that Cognito lacks: one documented list for pools and for app clients.

A value comes from `lido pool set` / `lido client set`, else from a tag
(`lido:<name>` on the pool, for a client `lido:<client id>:<name>`), else from the
pool's `profile`: `compatible` is AWS's behaviour, `secure` what RFC 9700 and ASVS ask.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from lido.records import Client, Pool, PoolSettings
from lido.rules import jws

_ORIGIN = re.compile(r"(https://[a-z0-9.-]{1,253}(:[0-9]{1,5})?|android:apk-key-hash:[A-Za-z0-9_-]{43})\Z")
_ADDRESS = re.compile(
    r"(https://[a-z0-9.-]{1,253}|http://(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(/[!$&'*+,./0-9:;=?@A-Z_a-z~%()-]*)?\Z"
)
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}\Z")

LONGEST_ADDRESS = 1_024
FEWEST_MINUTES = 5
"""The shortest time of rest that can be asked for: use is noted once a minute."""


class Option(Struct, frozen=True):
    """One setting: its form, its default in both profiles, one sentence for the manual."""

    name: str
    form: str
    compatible: str
    secure: str
    sentence: str
    for_clients: bool = False
    for_pools: bool = True


OPTIONS = {
    option.name: option
    for option in (
        Option("profile", "compatible|secure", "compatible", "secure", "Which defaults the other options have."),
        Option(
            "issuer", "url", "", "", "Issuer of the pool's tokens instead of `{public_url}/{poolId}`; for moved pools."
        ),
        Option(
            "hide_users",
            "boolean",
            "false",
            "true",
            "Unknown users look like wrong passwords, whatever PreventUserExistenceErrors says.",
            for_clients=True,
        ),
        Option(
            "refuse_common_passwords",
            "boolean",
            "false",
            "true",
            "New passwords may not be among the 3 000 commonest, nor contain the username.",
        ),
        Option(
            "password_change_ends_sessions",
            "boolean",
            "false",
            "true",
            "A new password ends every session and token of the user, and forgets the devices.",
        ),
        Option(
            "several_authenticators",
            "boolean",
            "false",
            "false",
            "A user may have five authenticator apps with names of their own; else a new one replaces the old.",
        ),
        Option(
            "recovery_codes",
            "boolean",
            "false",
            "false",
            "Recovery codes are taken in place of a second factor, each once.",
        ),
        Option(
            "passwordless_mfa",
            "boolean",
            "false",
            "false",
            "Codes and links may be the first factor also where a second one of another kind is asked for.",
        ),
        Option(
            "missing_second_factor",
            "allow|refuse",
            "allow",
            "refuse",
            "Whether users get in without a second factor while none that they switched on can be asked for.",
        ),
        Option(
            "factor_change_max_age",
            "off|seconds",
            "off",
            "600",
            "How long after signing in people may change factors, addresses and devices; later they sign in again.",
        ),
        Option(
            "passkey_origins",
            "origins",
            "",
            "",
            "Origins that may use passkeys beside those of the relying party id, with spaces: ports, Android apps.",
        ),
        Option(
            "magic_links",
            "off|same_device|any_device",
            "off",
            "off",
            "A link by e-mail as first factor: good only with the session that asked for it, or on any device.",
        ),
        Option(
            "magic_link_url", "url", "", "", "The page of the app that magic links lead to; without one there are none."
        ),
        Option(
            "strength_claims",
            "boolean",
            "false",
            "true",
            "Tokens tell by `amr` and `acr` how somebody signed in, also while AcrConfiguration is not set.",
        ),
        Option(
            "default_language",
            "language",
            "",
            "",
            "Language of message templates for users whose `locale` has none.",
        ),
        Option(
            "require_pkce",
            "boolean",
            "false",
            "true",
            "Authorization codes are given to requests with a PKCE challenge alone.",
            for_clients=True,
        ),
        Option(
            "rotate_refresh_tokens",
            "boolean",
            "false",
            "true",
            "Refresh tokens that public clients got at the OAuth endpoints rotate, unless a key binds them (RFC 9700).",
            for_clients=True,
        ),
        Option(
            "implicit_grant",
            "boolean",
            "true",
            "false",
            "Clients whose AllowedOAuthFlows say so may use the implicit grant.",
            for_clients=True,
        ),
        Option(
            "standard_answers",
            "boolean",
            "false",
            "true",
            "OAuth endpoints answer as OpenID Connect says where Cognito differs: errors, types, scopes, redirects.",
            for_clients=True,
        ),
        Option(
            "require_par",
            "boolean",
            "false",
            "false",
            "Authorization requests must have been pushed before (RFC 9126).",
            for_clients=True,
        ),
        Option(
            "dpop_bound_access_tokens",
            "boolean",
            "false",
            "false",
            "OAuth endpoints give access tokens only to requests that prove a key (DPoP, RFC 9449), bound to it.",
            for_clients=True,
        ),
        Option(
            "device_grant",
            "boolean",
            "false",
            "false",
            "Clients may ask for tokens by the device grant (RFC 8628).",
            for_clients=True,
        ),
        Option(
            "token_endpoint_auth_method",
            "none|client_secret_basic|client_secret_post|private_key_jwt",
            "",
            "",
            "The one way in which the client proves itself at OAuth endpoints; empty: any that it has.",
            for_clients=True,
            for_pools=False,
        ),
        Option(
            "jwks",
            "key set",
            "",
            "",
            "Public keys of the client (RFC 7517), with which it proves itself by `private_key_jwt` alone.",
            for_clients=True,
            for_pools=False,
        ),
        Option(
            "jwks_uri",
            "url",
            "",
            "",
            "Where the client publishes such keys instead; https, fetched when an unknown one is used.",
            for_clients=True,
            for_pools=False,
        ),
        Option(
            "third_party",
            "boolean",
            "false",
            "false",
            "The app is somebody else's: people are asked before it is let in. It always is when it registered itself.",
            for_clients=True,
        ),
        Option(
            "sso_absolute",
            "off|minutes",
            "off",
            "off",
            "How long a sign-in at the pages lasts at most; off: an hour, or as long as a client says (SSOSession).",
        ),
        Option(
            "sso_idle",
            "off|minutes",
            "off",
            "off",
            "How long a sign-in at the pages lasts unused; each use begins it anew, never beyond its end.",
        ),
        Option(
            "refresh_idle",
            "off|minutes",
            "off",
            "20160",
            "How long a refresh token lasts unused; each use begins it anew, never beyond RefreshTokenValidity.",
            for_clients=True,
        ),
        Option(
            "frontchannel_logout_uri",
            "address",
            "",
            "",
            "What browsers load at a sign-out so that the app signs out too (OpenID Connect Front-Channel Logout).",
            for_clients=True,
        ),
        Option(
            "frontchannel_logout_session_required",
            "boolean",
            "false",
            "false",
            "That address is given `iss` and `sid`.",
            for_clients=True,
        ),
        Option(
            "backchannel_logout_uri",
            "address",
            "",
            "",
            "Where logout tokens are posted when a session is over (OpenID Connect Back-Channel Logout).",
            for_clients=True,
        ),
        Option(
            "backchannel_logout_session_required",
            "boolean",
            "false",
            "false",
            "Each logout token names one session (`sid`), also when all of a user's sessions end.",
            for_clients=True,
        ),
        Option(
            "failures_per_network",
            "number",
            "500",
            "100",
            "How many failed sign-ins within ten minutes end those of a whole network (`/24`, `/48`); 0: any number.",
        ),
        Option("event_retention_days", "days", "", "", "How long events are kept; empty: as the installation is set."),
    )
}


def check(name: str, value: str, *, for_client: bool = False) -> None:
    """Raise ValueError, with a sentence, unless `name` is an option (of clients) and `value` has its form."""
    option = OPTIONS.get(name)
    if option is None or not _is_for(option, for_client=for_client):
        known = ", ".join(sorted(o.name for o in OPTIONS.values() if _is_for(o, for_client=for_client)))
        raise ValueError(f"There is no setting {name}; there are {known}.")
    if value and not _fits(option.form, value):
        raise ValueError(f"{name} takes {option.form}, not {value}.")


def _is_for(option: Option, *, for_client: bool) -> bool:
    return option.for_clients if for_client else option.for_pools


def _is_key_set(text: str) -> bool:
    try:
        return bool(jws.read_keys(text))
    except jws.Invalid:
        return False


def _fits(form: str, value: str) -> bool:
    match form:
        case "key set":
            return _is_key_set(value)
        case "boolean":
            return value in ("true", "false")
        case "days":
            return value.isascii() and value.isdigit() and 1 <= int(value[:6]) <= 36_500
        case "number":
            return value.isascii() and value.isdigit() and len(value) <= 7
        case "off|seconds":
            return value == "off" or (value.isascii() and value.isdigit() and len(value) <= 5 and int(value) > 0)
        case "off|minutes":
            return value == "off" or (
                value.isascii() and value.isdigit() and len(value) <= 7 and int(value) >= FEWEST_MINUTES
            )
        case "url":
            return value.startswith(("https://", "http://")) and not value.endswith("/") and value.isprintable()
        case "address":
            return len(value) <= LONGEST_ADDRESS and _ADDRESS.match(value) is not None
        case "language":
            return bool(_LANGUAGE.match(value))
        case "origins":
            return all(_ORIGIN.match(origin) for origin in value.split(" "))
        case _:
            return value in form.split("|")


def text(pool: Pool, name: str) -> str:
    """The value in force for the pool."""
    return in_force(pool.settings, name)


def in_force(settings: PoolSettings, name: str) -> str:
    """The value that a pool of these settings has."""
    tags = settings.shape.user_pool_tags
    given = settings.options.get(name) or (tags and _tagged(tags, f"lido:{name}", name))
    if given:
        return given
    option = OPTIONS[name]
    if option.secure == option.compatible or name == "profile":
        return option.compatible
    return option.secure if in_force(settings, "profile") == "secure" else option.compatible


def number(pool: Pool, name: str) -> int:
    """The number in force for the pool."""
    return int(text(pool, name))


def seconds(pool: Pool, name: str) -> int | None:
    """The number of seconds in force for the pool; None: off."""
    value = text(pool, name)
    return None if value == "off" else int(value)


def minutes(pool: Pool, name: str, client: Client | None = None) -> int | None:
    """The number of minutes in force for the pool, or for the client where it says otherwise; None: off."""
    value = text(pool, name) if client is None else of_client(pool, client, name)
    return None if value == "off" else int(value)


def is_on(pool: Pool, name: str, client: Client | None = None) -> bool:
    """Whether a boolean option is on for the pool, or for the client where it says otherwise."""
    return (text(pool, name) if client is None else of_client(pool, client, name)) == "true"


def of_client(pool: Pool, client: Client, name: str) -> str:
    """The value in force for the client; the pool's where it says nothing, if pools have that option."""
    tags = pool.settings.shape.user_pool_tags
    given = client.settings.options.get(name) or (tags and _tagged(tags, f"lido:{client.client_id}:{name}", name))
    if given:
        return given
    return in_force(pool.settings, name) if OPTIONS[name].for_pools else OPTIONS[name].compatible


def _tagged(tags: Mapping[str, str], tag: str, name: str) -> str:
    """What a tag says. It is anybody's text: one that does not fit counts as absent."""
    said = tags.get(tag, "")
    return said if said and _fits(OPTIONS[name].form, said) else ""
