"""/signup: a new account, with what the pool wants to know about its people."""

from starlette.responses import Response

from lido import errors
from lido.flows import sign_up, terms
from lido.flows.delivery import Delivery
from lido.flows.sign_up import SignedUp
from lido.records import Status
from lido.rules import confirmation_links
from lido.rules.terms import PRIVACY_POLICY, TERMS_OF_USE
from lido.web.login import attributes, challenge, pages, sign_in, troubles
from lido.web.login.layout import Page
from lido.web.login.sentences import say
from lido.web.login.troubles import Trouble
from lido.web.login.visits import LONGEST_NAME, Form, Visit, shown, submitted


def _get(visit: Visit) -> Response:
    if not sign_in.can_sign_up(visit.asked.pool, visit.asked.client):
        return visit.show(pages.Error(trouble=Trouble(say("trouble.sign_up.closed")), can_restart=True), status=400)
    return visit.show(_page(visit, (visit.asked.login_hint or "")[:LONGEST_NAME], {}))


def _post(visit: Visit, form: Form) -> Response:
    username, password, given = form.text("username", LONGEST_NAME), form.password(), form.attributes()
    trouble = _missing(visit, username, password, given)
    if trouble is not None:
        return visit.show(_page(visit, username, given, trouble))
    try:
        made = _register(visit, username, password, given)
    except errors.Fault as fault:
        return visit.show(_page(visit, username, given, troubles.of(fault)))
    if made.user.status != Status.CONFIRMED:
        return visit.show(confirming(visit, username, made.delivery))
    if password:
        return challenge.go_on(visit, sign_in.by_password(visit, username, password), username)
    return visit.show(sign_in.page(visit, username, notice="sign_in.confirmed"))


get = shown(_get)
post = submitted(_post)


def confirming(visit: Visit, username: str, sent: Delivery | None, *, notice: str = "") -> Page:
    """The page that asks for what was sent; without anything sent, that says so."""
    if sent is None:
        return pages.Confirm(username=username, way="none", notice=notice)
    by_link = confirmation_links.are_sent(visit.asked.pool, "SignUp", sent.medium)
    return pages.Confirm(
        username=username,
        destination=sent.destination,
        medium=sent.medium,
        way="link" if by_link else "code",
        notice=notice,
    )


def _needs_password(visit: Visit) -> bool:
    without = sign_up.lets_in_without_password(visit.asked.pool) and sign_in.chooses(visit)
    return not without


def _page(visit: Visit, username: str, given: dict[str, str], trouble: Trouble | None = None) -> Page:
    asked = attributes.at_sign_up(visit.asked.pool, visit.asked.client)
    agreed = terms.addresses(visit.call, visit.asked.pool, visit.client_id, visit.frame.language)
    return pages.SignUp(
        username=username,
        called=attributes.called(visit.asked.pool),
        needs_password=_needs_password(visit),
        attributes=tuple(attributes.field(name, given.get(name, ""), required=must) for name, must in asked),
        terms_of_use=agreed.get(TERMS_OF_USE, ""),
        privacy_policy=agreed.get(PRIVACY_POLICY, ""),
        trouble=trouble,
    )


def _missing(visit: Visit, username: str, password: str, given: dict[str, str]) -> Trouble | None:
    if not username:
        return troubles.missing("username")
    for name, must in attributes.at_sign_up(visit.asked.pool, visit.asked.client):
        if must and not given.get(name):
            return troubles.missing(name)
    if not password and _needs_password(visit):
        return troubles.missing("password")
    return Trouble(say("new_password.spaces"), "password") if password != password.strip() else None


def _register(visit: Visit, username: str, password: str, given: dict[str, str]) -> SignedUp:
    return sign_up.register(
        visit.call,
        client_id=visit.client_id,
        secret_hash=visit.secret_hash(username),
        username=username,
        password=password or None,
        attributes={name: value for name, value in given.items() if value},
    )
