"""How the pages look for an app: its managed login style, else the classic customization, else plainly."""

import re
from collections.abc import Iterable
from hashlib import sha256

from msgspec import Struct

from lido.call import Call
from lido.records import Pool
from lido.rules import managed_login, managed_login_style, stylesheets
from lido.rules.images import TYPES
from lido.storage import assets, branding, clients, domains, pools
from lido.storage.assets import Asset
from lido.storage.branding import AssetUse, Branding, Customization
from lido.storage.database import Transaction

_ENDINGS = {"ICO": "ico", "JPEG": "jpg", "PNG": "png", "SVG": "svg", "WEBP": "webp"}
_KINDS = {ending: kind for kind, ending in _ENDINGS.items()}
_IMAGE = re.compile(r"([0-9a-f]{64})\.([a-z]{3,4})")
_STYLESHEET = re.compile(r"look\.([\w+]{1,128})\.([0-9a-f]{16})\.css")
_MANAGED = 2


class Look(Struct, frozen=True):
    """Names of files: the stylesheet after the pages' own, the logo in either mode, the icon; '' for none.

    `css` is what the stylesheet says; `logo_place` is start, center or end.
    """

    css: str = ""
    stylesheet: str = ""
    logo: str = ""
    dark_logo: str = ""
    logo_place: str = "center"
    icon: str = ""


class File(Struct, frozen=True):
    """A file that pages show, with its media type."""

    content: bytes
    media_type: str


PLAIN = Look()


def look(call: Call, pool: Pool, client_id: str) -> Look:
    """How the client's pages look."""
    with call.db.read() as tx:
        return _look(tx, pool, client_id)


def file(call: Call, pool_id: str, name: str) -> File | None:
    """A file of the pool's look, by the name that pages give it; None for any other."""
    image, stylesheet = _IMAGE.fullmatch(name), _STYLESHEET.fullmatch(name)
    if image is not None and (kind := _KINDS.get(image[2])) is not None:
        with call.db.read() as tx:
            content = assets.served(tx, pool_id, image[1], kind) if pools.find(tx, pool_id) else None
        return None if content is None else File(content, TYPES[kind])
    if stylesheet is not None:
        with call.db.read() as tx:
            pool = pools.find(tx, pool_id)
            # Only what is there is looked up, so that nobody fills the memory with looks of nobody.
            client = clients.find(tx, pool_id, stylesheet[1]) if pool else None
            found = _look(tx, pool, client.client_id) if pool and client else PLAIN
        return File(found.css.encode(), "text/css; charset=utf-8") if found.stylesheet == name else None
    return None


def keep(tx: Transaction, pool_id: str, kind: str, content: bytes, served: bytes) -> str:
    """Keep an image and return its digest. The caller has locked the pool, and calls `forget_unused` at the end."""
    digest = sha256(kind.encode() + b"\0" + content).hexdigest()
    assets.add(tx, Asset(pool_id, digest, kind, content, served))
    return digest


def forget_unused(tx: Transaction, pool_id: str) -> None:
    """Delete the images that nothing shows any more. The caller has locked the pool."""
    assets.remove(tx, pool_id, assets.digests(tx, pool_id) - branding.images_in_use(tx, pool_id))


def file_name(digest: str, kind: str) -> str:
    """The name under which pages show an image."""
    return f"{digest}.{_ENDINGS[kind]}"


def _look(tx: Transaction, pool: Pool, client_id: str) -> Look:
    """From memory while the pool's version stands: every change of a look raises it."""
    key = ("look", pool.pool_id, client_id)
    kept: Look | None = tx.documents.get(key, pool.version)
    if kept is None:
        style = branding.find_by_client(tx, pool.pool_id, client_id) if _is_managed(tx, pool) else None
        kept = _managed(style, client_id) if style is not None else _classic(tx, pool, client_id)
        if not tx.writing:
            tx.documents.keep(key, pool.version, kept)
    return kept


def _is_managed(tx: Transaction, pool: Pool) -> bool:
    """Styles show unless every domain of the pool is of the classic version."""
    of_pool = domains.of_pool(tx, pool)
    return not of_pool or any(each.settings.managed_login_version == _MANAGED for each in of_pool)


def _managed(style: Branding, client_id: str) -> Look:
    settings = managed_login.merged(managed_login.defaults(), style.settings)
    pictures = _pictures(style.assets)
    css = managed_login_style.stylesheet(settings, pictures)
    place = managed_login_style.logo_place(settings)
    modes = managed_login_style.modes(settings)
    logos = [pictures.get(("FORM_LOGO", mode), "") if place else "" for mode in modes]
    return Look(
        css=css,
        stylesheet=_stylesheet_name(client_id, css),
        logo=logos[0] or logos[-1],
        dark_logo=logos[1] if len(logos) > 1 and logos[0] else "",
        logo_place=place.lower() or "center",
        icon=_icon(settings, pictures, modes[0]),
    )


def _icon(settings: managed_login.Settings, pictures: dict[tuple[str, str], str], mode: str) -> str:
    enabled = settings["components"]["favicon"]["enabledTypes"]
    icons = (pictures.get((f"FAVICON_{kind}", mode), "") for kind in ("SVG", "ICO") if kind in enabled)
    return next(filter(None, icons), "")


def _pictures(uses: Iterable[AssetUse]) -> dict[tuple[str, str], str]:
    """The names of files by category and mode; a picture for both modes stands where a mode has none of its own."""
    named: dict[tuple[str, str], str] = {}
    for use in sorted(uses, key=lambda use: use.color_mode != "DYNAMIC"):
        for mode in ("LIGHT", "DARK") if use.color_mode == "DYNAMIC" else (use.color_mode,):
            named[use.category, mode] = file_name(use.digest, use.extension)
    return named


def _classic(tx: Transaction, pool: Pool, client_id: str) -> Look:
    found = customization(tx, pool.pool_id, client_id)
    if found is None:
        return PLAIN
    css = stylesheets.checked(found.css) if found.css else ""
    return Look(css=css, stylesheet=_stylesheet_name(client_id, css) if css else "", logo=(found.image or ""))


def customization(tx: Transaction, pool_id: str, client_id: str) -> Customization | None:
    """The client's own classic customization, else that of all clients."""
    return branding.customization(tx, pool_id, client_id) or branding.customization(tx, pool_id, branding.ALL)


def _stylesheet_name(client_id: str, css: str) -> str:
    return f"look.{client_id}.{sha256(css.encode()).hexdigest()[:16]}.css"
