"""The logout endpoint: Cognito's (client_id with logout_uri or redirect_uri) and OpenID Connect's (RP-Initiated
Logout 1.0); a page asks where nothing proves that the person means it.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lido.call import Call
from lido.flows import browser, logout
from lido.flows.authorization import Refused, Unredirectable
from lido.flows.browser import BrowserSession
from lido.flows.logout import LogoutRequest
from lido.web.oauth import answers, authorize, forms
from lido.web.site import Site

_CONFIRMED = "confirmed"
_LONGEST_QUERY = 16_384
_STYLE = (
    "body{font:1.1em/1.5 system-ui,sans-serif;max-width:26em;margin:15vh auto;padding:0 1em}"
    "button{font:inherit;padding:.5em 1.2em}"
)
_STYLES = f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"


def show(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """GET: signs out and leads on, or asks first."""
    try:
        params = forms.pairs(request.url.query)
        wish = logout.read(call, site.pool_id, params)
    except ValueError:
        return authorize.error_page(site, "invalid_request")
    except logout.Incomplete:
        return _page(400, "Something went wrong", logout.MISSING)
    except Unredirectable as refusal:
        return authorize.error_page(site, refusal.error, dict(params).get("client_id"))
    except Refused as refusal:
        return answers.respond(refusal.answer)
    session = browser.current(call, site.pool_id, request.cookies.get(authorize.COOKIE))
    if session is not None and (_is_embedded(request) or logout.must_ask(wish, session)):
        return _question(call, site, request, wish, session)
    return _signed_out(call, site, request, wish)


def press(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """POST: the answer to the question, or an app's request, which goes on as GET because its POST brings no cookie."""
    try:
        form = forms.pairs(body.decode("utf-8", "replace"))
    except ValueError:
        return authorize.error_page(site, "invalid_request")
    confirmed = dict(form).get(_CONFIRMED)
    if confirmed is None:
        query = urlencode(form)
        if len(query) > _LONGEST_QUERY:
            return authorize.error_page(site, "invalid_request")
        return answers.lead_to(f"{site.base}/logout", f"?{query}" if query else "", 303)
    session = browser.current(call, site.pool_id, request.cookies.get(authorize.COOKIE))
    wish = logout.opened(call, site.pool_id, confirmed, session)
    if wish is None:
        return answers.lead_to(f"{site.base}/logout", f"?{request.url.query}" if request.url.query else "", 303)
    return _signed_out(call, site, request, wish)


def _is_embedded(request: Request) -> bool:
    """Whether another page only loads this address, as a picture or the like: nobody went here (Fetch Metadata)."""
    mode, whence = request.headers.get("sec-fetch-mode", "navigate"), request.headers.get("sec-fetch-site")
    return whence != "same-origin" and (mode != "navigate" or request.headers.get("sec-fetch-dest") == "iframe")


def _signed_out(call: Call, site: Site, request: Request, wish: LogoutRequest) -> Response:
    """End the session, take the cookie away, and lead to where the request says."""
    browser.end(call, site.pool_id, request.cookies.get(authorize.COOKIE))
    if wish.return_to is not None:
        response = answers.lead_to(wish.return_to, status=303 if request.method == "POST" else 302)
    elif wish.params:
        response = authorize.to_page(site, "/login", list(wish.params))
    else:
        response = _page(200, "You are signed out", "You can close this window.")
    secure = "; Secure" if site.base.startswith("https:") else ""
    response.headers.append(
        "set-cookie", f"{authorize.COOKIE}=; Max-Age=0; Path={site.path}/{secure}; HttpOnly; SameSite=Lax"
    )
    return response


def _question(call: Call, site: Site, request: Request, wish: LogoutRequest, session: BrowserSession) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    form = (
        f'<form method="post" action="{escape(f"{site.path}/logout{query}")}">'
        f'<input type="hidden" name="{_CONFIRMED}" value="{escape(logout.seal(call, wish, session))}">'
        "<button>Sign out</button></form>"
    )
    scheme = urlsplit(wish.return_to).scheme if wish.return_to else ""
    return _page(200, "Do you want to sign out?", "You are signed in at this browser.", form, scheme)


def _page(status: int, title: str, sentence: str, form: str = "", leads_to: str = "") -> Response:
    action = f"form-action 'self'{f' {leads_to}:' if leads_to else ''}"
    headers = answers.HEADERS | {
        "content-security-policy": f"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; {action}; {_STYLES}",
        "x-frame-options": "DENY",
    }
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{sentence}</p>{form}</body></html>\n",
        status,
        headers,
    )
