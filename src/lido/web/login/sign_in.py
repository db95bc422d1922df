"""/login: who it is, and the password on the same page wherever a password is all there is."""

from starlette.responses import Response

from lido import errors
from lido.flows import recovery, sign_in
from lido.flows.sign_in import Outcome
from lido.records import Client, Pool
from lido.rules import first_factors
from lido.web.login import attributes, challenge, entering, pages, troubles
from lido.web.login.layout import Page
from lido.web.login.troubles import Trouble
from lido.web.login.visits import LONGEST_NAME, Form, Visit, shown, submitted


def chooses(visit: Visit) -> bool:
    """Whether the way of signing in is chosen once the name is known (USER_AUTH, and more than passwords allowed)."""
    others = first_factors.allowed(visit.asked.pool).difference(first_factors.PASSWORDS)
    return bool(others) and "ALLOW_USER_AUTH" in visit.asked.terms.flows


def page(visit: Visit, username: str = "", *, trouble: Trouble | None = None, notice: str = "") -> Page:
    """The page as it begins, or as it stands after a try."""
    pool = visit.asked.pool
    return pages.SignIn(
        username=username,
        called=attributes.called(pool),
        identifier_first=chooses(visit),
        can_sign_up=can_sign_up(pool, visit.asked.client),
        trouble=trouble,
        notice=notice,
    )


def can_sign_up(pool: Pool, client: Client) -> bool:
    """Whether people may make accounts for themselves."""
    config = pool.settings.shape.admin_create_user_config
    return not (config is not None and config.allow_admin_create_user_only)


def by_password(visit: Visit, username: str, password: str) -> Outcome:
    """Raises as flows/sign_in.start."""
    return sign_in.start(
        visit.call, entering.attempt(visit, USERNAME=username, PASSWORD=password), "USER_PASSWORD_AUTH"
    )


def _get(visit: Visit) -> Response:
    return visit.show(page(visit, (visit.asked.login_hint or "")[:LONGEST_NAME]))


def _post(visit: Visit, form: Form) -> Response:
    username, password = form.text("username", LONGEST_NAME), form.password()
    if not username:
        return visit.show(page(visit, trouble=troubles.missing("username")))
    if not password and (not chooses(visit) or "password" in form.fields):
        return visit.show(_again(visit, username, troubles.missing("password")))
    try:
        if password:
            outcome = by_password(visit, username, password)
        else:
            outcome = sign_in.start(visit.call, entering.attempt(visit, USERNAME=username), "USER_AUTH")
        return challenge.go_on(visit, outcome, username)
    except errors.UserNotConfirmed:
        return visit.show(pages.Confirm(username=username, notice="confirm.unconfirmed"))
    except errors.PasswordResetRequired:
        return visit.show(_new_password(visit, username))
    except errors.Fault as fault:
        trouble = troubles.of(fault)
        return visit.show(_again(visit, username, trouble) if password else page(visit, username, trouble=trouble))


def _new_password(visit: Visit, username: str) -> Page:
    """The code and a new password; for imported users, and where a code is over, first the question for a code."""
    if recovery.was_sent_a_code(visit.call, visit.asked.pool, username):
        return pages.Reset(username=username, expired=True)
    return pages.Forgot(username=username, called=attributes.called(visit.asked.pool), expired=True)


def _again(visit: Visit, username: str, trouble: Trouble) -> Page:
    """The page that asked for the password."""
    if chooses(visit):
        return pages.Password(username=username, trouble=trouble)
    return page(visit, username, trouble=trouble)


get = shown(_get)
post = submitted(_post)
