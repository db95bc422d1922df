"""Where a pool is reached, and how a request leads there: by its path always, by its host at a pool's domain.

Nothing here is made of what a request says: a host is looked up, and the address is made from the settings.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request

from lido.call import Call
from lido.flows import domains
from lido.rules.domains import address, host_name
from lido.rules.identifiers import is_pool_id
from lido.web.connection import came_by_https, host_of


class Site(NamedTuple):
    """A pool, and the address that its pages and endpoints are under; `base` has no slash at its end."""

    pool_id: str
    base: str

    @property
    def path(self) -> str:
        """The path of `base`: '' at a domain."""
        return urlsplit(self.base).path

    @property
    def stays_secure(self) -> bool:
        """Whether browsers shall ask for it by https alone from now on (RFC 6797); never on `localhost`, where others
        serve too.
        """
        if not self.base.startswith("https:"):
            return False
        host = urlsplit(self.base).hostname or ""
        return host != "localhost" and not host.endswith(".localhost")


def parted(path: str) -> tuple[str | None, str]:
    """The pool that a path names, None for none, and the rest of the path."""
    pool_id, _, rest = path[1:].partition("/")
    return (pool_id, f"/{rest}") if is_pool_id(pool_id) else (None, path)


def site_of(call: Call, request: Request, trusted_proxies: tuple[str, ...]) -> Site | None:
    """The site that a request is for; None when there is none: an unknown host, or no pool's id in the path.

    At a pool's domain no path leads to another pool, so that nobody's pages appear under somebody else's name.
    """
    name = host_name(host_of(request.scope, trusted_proxies))
    pool_id: str | None = request.path_params.get("pool_id")
    if pool_id is not None:
        at_home = is_pool_id(pool_id) and domains.pool_at(call, name) in (None, pool_id)
        return Site(pool_id, f"{call.house.public_url}/{pool_id}") if at_home else None
    found = domains.pool_at(call, name)
    if found is None or name is None:
        return None
    https = came_by_https(request.scope, trusted_proxies)
    return Site(found, address(call.house.public_url, name, https=https))
