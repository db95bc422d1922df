"""/forgotPassword, /confirmForgotPassword, /resetPassword: a code to a proven address, and a new password for it."""

from starlette.responses import Response

from lido import errors
from lido.flows import recovery
from lido.flows.triggers import AFTERWARDS
from lido.web.login import attributes, pages, sign_in, troubles
from lido.web.login.layout import Page
from lido.web.login.sentences import say
from lido.web.login.troubles import Trouble
from lido.web.login.visits import LONGEST_NAME, Form, Visit, shown, submitted

_LONGEST_CODE = 128
_LONGEST_DESTINATION = 320


def _forgot(visit: Visit) -> Response:
    return visit.show(_who(visit, (visit.asked.login_hint or "")[:LONGEST_NAME]))


def _send(visit: Visit, form: Form) -> Response:
    username = form.text("username", LONGEST_NAME)
    if not username:
        return visit.show(_who(visit, trouble=troubles.missing("username")))
    try:
        sent = recovery.forgot(
            visit.call, client_id=visit.client_id, secret_hash=visit.secret_hash(username), username=username
        )
    except errors.InvalidParameter:
        return visit.show(_who(visit, username, Trouble(say("trouble.recovery"))))
    except errors.Fault as fault:
        return visit.show(_who(visit, username, troubles.of(fault)))
    return visit.show(pages.Reset(username=username, destination=sent.destination))


def _confirm(visit: Visit, form: Form, *, expired: bool = False) -> Response:
    username = form.text("username", LONGEST_NAME)
    code, password = "".join(form.text("code", _LONGEST_CODE).split()), form.new_password()
    page = pages.Reset(username=username, destination=form.text("destination", _LONGEST_DESTINATION), expired=expired)
    if not (username and code):
        return visit.show(page.with_trouble(troubles.missing("code" if username else "username")))
    if isinstance(password, Trouble):
        return visit.show(page.with_trouble(password))
    try:
        recovery.confirm(
            visit.call,
            client_id=visit.client_id,
            secret_hash=visit.secret_hash(username),
            username=username,
            code=code,
            password=password,
        )
    except AFTERWARDS:
        pass  # PostConfirmation is told after the fact: the password is changed
    except errors.Fault as fault:
        return visit.show(page.with_trouble(troubles.of(fault)))
    return visit.show(sign_in.page(visit, username, notice="sign_in.password_changed"))


forgot = shown(_forgot)
send = submitted(_send)
reset = shown(lambda visit: visit.show(pages.Reset()))
confirm = submitted(_confirm)
expired = shown(lambda visit: visit.show(pages.Reset(expired=True)))
replace = submitted(lambda visit, form: _confirm(visit, form, expired=True))


def _who(visit: Visit, username: str = "", trouble: Trouble | None = None) -> Page:
    return pages.Forgot(username=username, called=attributes.called(visit.asked.pool), trouble=trouble)
