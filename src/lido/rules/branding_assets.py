"""Images of a managed login style: what each is for, and in which form it may come."""

from lido import errors
from lido.rules import images
from lido.rules.images import Unfit
from lido.shapes import idp

MOST_ASSETS = 40

_ICON = frozenset({"ICO", "SVG"})
_PICTURE = frozenset({"PNG", "SVG", "JPEG", "WEBP"})
_EXTENSIONS = {
    "FAVICON_ICO": frozenset({"ICO"}),
    "FAVICON_SVG": frozenset({"SVG"}),
    "IDP_BUTTON_ICON": _ICON,
}


def served(asset: idp.AssetType) -> bytes:
    """What browsers are given of an image. Raises InvalidParameter for what does not fit its place or its name."""
    if asset.extension not in _EXTENSIONS.get(asset.category, _PICTURE):
        raise errors.InvalidParameter(f"Extension {asset.extension} is not supported for {asset.category}.")
    content = asset.bytes or b""
    if asset.extension != "SVG" and images.kind_of(content) != asset.extension:
        raise _invalid(asset)
    try:
        return images.cleaned(asset.extension, content)
    except Unfit:
        raise _invalid(asset) from None


def _invalid(asset: idp.AssetType) -> errors.Fault:
    return errors.InvalidParameter(f"The {asset.category} asset is not a valid {asset.extension} image.")
