"""How an answer to an authorization request travels back through the browser."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import quote, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from lido.flows.authorization import Answer
from lido.rules import consent
from lido.web.oauth import leaving

HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}

_SCRIPT = "document.forms[0].submit()"
_POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    f"script-src 'sha256-{b64encode(sha256(_SCRIPT.encode()).digest()).decode()}'"
)


def respond(answer: Answer) -> Response:
    """To the app: by query (RFC 6749 §4.1.2), by fragment (§4.2.2), or by a form that posts itself.

    One that waits is put behind a button of a page that names the place.
    """
    place = consent.place(quoted(answer.redirect_uri))
    if answer.mode == "form_post":
        return leaving.by_form(place, _fields(answer)) if answer.waits else _form(answer)
    mark = "#" if answer.mode == "fragment" else "&" if "?" in answer.redirect_uri else "?"
    rest = mark + urlencode(answer.parameters)
    return (
        leaving.by_link(place, quoted(answer.redirect_uri) + rest)
        if answer.waits
        else lead_to(answer.redirect_uri, rest)
    )


def lead_to(address: str, rest: str = "", status: int = 302) -> Response:
    """To an address that was registered letter by letter, and is repeated so; `rest` is quoted already."""
    response = RedirectResponse("", status, HEADERS)
    response.headers["location"] = quoted(address) + rest
    return response


def quoted(address: str) -> str:
    """The address as a header can hold it."""
    return quote(address, safe=":/?#[]@!$&'()*+,;=%~")


def _form(answer: Answer) -> Response:
    """OAuth 2.0 Form Post Response Mode; a button for browsers without scripts."""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing in</title></head><body>'
        f"{_fields(answer)}<script>{_SCRIPT}</script></body></html>\n"
    )
    return HTMLResponse(page, 200, HEADERS | {"content-security-policy": _POLICY, "x-frame-options": "DENY"})


def _fields(answer: Answer) -> str:
    """The form that carries the answer, with its button."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in answer.parameters
    )
    return f'<form method="post" action="{escape(answer.redirect_uri)}">{fields}<button>Continue</button></form>'
