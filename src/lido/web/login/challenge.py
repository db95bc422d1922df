"""Every challenge of a sign-in: the page that asks, and what is made of the answer.

A form leads to the next page at once; what carries the sign-in is in the form, so that two tabs never mix.
"""

from collections.abc import Callable, Mapping

import msgspec
from starlette.responses import Response

from lido import errors
from lido.flows import recovery_codes, sign_in
from lido.flows.sign_in import NextChallenge, Outcome, SignedIn
from lido.rules import second_factors, steps
from lido.web.login import attributes, entering, going, links, mfa_setup, pages, troubles
from lido.web.login.going import Going
from lido.web.login.layout import Page
from lido.web.login.sentences import say
from lido.web.login.troubles import StartAgain, Trouble
from lido.web.login.visits import Form, Visit, shown, submitted

Show = Callable[[Visit, Going, Trouble | None], Page]
Read = Callable[[Form], dict[str, str] | Trouble]

_LONGEST_CODE = 128
_LONGEST_CREDENTIAL = 16_384
_HIDDEN = frozenset({"PASSWORD_SRP"})
"""Ways that only programs go."""


def _get(visit: Visit) -> Response:
    return entering.redirect(visit.frame.url("login"))


def _post(visit: Visit, form: Form) -> Response:
    now = going.read(visit, form.text("session", 16_384))
    if form.text("show") == "recovery" and _takes_recovery(visit, now):
        return visit.show(_recovery(visit, now, None))
    if form.text("show") and now.name in _SHOWN:
        return visit.show(_SHOWN[now.name](visit, now, None))
    if now.name == "SELECT_CHALLENGE" and form.text("answer") == "PASSWORD":
        return visit.show(pages.Password(username=now.username))
    if now.name == "MFA_SETUP":
        return mfa_setup.go_on(visit, now, form, answer)
    is_recovery = form.text("kind") == "recovery" and _takes_recovery(visit, now)
    page = _recovery if is_recovery else _SHOWN.get(now.name)
    read = _read_recovery if is_recovery else _READ.get(now.name)
    if page is None or read is None:
        raise StartAgain
    given = read(form)
    if isinstance(given, Trouble):
        return visit.show(page(visit, now, given))
    try:
        return answer(visit, now, {**given, **links.given(visit, given.get("ANSWER", ""))})
    except errors.Fault as fault:
        return visit.show(page(visit, now, troubles.of(fault)))


get = shown(_get)
post = submitted(_post)


def answer(visit: Visit, now: Going, given: Mapping[str, str]) -> Response:
    """What follows from an answer to the challenge. Raises as flows/sign_in.answer."""
    attempt = entering.attempt(visit, USERNAME=now.username, **given)
    return go_on(visit, sign_in.answer(visit.call, attempt, now.name, now.session), now.username)


def go_on(visit: Visit, outcome: Outcome, username: str) -> Response:
    """What follows a step that was answered: the next page at once, or the way back to the app.

    Raises what `entering.enter` and the next challenge raise.
    """
    return entering.enter(visit, outcome) if isinstance(outcome, SignedIn) else _show_next(visit, outcome, username)


def _show_next(visit: Visit, challenge: NextChallenge, username: str) -> Response:
    """The page of a challenge; where there is but one way to go on, that way at once."""
    now = going.of(challenge, username)
    if now.name == "SELECT_CHALLENGE":
        return _choose_first(visit, now)
    if now.name == "MFA_SETUP":
        return mfa_setup.show(visit, now)
    page = _SHOWN.get(now.name)
    if page is None:
        raise errors.InvalidUserPoolConfiguration(say("trouble.no_way"))
    return links.sent(visit, now) if links.is_one(now) else visit.show(page(visit, now, None))


def _choose_first(visit: Visit, now: Going) -> Response:
    methods = _first_methods(now)
    if methods == ("PASSWORD",):
        return visit.show(pages.Password(username=now.username))
    if len(methods) == 1:
        return answer(visit, now, {"ANSWER": methods[0], **links.given(visit, methods[0])})
    if not methods:
        raise errors.InvalidUserPoolConfiguration(say("trouble.no_way"))
    return visit.show(_choice(visit, now, None))


def _first_methods(now: Going) -> tuple[str, ...]:
    return tuple(name for name in now.available if name not in _HIDDEN)


def _choice(visit: Visit, now: Going, trouble: Trouble | None) -> Page:
    session = going.write(visit, now)
    return pages.Choose(
        kind="first", methods=_first_methods(now), username=now.username, session=session, trouble=trouble
    )


def _second_choice(visit: Visit, now: Going, trouble: Trouble | None) -> Page:
    methods, session = tuple(now.listed("MFAS_CAN_CHOOSE")), going.write(visit, now)
    return pages.Choose(kind="second", methods=methods, username=now.username, session=session, trouble=trouble)


def _code(kind: str) -> Show:
    def page(visit: Visit, now: Going, trouble: Trouble | None) -> Page:
        return pages.Code(
            kind=kind,
            username=now.username,
            session=going.write(visit, now),
            destination=now.told("CODE_DELIVERY_DESTINATION"),
            names=now.told("FRIENDLY_DEVICE_NAME"),
            can_swap=_takes_recovery(visit, now),
            trouble=trouble,
        )

    return page


def _recovery(visit: Visit, now: Going, trouble: Trouble | None) -> Page:
    session = going.write(visit, now)
    return pages.Code(kind="recovery", username=now.username, session=session, can_swap=True, trouble=trouble)


def _takes_recovery(visit: Visit, now: Going) -> bool:
    """Whether the pool takes recovery codes here. That of a challenge which comes first names no user."""
    is_second = now.name in second_factors.SECOND_FACTORS and (
        now.name != "EMAIL_OTP" or bool(now.told("USER_ID_FOR_SRP"))
    )
    return is_second and now.name != "WEB_AUTHN" and recovery_codes.are_taken(visit.asked.pool)


def _new_password(visit: Visit, now: Going, trouble: Trouble | None) -> Page:
    missing = [name.removeprefix("userAttributes.") for name in now.listed("requiredAttributes")]
    return pages.NewPassword(
        username=now.username,
        session=going.write(visit, now),
        attributes=tuple(attributes.field(name) for name in missing),
        trouble=trouble,
    )


def _passkey(visit: Visit, now: Going, trouble: Trouble | None) -> Page:
    session, options = going.write(visit, now), now.told("CREDENTIAL_REQUEST_OPTIONS")
    return pages.Passkey(username=now.username, session=session, options=options, trouble=trouble)


def _read_code(name: str) -> Read:
    def read(form: Form) -> dict[str, str] | Trouble:
        code = "".join(form.text("code", _LONGEST_CODE).split())
        return {name: code} if code else troubles.missing("code")

    return read


def _read_recovery(form: Form) -> dict[str, str] | Trouble:
    code = form.text("code", _LONGEST_CODE)
    return {steps.RECOVERY: code} if code else troubles.missing("code")


def _read_choice(form: Form) -> dict[str, str] | Trouble:
    choice = form.text("answer", 64)
    return {"ANSWER": choice} if choice else troubles.missing("answer")


def _read_new_password(form: Form) -> dict[str, str] | Trouble:
    password = form.new_password()
    if isinstance(password, Trouble):
        return password
    given = {f"userAttributes.{name}": value for name, value in form.attributes().items() if value}
    return {"NEW_PASSWORD": password, **given}


def _read_passkey(form: Form) -> dict[str, str] | Trouble:
    credential = form.text("credential", _LONGEST_CREDENTIAL)
    try:
        msgspec.json.decode(credential)
    except (msgspec.DecodeError, RecursionError):
        return Trouble(say("passkey.failed"))
    return {"CREDENTIAL": credential}


_SHOWN: dict[str, Show] = {
    "SELECT_CHALLENGE": _choice,
    "SELECT_MFA_TYPE": _second_choice,
    "SMS_MFA": _code("sms"),
    "SMS_OTP": _code("sms"),
    "EMAIL_OTP": _code("email"),
    "SOFTWARE_TOKEN_MFA": _code("app"),
    "NEW_PASSWORD_REQUIRED": _new_password,
    "WEB_AUTHN": _passkey,
}
_READ: dict[str, Read] = {
    "SELECT_CHALLENGE": _read_choice,
    "SELECT_MFA_TYPE": _read_choice,
    "SMS_MFA": _read_code("SMS_MFA_CODE"),
    "SMS_OTP": _read_code("SMS_OTP_CODE"),
    "EMAIL_OTP": _read_code("EMAIL_OTP_CODE"),
    "SOFTWARE_TOKEN_MFA": _read_code("SOFTWARE_TOKEN_MFA_CODE"),
    "NEW_PASSWORD_REQUIRED": _read_new_password,
    "WEB_AUTHN": _read_passkey,
}
