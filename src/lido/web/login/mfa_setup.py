"""Setting a second factor up in the middle of a sign-in: an authenticator app, or an address for codes."""

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

import segno
from starlette.responses import Response

from lido import errors
from lido.flows import totp
from lido.web.login import going, pages, troubles
from lido.web.login.going import Going
from lido.web.login.layout import Page
from lido.web.login.sentences import say
from lido.web.login.troubles import StartAgain, Trouble
from lido.web.login.visits import Form, Visit

Answer = Callable[[Visit, Going, Mapping[str, str]], Response]
"""How a challenge is answered (challenge.py)."""

_HERE = ("SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
"""What people can set up by themselves; phone numbers are given by operators."""


def show(visit: Visit, now: Going) -> Response:
    """The choice of what to set up; where there is none, the page of the only way."""
    ways = _ways(now)
    if not ways:
        raise errors.InvalidUserPoolConfiguration(say("trouble.no_way"))
    return visit.show(_choice(visit, now)) if len(ways) > 1 else _begin(visit, now, ways[0])


def go_on(visit: Visit, now: Going, form: Form, answer: Answer) -> Response:
    """What follows from a form of one of these pages."""
    chosen, email = form.text("answer", 64), form.text("email")
    if chosen in _ways(now):
        return _begin(visit, now, chosen)
    if now.told("secret"):
        return _verify(visit, now, form, answer)
    if "email" not in form.fields:
        raise StartAgain
    if not email:
        return visit.show(_email(visit, now, trouble=troubles.missing("email")))
    try:
        return answer(visit, now, {"EMAIL": email})
    except errors.Fault as fault:
        trouble = troubles.of(fault)
        return visit.show(_email(visit, now, email, Trouble(trouble.sentence, "email", trouble.status)))


def _ways(now: Going) -> tuple[str, ...]:
    return tuple(name for name in now.listed("MFAS_CAN_SETUP") if name in _HERE)


def _choice(visit: Visit, now: Going) -> Page:
    session = going.write(visit, now)
    return pages.Choose(kind="setup", methods=_ways(now), username=now.username, session=session)


def _begin(visit: Visit, now: Going, way: str) -> Response:
    if way == "EMAIL_OTP":
        return visit.show(_email(visit, now))
    secret, session = totp.associate_in_session(visit.call, now.session)
    further = Going(now.name, now.username, session, {**now.parameters, "secret": secret})
    return visit.show(_authenticator(visit, further))


def _verify(visit: Visit, now: Going, form: Form, answer: Answer) -> Response:
    code, name = "".join(form.text("code", 16).split()), form.text("name", 256)
    if not code:
        return visit.show(_authenticator(visit, now, troubles.missing("code")))
    try:
        session = totp.verify_in_session(visit.call, now.session, code, name or None)
        return answer(visit, Going(now.name, now.username, session, {}), {})
    except errors.Fault as fault:
        return visit.show(_authenticator(visit, now, troubles.of(fault)))


def _email(visit: Visit, now: Going, email: str = "", trouble: Trouble | None = None) -> Page:
    return pages.EmailSetup(username=now.username, session=going.write(visit, now), email=email, trouble=trouble)


def _authenticator(visit: Visit, now: Going, trouble: Trouble | None = None) -> Page:
    secret = now.told("secret")
    return pages.Authenticator(
        username=now.username,
        session=going.write(visit, now),
        picture=_picture(_key_uri(visit.asked.pool.name, now.username, secret)),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        trouble=trouble,
    )


def _key_uri(issuer: str, username: str, secret: str) -> str:
    """What authenticator apps read from the picture (Key URI Format)."""
    label = f"{quote(issuer, safe='')}:{quote(username, safe='')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def _picture(uri: str) -> str:
    """The QR code as SVG. It holds nothing but squares: what the URI says is not repeated as text."""
    return segno.make(uri, error="m", micro=False).svg_inline(omitsize=True, border=4, svgclass=None, lineclass=None)
