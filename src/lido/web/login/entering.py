"""From a step of a sign-in to the next: a challenge's page at once, or, at the end, the way back to the app."""

from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from lido.flows import authorization, browser
from lido.flows.scenes import Attempt
from lido.flows.sign_in import Outcome, SignedIn
from lido.rules import strength
from lido.web.login import challenge, cookies
from lido.web.login.visits import Visit
from lido.web.oauth import answers

_AFTERWARDS = {"add_passkey": "passkeys/add"}
"""Pages that lead through a sign-in first, by what `then` says in the query."""


def attempt(visit: Visit, **given: str) -> Attempt:
    """What the engine is given: what was typed, and how strong the app wants the sign-in to be."""
    names = visit.asked.pool.settings.shape.acr_configuration
    levels = " ".join(strength.name(level, names) for level in visit.asked.levels)
    wanted = {"TARGET_ACR_VALUES": levels} if levels else {}
    return Attempt("pages", visit.client_id, {**given, **wanted}, visit.site.pool_id)


def go_on(visit: Visit, outcome: Outcome, username: str) -> Response:
    """What follows a step that was answered. Raises what `browser.begin` and the next challenge raise."""
    if isinstance(outcome, SignedIn):
        return _enter(visit, outcome)
    return challenge.show_next(visit, outcome, username)


def _enter(visit: Visit, signed_in: SignedIn) -> Response:
    """The browser is signed in: a new session, a new CSRF token, and the answer to the app."""
    session, cookie = browser.begin(visit.call, signed_in, visit.request.cookies.get(cookies.SESSION))
    given = (
        cookies.written(visit.site, cookies.SESSION, cookie),
        cookies.written(visit.site, cookies.CSRF, visit.call.entropy.uuid()),
    )
    then = dict(parse_qsl(visit.frame.query)).get("then", "")
    if then in _AFTERWARDS:
        return redirect(visit.frame.url(_AFTERWARDS[then]), given)
    return answers.respond(authorization.grant(visit.call, visit.asked, session), given)


def redirect(address: str, given: tuple[str, ...] = ()) -> Response:
    """A redirect to be followed with GET."""
    response = RedirectResponse(address, 303, {"cache-control": "no-store"})
    for cookie in given:
        response.headers.append("set-cookie", cookie)
    return response
