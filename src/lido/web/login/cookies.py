"""The cookies of the pages: their names, and the one way to set them."""

import hmac
import re

from starlette.requests import Request

from lido.web.site import Site

SESSION, CSRF, LANGUAGE, LINK, FRESH = "cognito", "XSRF-TOKEN", "lang", "sign-in-link", "signed-in-for"
_TOKEN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def written(site: Site, name: str, value: str, *, seconds: int | None = None) -> str:
    """The `Set-Cookie` of a cookie for this pool alone; it goes with the browser unless `seconds` say when (0: now)."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    secure = "; Secure" if site.base.startswith("https:") else ""
    return f"{name}={value}{age}; Path={site.path}/{secure}; HttpOnly; SameSite=Lax"


def token(request: Request) -> str | None:
    """The CSRF token that the browser brings; None where it has none that we could have given."""
    value = request.cookies.get(CSRF, "")
    return value if _TOKEN.fullmatch(value) else None


def is_forged(site: Site, request: Request, claimed: str) -> bool:
    """Whether a form was not sent by a page of this site that this browser was shown (OWASP, double submit)."""
    known = token(request)
    if known is None or not hmac.compare_digest(known.encode(), claimed.encode()):
        return True
    origin, fetched = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    return fetched == "cross-site" or (origin is not None and origin != _origin(site))


def _origin(site: Site) -> str:
    return site.base.removesuffix(site.path)
