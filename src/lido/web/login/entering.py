"""The ends of a sign-in: what the engine is given, and how a browser that is signed in goes back to its app."""

from starlette.responses import RedirectResponse, Response

from lido.flows import authorization, browser
from lido.flows.scenes import Attempt
from lido.flows.sign_in import SignedIn
from lido.rules import strength
from lido.web.login import cookies, freshness
from lido.web.login.visits import Visit
from lido.web.oauth import answers, authorize

_AFTERWARDS = {"add_passkey": "passkeys/add"}
"""Pages that lead through a sign-in first, by what `then` says in the query."""


def attempt(visit: Visit, **given: str) -> Attempt:
    """What the engine is given: what was typed, and how strong the app wants the sign-in to be."""
    names = visit.asked.pool.settings.shape.acr_configuration
    levels = " ".join(strength.name(level, names) for level in visit.asked.levels)
    wanted = {"TARGET_ACR_VALUES": levels} if levels else {}
    return Attempt("pages", visit.client_id, {**given, **wanted}, visit.site.pool_id)


def enter(visit: Visit, signed_in: SignedIn) -> Response:
    """The browser is signed in: a new session, a new CSRF token, and the answer to the app. Raises as browser.begin."""
    session, cookie = browser.begin(visit.call, signed_in, visit.request.cookies.get(cookies.SESSION))
    given = (
        cookies.written(visit.site, cookies.SESSION, cookie, seconds=browser.life_seconds(visit.call, session)),
        cookies.written(visit.site, cookies.CSRF, visit.call.entropy.uuid()),
    )
    if visit.asked.hinted_sub and visit.asked.hinted_sub != session.sub:  # somebody else (Core 3.1.2.1, id_token_hint)
        refusal = authorization.refused(visit.call, visit.asked, "login_required")
        return with_cookies(answers.respond(refusal), given)
    then = visit.param("then")
    if then in _AFTERWARDS:
        return redirect(visit.frame.url(_AFTERWARDS[then]), given)
    response = authorize.go_on(visit.call, visit.site, visit.asked, session, visit.params)
    if response.headers.get("location", "").startswith(f"{visit.site.base}/"):  # there is more to ask
        with_cookies(response, (freshness.written(visit.call, visit.site, visit.asked, session),))
    return with_cookies(response, given)


def redirect(address: str, given: tuple[str, ...] = ()) -> Response:
    """A redirect to be followed with GET."""
    return with_cookies(RedirectResponse(address, 303, {"cache-control": "no-store"}), given)


def with_cookies(response: Response, given: tuple[str, ...]) -> Response:
    """The response, which sets those cookies too."""
    for cookie in given:
        response.headers.append("set-cookie", cookie)
    return response
