"""An authorization request (RFC 6749 §4.1.1, OpenID Connect Core 3.1.2.1), read from a query and judged by its client.

What is wrong before the redirect URI is proven must never lead anywhere; what is wrong after it is told to the app.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from lido.rules import pkce, scopes
from lido.rules.app_clients import OAuthTerms

ResponseType = Literal["code", "token"]
ResponseMode = Literal["query", "fragment", "form_post"]

MOST_PARAMETERS = 100
LONGEST_VALUE = 8_192
PROMPTS = frozenset({"none", "login", "select_account", "consent", "create"})

_RESPONSE_TYPES: Mapping[str, ResponseType] = {"code": "code", "token": "token"}
_FLOWS = {"code": "code", "token": "implicit"}
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SECONDS = re.compile(r"[0-9]{1,10}\Z")
_JWK_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Unredirectable(Exception):
    """A request that may not lead back to an app; `error` is the word that the error page shows."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Invalid(Exception):
    """What the app is told of its request: the code of RFC 6749 §4.1.2.1 or OpenID Connect Core 3.1.2.6, and, where
    Cognito would not have refused it, why.
    """

    def __init__(self, error: str, description: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class Requested(Struct, frozen=True):
    """What a request asks for, judged by what its client may."""

    response_type: ResponseType
    scopes: tuple[str, ...]
    nonce: str | None = None
    code_challenge: str | None = None
    resource: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    acr_values: str = ""
    jkt: str | None = None


def single(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, str], frozenset[str]]:
    """The parameters by name, and the names of those that came more than once (RFC 6749 §3.1). Empty ones are omitted.

    Raises Unredirectable for more or longer parameters than any request has.
    """
    if len(pairs) > MOST_PARAMETERS or any(len(value) > LONGEST_VALUE or "\0" in value for _, value in pairs):
        raise Unredirectable("invalid_request")
    given: dict[str, str] = {}
    repeated = set()
    for name, value in pairs:
        if name in given:
            repeated.add(name)
        given[name] = value
    return {name: value for name, value in given.items() if value}, frozenset(repeated)


def redirect_uri(given: Mapping[str, str], terms: OAuthTerms, *, must_be_named: bool = False) -> str:
    """The address that the answer goes to: exactly one of the client's, or its default. Raises Unredirectable.

    It `must_be_named` where OpenID Connect Core 3.1.2.1 is followed to the letter.
    """
    named = given.get("redirect_uri", None if must_be_named else terms.default_redirect_uri)
    if named is None or named not in terms.callback_urls:
        raise Unredirectable("redirect_mismatch")
    return named


def response_mode(given: Mapping[str, str]) -> ResponseMode:
    """How the answer travels (OAuth 2.0 Multiple Response Types §2.1, Form Post). Tokens never go in a query."""
    named, is_code = given.get("response_mode"), given.get("response_type", "code").lower() == "code"
    if named == "form_post":
        return "form_post"
    return "query" if is_code and named != "fragment" else "fragment"


def requested(
    given: Mapping[str, str], terms: OAuthTerms, scopes_of_pool: Collection[str], *, needs_pkce: bool, implicit: bool
) -> Requested:
    """What the request asks for. `scopes_of_pool` are those of its resource servers, and what it knows beyond Cognito;
    `implicit` says whether the pool allows that flow at all, `needs_pkce` whether a code needs a challenge.
    Raises Invalid.
    """
    response_type = _response_type(given, terms, implicit=implicit)
    for unsupported in ("request", "request_uri"):
        if unsupported in given:
            raise Invalid(f"{unsupported}_not_supported")
    allowed = [name for name in terms.scopes if name in scopes.STANDARD or name in scopes_of_pool]
    granted = scopes.requested(given.get("scope"), allowed)
    if not granted:
        raise Invalid("invalid_scope")
    return Requested(
        response_type=response_type,
        scopes=granted,
        nonce=given.get("nonce"),
        code_challenge=_code_challenge(given, response_type, needs_pkce=needs_pkce),
        resource=resource(given),
        prompt=_prompt(given),
        max_age=_max_age(given),
        acr_values=given.get("acr_values", ""),
        jkt=_jkt(given),
    )


def _response_type(given: Mapping[str, str], terms: OAuthTerms, *, implicit: bool) -> ResponseType:
    named = given.get("response_type")
    if named is None:
        raise Invalid("invalid_request")
    found = _RESPONSE_TYPES.get(named.lower())
    if found is None:
        raise Invalid("unsupported_response_type")
    if _FLOWS[found] not in terms.flows or (found == "token" and not implicit):
        raise Invalid("unauthorized_client")
    return found


def _code_challenge(given: Mapping[str, str], response_type: ResponseType, *, needs_pkce: bool) -> str | None:
    challenge, method = given.get("code_challenge"), given.get("code_challenge_method")
    if challenge is None:
        if needs_pkce and response_type == "code":
            raise Invalid("invalid_request", "code challenge required")  # RFC 7636 §4.4.1
        if method is not None:
            raise Invalid("invalid_request")
        return None
    if method != pkce.METHOD or not pkce.is_challenge(challenge):
        raise Invalid("invalid_request")
    return challenge


def resource(given: Mapping[str, str]) -> str | None:
    """RFC 8707 §2: an absolute URI without fragment; https, http on this machine, or a scheme of an app."""
    named = given.get("resource")
    if named is None:
        return None
    try:
        parts = urlsplit(named)
        is_local = parts.hostname in _LOCAL
    except ValueError:
        raise Invalid("invalid_target") from None
    is_plain = parts.scheme == "http" and not is_local
    if not parts.scheme or "#" in named or is_plain or not named.isprintable() or not (parts.netloc or parts.path):
        raise Invalid("invalid_target")
    return named


def _prompt(given: Mapping[str, str]) -> frozenset[str]:
    named = frozenset(given.get("prompt", "").lower().split())
    if not named <= PROMPTS or ("none" in named and len(named) > 1):
        raise Invalid("invalid_request")
    return named


def _max_age(given: Mapping[str, str]) -> int | None:
    text = given.get("max_age")
    if text is None:
        return None
    if not _SECONDS.match(text):
        raise Invalid("invalid_request")
    return int(text)


def _jkt(given: Mapping[str, str]) -> str | None:
    """RFC 9449 §10: the thumbprint of the key that will redeem the code."""
    named = given.get("dpop_jkt")
    if named is not None and not _JWK_THUMBPRINT.match(named):
        raise Invalid("invalid_request")
    return named
