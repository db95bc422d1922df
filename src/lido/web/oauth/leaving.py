"""The page between us and a place that nobody vouches for: it names the place, and only the person goes on from it.

Nothing that the app says of itself stands on it, so that nobody can write on it.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape

from starlette.responses import HTMLResponse, Response

_STYLE = (
    "body{font:1.1em/1.5 system-ui,sans-serif;max-width:26em;margin:15vh auto;padding:0 1em}"
    "strong{overflow-wrap:anywhere}button{font:inherit;padding:.5em 1.2em}"
)
_HEADERS = {
    "cache-control": "no-store",
    # No form-action: browsers hold it against whatever the app's own answer redirects to.
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def by_link(place: str, address: str) -> Response:
    """A link to the address, which a header can hold; `place` is what people know it by."""
    return _page(place, f'<p><a href="{escape(address)}" rel="noreferrer nofollow">Continue</a></p>')


def by_form(place: str, form: str) -> Response:
    """A form, which is HTML already, with a button of its own."""
    return _page(place, form)


def _page(place: str, onwards: str) -> Response:
    """It is an answer about a request that cannot be met: 400."""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>You are leaving this site</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main><h1>You are leaving this site</h1>"
        "<p>An app that nobody here knows could not sign you in. It wants you to be led to:</p>"
        f"<p><strong>{escape(place)}</strong></p>"
        "<p>Go on only if you know this place. Otherwise close this window.</p>"
        f"{onwards}</main></body></html>\n",
        400,
        _HEADERS,
    )
