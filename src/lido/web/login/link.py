"""/link: where a magic link leads. A button answers the challenge whose session this browser kept."""

from starlette.responses import Response

from lido import errors
from lido.web.login import challenge, cookies, entering, going, pages, troubles
from lido.web.login.troubles import StartAgain
from lido.web.login.visits import Form, Visit, shown, submitted

_LONGEST_CODE = 128


def _get(visit: Visit) -> Response:
    """The button; fetching it, as scanners of mail do, does nothing."""
    return visit.show(pages.Link(code=visit.param("link_code")[:_LONGEST_CODE]))


def _post(visit: Visit, form: Form) -> Response:
    now = going.read(visit, visit.request.cookies.get(cookies.LINK, ""))
    code = form.text("code", _LONGEST_CODE)
    if not code:
        raise StartAgain
    try:
        response = challenge.answer(visit, now, {"EMAIL_OTP_CODE": code})
    except errors.Fault as fault:
        return visit.show(pages.Link(code=code, trouble=troubles.of(fault)))
    return entering.with_cookies(response, (cookies.written(visit.site, cookies.LINK, "", seconds=0),))


get = shown(_get)
post = submitted(_post)
