"""SVG from outside, written anew from an allow-list: shapes, text and paint; no script, no link, nothing of elsewhere.

The parser knows no entities and loads nothing: a document that declares some is refused.
"""

import re
from html import escape
from xml.parsers import expat

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DEEPEST = 64
_MOST_ELEMENTS = 20_000
# Each use may use others: a few of them draw a picture a million times.
_MOST_USES = 16

_ELEMENTS = frozenset(
    """svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan textPath image
    linearGradient radialGradient stop clipPath mask pattern marker style switch filter feBlend feColorMatrix
    feComponentTransfer feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge
    feMergeNode feMorphology feOffset feTile feTurbulence""".split()
)
_ATTRIBUTES = frozenset(
    """id class style viewBox width height x y x1 y1 x2 y2 cx cy r rx ry fx fy fr d points pathLength transform dx dy
    rotate textLength lengthAdjust startOffset method spacing side offset preserveAspectRatio version
    gradientUnits gradientTransform spreadMethod clipPathUnits maskUnits maskContentUnits patternUnits
    patternContentUnits patternTransform markerUnits markerWidth markerHeight refX refY orient filterUnits
    primitiveUnits in in2 result mode type values operator k1 k2 k3 k4 stdDeviation edgeMode flood-color flood-opacity
    baseFrequency numOctaves seed stitchTiles radius tableValues slope intercept amplitude exponent
    fill fill-opacity fill-rule stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
    stroke-miterlimit stroke-opacity stroke-width opacity color display visibility overflow clip-path clip-rule mask
    filter marker-start marker-mid marker-end stop-color stop-opacity paint-order vector-effect shape-rendering
    text-rendering image-rendering color-interpolation color-interpolation-filters mix-blend-mode
    font-family font-size font-style font-variant font-weight font-stretch letter-spacing word-spacing
    text-anchor text-decoration dominant-baseline alignment-baseline baseline-shift writing-mode direction
    unicode-bidi enable-background""".split()
)
_WITH_TEXT = frozenset({"text", "tspan", "textPath", "title", "desc", "style"})
_PICTURE = re.compile(r"data:image/(?:png|jpeg|webp);base64,[A-Za-z0-9+/=\s]*", re.ASCII)
_PLACE = re.compile(r"#[\w.:-]+")
_ELSEWHERE = re.compile(
    r"""[\\@<]|javascript:|data:|expression\(|image\(|image-set\(|src\(|url\((?!\s*["']?\#)""", re.IGNORECASE
)


def cleaned(content: bytes) -> bytes:
    """The document as browsers are given it. Raises ValueError for what is no SVG, declares entities, or is endless."""
    writer = _Writer()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.EntityDeclHandler = _refuse_entities
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise ValueError("not well-formed") from None
    return "".join(writer.written).encode()


def _refuse_declarations(_name: str, _system: str | None, _public: str | None, has_subset: bool) -> None:  # noqa: FBT001
    if has_subset:
        raise ValueError("declares something")


def _refuse_entities(*_: object) -> None:
    raise ValueError("declares an entity")


class _Writer:
    """Writes what is allowed as it comes, and nothing within what is not."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self._open: list[str] = []
        self._skipped = 0
        self._elements = 0
        self._uses = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS or len(self._open) + self._skipped >= _DEEPEST:
            raise ValueError("endless")
        element = _local(name, _SVG)
        if not self._open and not self._skipped and element != "svg":
            raise ValueError("no svg")
        self._uses += element == "use"
        if self._skipped or element not in _ELEMENTS or (element == "use" and self._uses > _MOST_USES):
            self._skipped += 1
            return
        namespace = "" if self._open else f' xmlns="{_SVG}"'
        self._open.append(element)
        self.written.append(f"<{element}{namespace}{_attributes(element, attributes)}>")

    def end(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
        else:
            self.written.append(f"</{self._open.pop()}>")

    def text(self, text: str) -> None:
        if self._skipped or not self._open or self._open[-1] not in _WITH_TEXT:
            return
        if self._open[-1] == "style" and _ELSEWHERE.search(text):
            return
        self.written.append(escape(text, quote=False))


def _local(name: str, namespace: str) -> str:
    """The name within a namespace; '' outside of it."""
    space, _, local = name.rpartition(" ")
    return local if space == namespace else ""


def _attributes(element: str, attributes: dict[str, str]) -> str:
    kept = {name: value for name, value in attributes.items() if name in _ATTRIBUTES and not _ELSEWHERE.search(value)}
    link = attributes.get("href") or attributes.get(f"{_XLINK} href") or ""
    if _PLACE.fullmatch(link) or (element == "image" and _PICTURE.fullmatch(link)):
        kept["href"] = link
    return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
