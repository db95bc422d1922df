"""Magic links of the pages: the link leads back to this browser, which keeps the session that its code is good for."""

from starlette.responses import Response

from lido.flows import magic_links
from lido.rules import first_factors
from lido.web.login import cookies, going, pages
from lido.web.login.going import Going
from lido.web.login.visits import Visit


def given(visit: Visit, method: str) -> dict[str, str]:
    """What the engine is told with that choice: where a link leads to."""
    return {magic_links.PAGE: visit.site.base + "/link?" + visit.frame.query} if method == first_factors.LINK else {}


def is_one(now: Going) -> bool:
    """Whether the challenge is a link, and no code."""
    return now.name == "EMAIL_OTP" and now.told(magic_links.MARK) == "true"


def sent(visit: Visit, now: Going) -> Response:
    """The page that says where the link went. The browser keeps the session until it comes back with the link."""
    kept = cookies.written(visit.site, cookies.LINK, going.write(visit, now), seconds=visit.asked.terms.session_seconds)
    return visit.show(pages.LinkSent(destination=now.told("CODE_DELIVERY_DESTINATION")), cookies=(kept,))
