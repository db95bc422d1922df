"""/consent: whether an app of somebody else's is let in, asked of whoever is signed in at the browser."""

from starlette.responses import Response

from lido.flows import authorization, browser, consents
from lido.flows.browser import BrowserSession
from lido.flows.consents import Question
from lido.rules import consent
from lido.web.login import cookies, entering, freshness, pages
from lido.web.login.visits import Form, Visit, shown, submitted
from lido.web.oauth import answers, authorize

_LONGEST = 16_384


def _get(visit: Visit) -> Response:
    session = _session(visit)
    if session is None:
        return entering.redirect(visit.frame.url("login"))
    question = consents.question(visit.call, visit.asked, session)
    if question is None or "none" in visit.asked.prompt:
        return authorize.go_on(visit.call, visit.site, visit.asked, session, visit.params)
    return _ask(visit, session, question)


def _post(visit: Visit, form: Form) -> Response:
    session = _session(visit)
    if session is None:
        return entering.redirect(visit.frame.url("login"))
    question = consents.question(visit.call, visit.asked, session)
    if question is None or "none" in visit.asked.prompt:
        return authorize.go_on(visit.call, visit.site, visit.asked, session, visit.params)
    if not consents.answers(visit.call, visit.asked, session, form.text("shown", _LONGEST)):
        return _ask(visit, session, question)
    if form.text("decision") == "allow":
        consents.give(visit.call, visit.asked, session)
        return authorize.answer(visit.call, visit.asked, session)
    return answers.respond(authorization.refused(visit.call, visit.asked, "access_denied"))


get, post = shown(_get), submitted(_post)


def _session(visit: Visit) -> BrowserSession | None:
    """Whoever is signed in, if their sign-in is good enough for the request, or was made for it."""
    session = browser.current(visit.call, visit.site.pool_id, visit.request.cookies.get(cookies.SESSION))
    if session is None:
        return None
    is_fresh = freshness.is_shown(visit.call, visit.request, visit.asked, session)
    return session if authorize.spares(visit.call, visit.asked, session, is_fresh=is_fresh) else None


def _ask(visit: Visit, session: BrowserSession, question: Question) -> Response:
    wishes = (
        pages.Wish(scope, question.descriptions.get(scope, ""), scope in question.new) for scope in question.scopes
    )
    said = visit.asked.client.settings.registered
    page = pages.Consent(
        username=question.username,
        place=consent.place(visit.asked.redirect_uri),
        wishes=tuple(wishes),
        shown=consents.seal(visit.call, visit.asked, session),
        policy_uri=str(said.get("policy_uri", "")),
        tos_uri=str(said.get("tos_uri", "")),
    )
    return visit.show(page)
