"""The logout endpoint: Cognito's (client_id with logout_uri or redirect_uri) and OpenID Connect's (RP-Initiated
Logout 1.0); a page asks where nothing proves that the person means it.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from lido.call import Call
from lido.flows import browser, logout
from lido.flows.authorization import Refused, Unredirectable
from lido.flows.browser import BrowserSession
from lido.flows.logout import LogoutRequest
from lido.rules import logout_tokens
from lido.web.login import cookies, entering, pages
from lido.web.login.layout import Frame, render
from lido.web.login.troubles import Trouble
from lido.web.oauth import answers, authorize, forms
from lido.web.site import Site


def get(call: Call, site: Site, request: Request, _body: bytes) -> Response:
    """Sign out and lead on, or ask first. A browser that looks ahead is refused, and comes again if somebody goes here
    (`Sec-Purpose`, Fetch Standard).
    """
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return Response(status_code=503, headers={"cache-control": "no-store"})
    client_id = request.query_params.get("client_id")
    try:
        wish = logout.read(call, site.pool_id, forms.pairs(request.url.query))
    except ValueError:
        return authorize.error_page(site, "invalid_request")
    except logout.Incomplete:
        return render(Frame(path=site.path), pages.Error(trouble=Trouble(logout.MISSING)), status=400)
    except Unredirectable as refusal:
        return authorize.error_page(site, refusal.error, client_id)
    except Refused as refusal:
        return answers.respond(refusal.answer)
    session = browser.current(call, site.pool_id, request.cookies.get(cookies.SESSION))
    if session is not None and (_is_embedded(request) or logout.must_ask(wish, session)):
        return _question(call, site, request, wish, session)
    return _signed_out(call, site, request, wish, session)


def post(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The answer to the question, or an app's request, which goes on as GET because its POST brings no cookie."""
    try:
        form = forms.pairs(body.decode("utf-8", "replace"))
    except ValueError:
        return authorize.error_page(site, "invalid_request")
    confirmed = dict(form).get("confirmed")
    if confirmed is None:
        return authorize.by_get(site, "/logout", urlencode(form))
    session = browser.current(call, site.pool_id, request.cookies.get(cookies.SESSION))
    wish = logout.opened(call, site.pool_id, confirmed, session)
    if wish is None:
        return authorize.by_get(site, "/logout", request.url.query)
    return _signed_out(call, site, request, wish, session)


def _is_embedded(request: Request) -> bool:
    """Whether another page only loads this address, as a picture or the like: nobody went here (Fetch Metadata)."""
    mode, whence = request.headers.get("sec-fetch-mode", "navigate"), request.headers.get("sec-fetch-site")
    return whence != "same-origin" and (mode != "navigate" or request.headers.get("sec-fetch-dest") == "iframe")


def _signed_out(
    call: Call, site: Site, request: Request, wish: LogoutRequest, session: BrowserSession | None
) -> Response:
    """End the session, take the cookie away, and lead to where the request says: by way of the apps, if any listen."""
    listening = logout.to_load(call, session) if session is not None else []
    browser.end(call, site.pool_id, request.cookies.get(cookies.SESSION))
    response = _by_way_of(site, wish, listening) if listening else _onwards(site, request, wish)
    return entering.with_cookies(response, (cookies.written(site, cookies.SESSION, "", seconds=0),))


def _onwards(site: Site, request: Request, wish: LogoutRequest) -> Response:
    if wish.return_to is not None:
        return answers.lead_to(wish.return_to, status=303 if request.method == "POST" else 302)
    if wish.params:
        return authorize.to_page(site, "/login", list(wish.params))
    return render(Frame(path=site.path), pages.SignedOut())


def _by_way_of(site: Site, wish: LogoutRequest, listening: list[str]) -> Response:
    """A page that loads what the apps want loaded, and then goes on."""
    following = f"{site.base}/login?{urlencode(wish.params)}" if wish.params else f"{site.base}/signedOut"
    page = pages.SigningOut(frames=tuple(listening), leads_to=wish.return_to or following)
    frames = sorted({logout_tokens.origin(each) for each in listening})
    return render(
        Frame(path=site.path), page, frames=frames, headers={"refresh": f"3;url={answers.quoted(page.leads_to)}"}
    )


def _question(call: Call, site: Site, request: Request, wish: LogoutRequest, session: BrowserSession) -> Response:
    frame = Frame(path=site.path, query=request.url.query, leads_away=wish.return_to is not None)
    return render(frame, pages.SignOut(confirmed=logout.seal(call, wish, session)))
