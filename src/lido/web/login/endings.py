"""Pages at which nothing is left to do: something is wrong, or nobody is signed in any more."""

from starlette.requests import Request
from starlette.responses import Response

from lido.call import Call
from lido.web.login import pages, static, visits
from lido.web.login.layout import Frame, render
from lido.web.site import Site


def error(_call: Call, site: Site, _request: Request, _body: bytes) -> Response:
    """Where requests end that may lead back to no app. It repeats nothing of them."""
    return visits.error(site)


def signed_out(_call: Call, site: Site, _request: Request, _body: bytes) -> Response:
    """Where a sign-out ends that no app asked for."""
    return render(Frame(path=site.path), pages.SignedOut())


def file(_call: Call, _site: Site, request: Request, _body: bytes) -> Response:
    """A file that pages use."""
    return static.get(request.path_params["name"])
