"""A visit: what somebody asks for at a page, on behalf of which app; judged anew at every page.

`shown` and `submitted` turn a page's function into an endpoint. Whatever goes wrong ends as a page.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import structlog
from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import access, authorization, branding, browser
from lido.flows.authorization import AuthorizationRequest
from lido.web.login import cookies, pages, troubles
from lido.web.login.layout import Frame, Page, render
from lido.web.login.sentences import say
from lido.web.login.troubles import StartAgain, Trouble
from lido.web.oauth import answers, forms
from lido.web.oauth.authorize import LONGEST_QUERY
from lido.web.site import Site

Endpoint = Callable[[Call, Site, Request, bytes], Response]

LONGEST_NAME = 128
_MOST_FIELDS = 100
_FORM = "application/x-www-form-urlencoded"
_log = structlog.get_logger()


class Form(Struct, frozen=True):
    """What was typed, and what travelled along hidden; each field once."""

    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return "Form(…)"

    def text(self, name: str, longest: int = 2_048) -> str:
        """A field without the blanks around it, '' where it is missing or longer than anything that could be right."""
        value = self.fields.get(name, "").strip()
        return value if len(value) <= longest else ""

    def password(self, name: str = "password") -> str:
        """A password as it was typed."""
        return self.fields.get(name, "")

    def new_password(self) -> str | Trouble:
        """A password that was typed twice, or what is wrong with it."""
        password = self.password()
        if not password:
            return troubles.missing("password")
        if password != password.strip():
            return Trouble(say("new_password.spaces"), "password")
        if "confirmPassword" in self.fields and self.fields["confirmPassword"] != password:
            return Trouble(say("new_password.differ"), "confirmPassword")
        return password

    def attributes(self) -> dict[str, str]:
        """The attributes that the form asked for, by name."""
        prefix = "requiredAttributes["
        named = {name: value.strip() for name, value in self.fields.items() if name.startswith(prefix)}
        return {name.removeprefix(prefix).removesuffix("]"): value for name, value in named.items()}


class Visit(Struct, frozen=True):
    """Who visits which pool, for which app's request, and what the browser brought."""

    call: Call
    site: Site
    request: Request
    asked: AuthorizationRequest
    frame: Frame
    params: list[tuple[str, str]]
    fresh: tuple[str, ...] = ()

    def param(self, name: str) -> str:
        """A parameter of the query; '' where it has none of that name."""
        return dict(self.params).get(name, "")

    def show(self, page: Page, *, status: int = 0, cookies: tuple[str, ...] = ()) -> Response:
        """The page, in this visit's frame."""
        return render(self.frame, page, status=status, cookies=(*self.fresh, *cookies))

    @property
    def client_id(self) -> str:
        return self.asked.client.client_id

    def secret_hash(self, username: str) -> str | None:
        """What the app itself would prove its secret with; None for a public client."""
        with self.call.db.read() as tx:
            return access.own_secret_hash(self.call, tx, self.asked.client, username)


def shown(show: Callable[[Visit], Response]) -> Endpoint:
    """The endpoint of a page that is fetched."""

    def answer(call: Call, site: Site, request: Request, _body: bytes) -> Response:
        return _answered(call, site, request, lambda: show(_local(opened(call, site, request))))

    return answer


def submitted(act: Callable[[Visit, Form], Response]) -> Endpoint:
    """The endpoint of a form; one that was not sent by a page of ours is refused."""

    def answer(call: Call, site: Site, request: Request, body: bytes) -> Response:
        def work() -> Response:
            visit = _local(opened(call, site, request))
            form = form_of(request, body)
            if form is None:
                return visit.show(_end("trouble.form"), status=400)
            if cookies.is_forged(site, request, form.text("_csrf")):
                return visit.show(_end("trouble.forged"), status=403)
            return act(visit, form)

        return _answered(call, site, request, work)

    return answer


def opened(call: Call, site: Site, request: Request, *, query: str | None = None) -> Visit:
    """The visit of a request. Raises authorization.Unredirectable, authorization.Refused."""
    query = request.url.query if query is None else query
    if len(query) > LONGEST_QUERY or "\0" in query or "%00" in query:
        raise authorization.Unredirectable("invalid_request")
    try:
        params = forms.pairs(query)
    except ValueError:
        raise authorization.Unredirectable("invalid_request") from None
    asked = authorization.read(call, site.pool_id, params)
    known = cookies.token(request)
    token = known or call.entropy.uuid()
    frame = Frame(
        path=site.path,
        query=query,
        csrf=token,
        app=asked.client.name,
        leads_away=True,
        look=branding.look(call, asked.pool, asked.client.client_id),
    )
    fresh = () if known else (cookies.written(site, cookies.CSRF, token),)
    return Visit(structs.replace(call, address_is_own=True), site, request, asked, frame, params, fresh)


def _local(visit: Visit) -> Visit:
    """Refuse visits for an app that does not take the pool's own users. Raises NotAuthorized."""
    if not browser.takes_local_users(visit.asked.client):
        raise errors.NotAuthorized(say("trouble.no_local_users"))
    return visit


def error(site: Site, sentence: str = "error.page", *, status: int = 400) -> Response:
    """A page that says what is wrong where no app is known to which one could go back."""
    return render(Frame(path=site.path), pages.Error(trouble=Trouble(say(sentence))), status=status)


def _end(sentence: str) -> Page:
    return pages.Error(trouble=Trouble(say(sentence)), can_restart=True)


def _answered(call: Call, site: Site, request: Request, work: Callable[[], Response]) -> Response:
    frame = Frame(path=site.path, query=request.url.query[:LONGEST_QUERY])
    try:
        return work()
    except authorization.Unredirectable:
        return error(site)
    except authorization.Refused as refused:
        return answers.respond(refused.answer)
    except StartAgain:
        return render(frame, _end("trouble.session"), status=400)
    except errors.Fault as fault:
        return _refused(frame, fault)
    except (errors.Unavailable, errors.Conflict) as trouble:
        _log.warning("database", request_id=call.request_id, page=request.url.path, trouble=str(trouble))
        return render(frame, _end("trouble.busy"), status=503, headers={"retry-after": "1"})


def _refused(frame: Frame, fault: errors.Fault) -> Response:
    try:
        trouble = troubles.of(fault)
    except StartAgain:
        return render(frame, _end("trouble.session"), status=400)
    page = pages.Error(trouble=Trouble(trouble.sentence), can_restart=True)
    return render(frame, page, status=max(trouble.status, 400))


def form_of(request: Request, body: bytes) -> Form | None:
    """The fields of a body; None for what no form of ours sends."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return None
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS, separator="&"
        )
    except ValueError:
        return None
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\0" in value for pair in pairs for value in pair):
        return None
    return Form(fields)
