"""Signed in just now, for this very request: a short-lived cookie says so at the pages that come after the sign-in.

Without it a request that wants a new sign-in (prompt, max_age, an app that shares none) would be led back there without
end; without being bound to the request it would spare the sign-in of another.
"""

from hashlib import sha256

from starlette.requests import Request

from lido.call import Call
from lido.flows.authorization import AuthorizationRequest
from lido.flows.browser import BrowserSession
from lido.rules.sealing import Unsealable
from lido.web.login import cookies
from lido.web.site import Site

SECONDS = 300
"""As long as a way through the pages may take."""

_PURPOSE = "signed in for"
_LONGEST = 512


def written(call: Call, site: Site, asked: AuthorizationRequest, session: BrowserSession) -> str:
    """The `Set-Cookie` that says it."""
    text = call.keys.seal_text(_PURPOSE, _digest(asked), session.pool_id, session.id)
    return cookies.written(site, cookies.FRESH, text, seconds=SECONDS)


def is_shown(call: Call, request: Request, asked: AuthorizationRequest, session: BrowserSession) -> bool:
    """Whether the session began just now, and for this request."""
    text = request.cookies.get(cookies.FRESH, "")
    if not text or len(text) > _LONGEST or call.now - session.created_at > SECONDS * 1000:
        return False
    try:
        return call.keys.open_text(_PURPOSE, text, session.pool_id, session.id) == _digest(asked)
    except Unsealable:
        return False


def _digest(asked: AuthorizationRequest) -> bytes:
    """What tells a request from others. A device's has a new ticket at every page, and nothing of its own."""
    told = (asked.client.client_id, asked.redirect_uri, asked.state, asked.nonce, asked.pushed, asked.device is None)
    return sha256(repr(told).encode("utf-8", "surrogatepass")).digest()
