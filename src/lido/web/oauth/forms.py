"""Reading what comes to an OAuth endpoint: form and query, the client's credentials, a bearer token."""

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import msgspec
from starlette.requests import Request

from lido import errors
from lido.flows.client_authentication import Claim
from lido.rules import client_assertions
from lido.web.site import Site

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 100
_LONGEST_SECRET = 256

Form = Mapping[str, str]

_decode_metadata = msgspec.json.Decoder(dict[str, str]).decode


def pairs(text: str) -> list[tuple[str, str]]:
    """Names and values of a query or a form, in order. Raises ValueError for more than any request has."""
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace") if text else []


def read(request: Request, body: bytes) -> Form:
    """The parameters of a POST, each at most once (RFC 6749 §3.2), empty ones omitted.

    Those in the query count too, as some clients send them. Raises OAuthError `invalid_request`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise errors.OAuthError("invalid_request")
    try:
        given = [*pairs(body.decode("utf-8", "replace")), *pairs(request.scope["query_string"].decode("latin-1"))]
    except ValueError:
        raise errors.OAuthError("invalid_request") from None
    if len({name for name, _ in given}) < len(given) or any("\0" in value for _, value in given):
        raise errors.OAuthError("invalid_request")
    return {name: value for name, value in given if value}


def words(form: Form, name: str) -> list[str]:
    """The words of a parameter that holds several, such as `scope`."""
    return [word for word in form.get(name, "").split(" ") if word]


def client_metadata(form: Form) -> dict[str, str]:
    """`aws_client_metadata`: what a client says to the pool's triggers. Raises OAuthError `invalid_request`."""
    text = form.get("aws_client_metadata")
    if text is None:
        return {}
    try:
        return _decode_metadata(text)
    except (msgspec.DecodeError, RecursionError):
        raise errors.OAuthError("invalid_request") from None


def claim(site: Site, request: Request, form: Form) -> Claim:
    """How the request says who its client is: by HTTP Basic, in the form, by its id alone (RFC 6749 §2.3.1), or by a
    token that it signed (RFC 7523 §2.2).

    Raises OAuthError: `invalid_request` for two ways at once, `invalid_client` for what cannot be read.
    """
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    named, secret = form.get("client_id", ""), form.get("client_secret", "")
    if "client_assertion" in form or "client_assertion_type" in form:
        if secret or scheme.lower() == "basic":
            raise errors.OAuthError("invalid_request")
        return _assertion(site, form)
    if scheme.lower() != "basic":
        return Claim("client_secret_post" if secret else "none", named, secret[: _LONGEST_SECRET + 1])
    client_id, secret_in_header = _basic(credentials)
    if secret:
        raise errors.OAuthError("invalid_request")
    if named and named != client_id:
        raise errors.OAuthError("invalid_client")
    return Claim("client_secret_basic", client_id, secret_in_header)


def _assertion(site: Site, form: Form) -> Claim:
    """The client is whom the token names; a `client_id` beside it must be the same (RFC 7521 §4.2)."""
    if form.get("client_assertion_type") != client_assertions.TYPE:
        raise errors.OAuthError("invalid_client")
    assertion = form.get("client_assertion", "")
    client_id = client_assertions.named_by(assertion)
    if form.get("client_id", client_id) != client_id:
        raise errors.OAuthError("invalid_client")
    # RFC 9126 §2 has assertions for that endpoint name it too; all others are addressed by the token endpoint.
    audiences = tuple(site.base + path for path in ("/oauth2/token", "/oauth2/par"))
    return Claim("private_key_jwt", client_id, assertion=assertion, audiences=audiences)


def presented(request: Request) -> tuple[str, str] | None:
    """The access token of the Authorization header, as `bearer` (RFC 6750 §2.1) or as `dpop` (RFC 9449 §7.1)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_token = scheme.lower() in ("bearer", "dpop") and token.strip()
    return (scheme.lower(), token.strip()) if is_token else None


def _basic(credentials: str) -> tuple[str, str]:
    """Id and secret, both perhaps percent-encoded, as RFC 6749 asks and many clients do not do.

    A plus stays one: secrets may have it, and neither has blanks.
    """
    try:
        text = b64decode(credentials.strip(), validate=True).decode()
    except (Error, ValueError):
        raise errors.OAuthError("invalid_client") from None
    client_id, colon, secret = text.partition(":")
    if not colon or len(secret) > 3 * _LONGEST_SECRET:
        raise errors.OAuthError("invalid_client")
    return unquote(client_id), unquote(secret)
