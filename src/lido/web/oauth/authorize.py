"""The authorization endpoint (RFC 6749 §3.1): who is signed in at the browser is sent back with an answer at once,
everybody else goes to the pages first.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import authorization, browser, consents
from lido.flows.authorization import AuthorizationRequest, Refused, Unredirectable
from lido.flows.browser import BrowserSession
from lido.web.oauth import answers, forms, refusals
from lido.web.site import Site

COOKIE = "cognito"
"""The browser's session."""

_ANEW = frozenset({"login", "select_account", "create"})
"""Prompts that a session does not spare anybody."""
LONGEST_QUERY = 32_768
"""Room for a state and a nonce of 4,096 characters each, every one of them quoted."""

Pairs = list[tuple[str, str]]


def authorize(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """Answer a request that came by GET or POST (OpenID Connect Core 3.1.2.1). One that an app's page posted brings no
    cookie, for browsers keep it from other sites' posts: it goes on as GET, which shows whether somebody is signed in.

    Errors of a client that anybody may have registered stay on a page of ours until the person goes on, those of
    `prompt=none` too: else they would lead whoever is not signed in to any address. So such a client cannot find out in
    a hidden frame that it has to ask, and its codes come as ever.
    """
    try:
        params = forms.pairs(body.decode("utf-8", "replace") if request.method == "POST" else request.url.query)
    except ValueError:
        return error_page(site, "invalid_request")
    if request.method == "POST" and COOKIE not in request.cookies:
        return by_get(site, "/oauth2/authorize", urlencode(params))
    try:
        asked = authorization.read(call, site.pool_id, params)
    except Unredirectable as refusal:
        return error_page(site, refusal.error, dict(params).get("client_id"))
    except Refused as refusal:
        return answers.respond(refusal.answer)
    session = browser.current(call, site.pool_id, request.cookies.get(COOKIE))
    if session is not None and spares(call, asked, session):
        return go_on(call, site, asked, session, params)
    if "none" in asked.prompt:
        return answers.respond(authorization.refused(call, asked, "login_required"))
    return to_page(site, "/signup" if "create" in asked.prompt else "/login", params)


def go_on(call: Call, site: Site, asked: AuthorizationRequest, session: BrowserSession, params: Pairs) -> Response:
    """What becomes of a request once somebody is signed in: a question about the app, or the answer to it."""
    try:
        if consents.question(call, asked, session) is None:
            return answer(call, asked, session)
    except errors.NotAuthorized:
        return answers.respond(authorization.refused(call, asked, "login_required"))
    if "none" in asked.prompt:
        return answers.respond(authorization.refused(call, asked, "consent_required"))
    return to_page(site, "/consent", params)


def answer(call: Call, asked: AuthorizationRequest, session: BrowserSession) -> Response:
    """The answer to the app, about which nothing is to be asked any more."""
    try:
        return answers.respond(authorization.grant(call, asked, session))
    except errors.Fault as fault:  # of a trigger, in the implicit flow
        _, description = refusals.worded(fault)
        return answers.respond(authorization.refused(call, asked, "invalid_request", description))


def to_page(site: Site, path: str, params: Pairs) -> Response:
    """To a page of the site, with the request in its query."""
    return RedirectResponse(f"{site.base}{path}?{urlencode(params)}", 302, answers.HEADERS)


def by_get(site: Site, path: str, query: str) -> Response:
    """The same request again, by GET, which brings the browser's cookies; to the error page where it is too long."""
    if len(query) > LONGEST_QUERY:
        return error_page(site, "invalid_request")
    return RedirectResponse(f"{site.base}{path}{f'?{query}' if query else ''}", 303, answers.HEADERS)


def error_page(site: Site, error: str, client_id: str | None = None) -> Response:
    """To the page that says that something is wrong with a request which may lead nowhere else."""
    told = [("error", error), *([("client_id", client_id)] if client_id else [])]
    return to_page(site, "/error", told)


def spares(call: Call, asked: AuthorizationRequest, session: BrowserSession, *, is_fresh: bool = False) -> bool:
    """Whether the person need not sign in (again) for this request; `is_fresh`: they just did, for it."""
    if is_fresh:
        return not asked.hinted_sub or asked.hinted_sub == session.sub
    if asked.hinted_sub not in (None, session.sub) or _ANEW & asked.prompt:
        return False
    return browser.serves(call, asked.pool, asked.client, session, max_age=asked.max_age, levels=asked.levels)
