"""/device: a person types the code that a device shows, signs in, and lets the device in or not (RFC 8628 §3.3).

Nothing here happens by opening a link: a code in the address is filled in, and the question has two buttons.
"""

from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import authorization, browser, consents, device_grants
from lido.flows.device_grants import Waiting
from lido.rules import user_codes
from lido.web.login import cookies, entering, freshness, pages, troubles, visits
from lido.web.login.layout import Frame, Page, render
from lido.web.login.sentences import say
from lido.web.login.troubles import Trouble
from lido.web.oauth import authorize
from lido.web.site import Site

_LONGEST = 2_048


def get(call: Call, site: Site, request: Request, _body: bytes) -> Response:
    """The field for the code, or, when a sign-in leads here, the question."""
    given = dict(parse_qsl(request.url.query[:_LONGEST]))
    waiting = device_grants.named(call, site.pool_id, given.get("device", ""))
    if waiting is None:
        code = user_codes.typed(given.get("user_code", ""))
        notice = Trouble(say("device.over")) if "device" in given else None
        return _show(call, site, request, pages.Device(code=user_codes.shown(code) if code else "", trouble=notice))
    return _ask(call, site, request, waiting)


def post(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The code that was typed, or the answer to the question."""
    form = visits.form_of(request, body)
    if form is None:
        return _show(call, site, request, pages.Device(), status=400)
    if cookies.is_forged(site, request, form.text("_csrf")):
        return _show(call, site, request, pages.Device(trouble=Trouble(say("trouble.forged"))), status=403)
    question = form.text("question")
    if question:
        return _answered(call, site, request, question, allowed=form.text("allow") == "1")
    code = form.text("user_code")
    try:
        waiting = device_grants.typed(call, site.pool_id, code)
    except errors.TooManyRequests as fault:
        return _show(call, site, request, pages.Device(trouble=troubles.of(fault)))
    if waiting is None:
        trouble = Trouble(say("device.unknown"), "user_code")
        return _show(call, site, request, pages.Device(code=code[: user_codes.LENGTH + 1], trouble=trouble))
    return _ask(call, site, request, waiting)


def _ask(call: Call, site: Site, request: Request, waiting: Waiting) -> Response:
    """Whether the device may come in, once it is known who is asked, and that its app is welcome to them."""
    params = [("client_id", waiting.grant.client_id), ("device", waiting.ticket)]
    session = browser.current(call, site.pool_id, request.cookies.get(cookies.SESSION))
    try:
        wish = authorization.read(call, site.pool_id, params)
        if session is None:
            return _to(site, "login", params)
        is_fresh = freshness.is_shown(call, request, wish, session)
        if not authorize.spares(call, wish, session, is_fresh=is_fresh):
            return _to(site, "login", params)
        if consents.question(call, wish, session) is not None:
            return _to(site, "consent", params)
    except (authorization.Unredirectable, errors.NotAuthorized):
        return _show(call, site, request, _over())
    asked = device_grants.ask(call, waiting, session)
    if asked is None:
        return _show(call, site, request, _over())
    page = pages.AllowDevice(
        code=user_codes.shown(waiting.user_code),
        username=asked.username,
        question=asked.question,
        device=asked.app,
    )
    return _show(call, site, request, page)


def _answered(call: Call, site: Site, request: Request, question: str, *, allowed: bool) -> Response:
    session = browser.current(call, site.pool_id, request.cookies.get(cookies.SESSION))
    if session is None or not device_grants.decide(call, session, question, allowed=allowed):
        return _show(call, site, request, _over())
    return _show(call, site, request, pages.DeviceAnswered(allowed=allowed))


def _to(site: Site, page: str, params: list[tuple[str, str]]) -> Response:
    return entering.redirect(f"{site.base}/{page}?{urlencode(params)}")


def _over() -> Page:
    return pages.Device(trouble=Trouble(say("device.over")))


def _show(call: Call, site: Site, request: Request, page: Page, *, status: int = 0) -> Response:
    known = cookies.token(request)
    token = known or call.entropy.uuid()
    fresh = () if known else (cookies.written(site, cookies.CSRF, token),)
    return render(Frame(path=site.path, csrf=token), page, status=status, cookies=fresh)
