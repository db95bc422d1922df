"""The page behind a link that confirms a sign-up. Fetching it does nothing; its button posts what the link says.

It shows nothing of the link, so that nobody can write on it, and says of every link that does not work the same.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import parse_qs

from msgspec import structs
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import confirmation_links
from lido.flows.confirmation_links import Link
from lido.rules.confirmation_links import PATH
from lido.web.site import Site

_MEMBERS = {"client_id": 128, "user_name": 128, "confirmation_code": 2048}
_STYLE = (
    "body{font:1.1em/1.5 system-ui,sans-serif;max-width:26em;margin:15vh auto;padding:0 1em}"
    "button{font:inherit;padding:.5em 1.2em}"
)
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_AFTERWARDS = (errors.UserLambdaValidation, errors.UnexpectedLambda, errors.InvalidLambdaResponse)
_INVALID = (
    "This link does not work",
    "It was used already, is too old, or is not whole. Ask for a new one where you signed up.",
)


def show(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The page with the button; whether the link works is not looked up."""
    link = _link(site, request.url.query)
    if link is None:
        return _page(400, *_INVALID)
    members = zip(_MEMBERS, (link.client_id, link.username, link.code), strict=True)
    fields = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in members)
    form = f'<form method="post" action="{site.path}/{PATH}">{fields}<button>Confirm</button></form>'
    return _page(200, "Confirm your registration", "One press of the button, and your account is ready.", form)


def press(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """Confirm the account that the form names, as ConfirmSignUp does."""
    link = _link(site, body.decode("utf-8", "replace"))
    if link is None:
        return _page(400, *_INVALID)
    try:
        confirmation_links.confirm(structs.replace(call, address_is_own=True), link)
    except _AFTERWARDS:
        pass  # PostConfirmation is told after the fact: the account is confirmed, and the log has what failed
    except (errors.LimitExceeded, errors.TooManyRequests):
        return _page(429, "Too many tries", "Attempt limit exceeded, please try after some time.")
    except errors.Fault:
        return _page(400, *_INVALID)
    except (errors.Unavailable, errors.Conflict):
        return _page(503, "The service is busy", "Press the button again in a moment.")
    return _page(200, "Done", "Your registration has been confirmed!")


def _link(site: Site, text: str) -> Link | None:
    """What a query or a form says; None where a part is missing, comes twice or cannot be."""
    try:
        given = parse_qs(text, max_num_fields=20)
    except ValueError:
        return None
    values = [given.get(name, []) for name in _MEMBERS]
    if any(len(value) != 1 for value in values):
        return None
    client_id, username, code = (value[0] for value in values)
    longest = zip((client_id, username, code), _MEMBERS.values(), strict=True)
    if not all(value.isprintable() and len(value) <= most for value, most in longest):
        return None
    return Link(site.pool_id, client_id, username, code)


def _page(status: int, title: str, sentence: str, form: str = "") -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{sentence}</p>{form}</body></html>\n",
        status,
        _HEADERS,
    )
