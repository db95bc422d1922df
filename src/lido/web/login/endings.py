"""Pages at which nothing is left to do: something is wrong, or nobody is signed in any more."""

from starlette.requests import Request
from starlette.responses import Response

from lido.call import Call
from lido.flows import branding
from lido.web.login import pages, static, visits
from lido.web.login.layout import Frame, render
from lido.web.site import Site


def error(_call: Call, site: Site, _request: Request, _body: bytes) -> Response:
    """Where requests end that may lead back to no app. It repeats nothing of them."""
    return visits.error(site)


def signed_out(_call: Call, site: Site, _request: Request, _body: bytes) -> Response:
    """Where a sign-out ends that no app asked for."""
    return render(Frame(path=site.path), pages.SignedOut())


def file(call: Call, site: Site, request: Request, _body: bytes) -> Response:
    """A file that pages use: one of all pools, or of this pool's look."""
    name = request.path_params["name"]
    own = None if static.is_one(name) else branding.file(call, site.pool_id, name)
    return static.get(name) if own is None else static.respond(own.content, own.media_type)
