"""/passkeys/add: whoever is signed in at the browser makes a passkey, or goes on without one."""

from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import browser_users, passkeys
from lido.flows.access import SignedInUser
from lido.web.login import cookies, entering, pages, troubles
from lido.web.login.sentences import say
from lido.web.login.troubles import Trouble
from lido.web.login.visits import Form, Visit, shown, submitted
from lido.web.site import Site

_LONGEST_CREDENTIAL = 16_384


def _get(visit: Visit) -> Response:
    signed_in = _signed_in(visit)
    if signed_in is None:
        return _sign_in(visit)
    return _page(visit, signed_in)


def _post(visit: Visit, form: Form) -> Response:
    signed_in = _signed_in(visit)
    if signed_in is None:
        return _sign_in(visit)
    if form.text("skip"):
        return _back(visit)
    try:
        credential = msgspec.json.decode(form.text("credential", _LONGEST_CREDENTIAL), type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        return _page(visit, signed_in, Trouble(say("add_passkey.failed")))
    try:
        passkeys.complete_registration(visit.call, signed_in, credential)
    except errors.Fault as fault:
        return _page(visit, signed_in, troubles.of(fault))
    return _back(visit)


_shown, _submitted = shown(_get), submitted(_post)


def get(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The page, or the sign-in that must come first. A query without `response_type` is one for a code."""
    return _shown(call, site, _completed(request), body)


def post(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """Keep the passkey that the browser made."""
    return _submitted(call, site, _completed(request), body)


def _completed(request: Request) -> Request:
    if "response_type" in request.query_params:
        return request
    query = f"{request.url.query}&response_type=code"
    return Request({**request.scope, "query_string": query.encode()})


def _signed_in(visit: Visit) -> SignedInUser | None:
    return browser_users.signed_in(
        visit.call, visit.asked.pool, visit.asked.client, visit.request.cookies.get(cookies.SESSION)
    )


def _sign_in(visit: Visit) -> Response:
    """First to the sign-in, and back here from there."""
    mark = "" if visit.param("then") else "&then=add_passkey"
    return entering.redirect(visit.frame.url("login") + mark)


def _page(visit: Visit, signed_in: SignedInUser, trouble: Trouble | None = None) -> Response:
    try:
        options = passkeys.start_registration(visit.call, signed_in)
    except errors.NotAuthorized:  # the sign-in is too long ago
        return _sign_in(visit)
    return visit.show(pages.AddPasskey(options=msgspec.json.encode(options).decode(), trouble=trouble))


def _back(visit: Visit) -> Response:
    """To the app, which knows the person already: with its state and nothing else."""
    address, state = visit.asked.redirect_uri, visit.asked.state
    told = urlencode({"state": state}) if state is not None else ""
    mark = "" if not told else "&" if "?" in address else "?"
    return entering.redirect(quote(address, safe=":/?#[]@!$&'()*+,;=%~") + mark + told)
