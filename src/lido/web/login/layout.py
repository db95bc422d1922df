"""What all pages share: the frame around them, the templates, and the headers that keep them safe.

A page is a typed context with the name of its template; `render` makes the response. A further page is a `Page` in
pages.py with its sample, a template of that name, and its sentences in sentences.py.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from msgspec import Struct, structs
from starlette.responses import HTMLResponse, Response

from lido.flows.branding import PLAIN, Look
from lido.web.login import sentences, static
from lido.web.login.troubles import Trouble

_POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'; style-src 'self'; script-src 'self'"
)
_HEADERS = {
    # No cross-origin-opener-policy: apps that sign people in by a window of its own hear from it by its opener.
    "cache-control": "no-store",
    # With no-referrer browsers would send forms with `Origin: null`.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Frame(Struct, frozen=True):
    """Where a page stands: below which path, with which authorize query, for which app, behind which CSRF token.

    `look` is how the app's pages look; `leads_away` says that a form of it may lead on to the app in the end.
    """

    path: str
    query: str = ""
    csrf: str = ""
    app: str = ""
    language: str = "en"
    leads_away: bool = False
    look: Look = PLAIN

    def url(self, page: str) -> str:
        """The address of a page of the same pool, with the authorize query."""
        return f"{self.path}/{page}?{self.query}" if self.query else f"{self.path}/{page}"

    def static(self, name: str) -> str:
        """The address of a file that pages use."""
        return self.file(static.versioned(name))

    def file(self, name: str) -> str:
        """The address of a file under the very name that it is served by."""
        return f"{self.path}/static/{name}"


class Page(Struct, frozen=True, kw_only=True):
    """What a template is given. `title` and `notice` are keys of sentences; `trouble` is what went wrong before.

    LEADS_TO_APP says that its heading is a step on the way to the app, which then stands below it.
    """

    TEMPLATE: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    LEADS_TO_APP: ClassVar[bool] = True

    trouble: Trouble | None = None
    notice: str = ""

    @property
    def title(self) -> str:
        """The key of the page's heading."""
        return self.TITLE

    def with_trouble(self, trouble: Trouble) -> "Page":
        """The same page, which says what went wrong."""
        return structs.replace(self, trouble=trouble)

    def problem(self, field: str) -> str:
        """What is wrong with that field; "" where nothing is."""
        return self.trouble.sentence if self.trouble is not None and self.trouble.field == field else ""

    @property
    def fields(self) -> frozenset[str]:
        """The names of the form's fields, to which a trouble may belong."""
        return frozenset()

    @property
    def general_problem(self) -> str:
        """What is wrong with the whole form, or with a field that is not on it; "" where nothing is."""
        if self.trouble is None or self.trouble.field in self.fields:
            return ""
        return self.trouble.sentence


@cache
def environment() -> Environment:
    """The templates; whatever stands in them is escaped, and what a context lacks is a bug."""
    made = Environment(
        loader=PackageLoader("lido.web.login"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(say=sentences.say, attribute=sentences.attribute, scope=sentences.scope)
    return made


def markup(frame: Frame, page: Page) -> str:
    """The page as HTML."""
    return environment().get_template(f"{page.TEMPLATE}.html").render(frame=frame, page=page)


def render(
    frame: Frame,
    page: Page,
    *,
    status: int = 0,
    cookies: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    frames: Sequence[str] = (),
) -> Response:
    """The page as a response, with the headers of all pages. `cookies` are values of Set-Cookie; without a `status` the
    page's trouble has one, else it is 200. `frames` are origins that the page may show within it.
    """
    status = status or (page.trouble.status if page.trouble is not None else 200)
    # Browsers hold form-action against wherever the app leads on to: any scheme, a native app's too.
    policy = _POLICY + ("" if frame.leads_away else "; form-action 'self'")
    policy += f"; frame-src {' '.join(frames)}" if frames else ""
    response = HTMLResponse(
        markup(frame, page), status, {**_HEADERS, "content-security-policy": policy, **(headers or {})}
    )
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response


def names() -> list[str]:
    """Every template that is a page, by name."""
    found = (entry.name for entry in files("lido.web.login").joinpath("templates").iterdir())
    return sorted(name.removesuffix(".html") for name in found if not name.startswith("_"))
