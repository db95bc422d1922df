"""/confirm and /resendcode: the code that confirms a sign-up, which leads in where the app allows it."""

from starlette.responses import Response

from lido import errors
from lido.flows import sign_in, sign_up
from lido.flows.triggers import AFTERWARDS
from lido.web.login import challenge, entering, pages, troubles
from lido.web.login import sign_in as sign_in_page
from lido.web.login.layout import Page
from lido.web.login.sign_up import confirming
from lido.web.login.troubles import Trouble
from lido.web.login.visits import LONGEST_NAME, Form, Visit, shown, submitted

_LONGEST_CODE = 128
_LONGEST_DESTINATION = 320


def _get(visit: Visit) -> Response:
    return visit.show(pages.Confirm())


def _post(visit: Visit, form: Form) -> Response:
    username, code = form.text("username", LONGEST_NAME), "".join(form.text("code", _LONGEST_CODE).split())
    missing = "code" if username else "username"
    if not (username and code):
        return visit.show(_page(form, username, troubles.missing(missing)))
    try:
        session = sign_up.confirm(
            visit.call,
            client_id=visit.client_id,
            secret_hash=visit.secret_hash(username),
            username=username,
            code=code,
            force_alias=False,
        )
    except AFTERWARDS:
        session = None  # PostConfirmation is told after the fact: the account is confirmed
    except errors.Fault as fault:
        return visit.show(_refused(visit, form, username, fault))
    if session is None:
        return visit.show(sign_in_page.page(visit, username, notice="sign_in.confirmed"))
    attempt = entering.attempt(visit, USERNAME=username)
    return challenge.go_on(visit, sign_in.start(visit.call, attempt, "USER_AUTH", session), username)


def _resend(visit: Visit, form: Form) -> Response:
    username = form.text("username", LONGEST_NAME)
    if not username:
        return visit.show(_page(form, username, troubles.missing("username")))
    try:
        sent = sign_up.resend(
            visit.call, client_id=visit.client_id, secret_hash=visit.secret_hash(username), username=username
        )
    except errors.Fault as fault:
        return visit.show(_refused(visit, form, username, fault))
    return visit.show(confirming(visit, username, sent, notice="confirm.resent"))


get = shown(_get)
post = submitted(_post)
resend = submitted(_resend)


def _refused(visit: Visit, form: Form, username: str, fault: errors.Fault) -> Page:
    """The form again; the sign-in for somebody who needs no code any more."""
    if fault.message in sign_up.CONFIRMED_ALREADY:
        return sign_in_page.page(visit, username, notice="sign_in.confirmed_already")
    return _page(form, username, troubles.of(fault))


def _page(form: Form, username: str, trouble: Trouble) -> Page:
    destination, medium = form.text("destination", _LONGEST_DESTINATION), form.text("deliveryMedium", 16)
    return pages.Confirm(username=username, destination=destination, medium=medium, trouble=trouble)
