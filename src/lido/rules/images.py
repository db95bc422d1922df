"""Images from outside: what they really are by their first bytes, and what of them browsers are given.

Nothing is decoded. An image is taken apart into its pieces and put together from those that draw: what describes the
picture, its maker or the place it was taken at, and whatever was appended to it, stays behind.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from lido.rules import svg

LONGEST_SIDE = 8_192
MOST_PIXELS = 32 * 1024 * 1024
TYPES = {
    "ICO": "image/x-icon",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "SVG": "image/svg+xml",
    "WEBP": "image/webp",
}

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"bKGD", b"acTL", b"fcTL", b"fdAT"}
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_WEBP_ALPHA_AND_ANIMATION = 0b00010010
_NO_FRAME = (0xC4, 0xC8, 0xCC)
_MOST_ICONS = 32
_MOST_GROWTH, _ROOM = 2, 4_096


class Unfit(ValueError):
    """The bytes are not an image of that kind, or one that is too large to show."""


def kind_of(content: bytes) -> str | None:
    """What an image is by its first bytes; None for what is no image, or one that is text."""
    marks = {"PNG": _PNG, "JPEG": b"\xff\xd8\xff", "ICO": b"\0\0\1\0"}
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for kind, mark in marks.items() if content.startswith(mark)), None)


def cleaned(kind: str, content: bytes) -> bytes:
    """The image that browsers are given. Raises Unfit."""
    clean: dict[str, Callable[[bytes], bytes]] = {
        "PNG": _png,
        "JPEG": _jpeg,
        "WEBP": _webp,
        "ICO": _ico,
        "SVG": svg.cleaned,
    }
    try:
        shown = clean[kind](content)
    except (ValueError, IndexError, struct.error):
        raise Unfit(f"no {kind} image that can be shown") from None
    if len(shown) > _MOST_GROWTH * len(content) + _ROOM:
        raise Unfit("its pieces are used again and again")
    return shown


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and width * height <= MOST_PIXELS):
        raise Unfit("too large")


def _png(content: bytes) -> bytes:
    if not content.startswith(_PNG):
        raise Unfit("no PNG")
    chunks = list(_png_chunks(content))
    if chunks[0][0] != b"IHDR" or b"IDAT" not in dict(chunks):
        raise Unfit("no picture")
    _check_size(*struct.unpack(">II", chunks[0][1][:8]))
    kept = (_png_chunk(name, data) for name, data in chunks if name in _PNG_KEPT)
    return _PNG + b"".join(kept)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each chunk up to the last one, whose sums are right (PNG §5.3)."""
    at, name = len(_PNG), b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", content[at : at + 8])
        data, sum_ = content[at + 8 : at + 8 + length], content[at + 8 + length : at + 12 + length]
        if zlib.crc32(name + data).to_bytes(4, "big") != sum_:
            raise Unfit("damaged")
        yield name, data
        at += 12 + length


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def _jpeg(content: bytes) -> bytes:
    """Segments up to the end of the picture, without comments and without what applications noted (T.81 Annex B)."""
    if not content.startswith(b"\xff\xd8\xff"):
        raise Unfit("no JPEG")
    kept, at, has_frame = [b"\xff\xd8"], 2, False
    while True:
        if content[at] != 0xFF:
            raise Unfit("no segment")
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0xD9:
            break
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(content):
            raise Unfit("cut off")
        end = at + 2 + length
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            _check_size(width, height)
            has_frame = True
        if marker == 0xDA:
            end = _end_of_scan(content, end)
        if not (0xE1 <= marker <= 0xEF and marker != 0xEE) and marker != 0xFE:
            kept.append(content[at:end])
        at = end
    if not has_frame:
        raise Unfit("no picture")
    return b"".join((*kept, b"\xff\xd9"))


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the coded data that begins there meets a marker that is none of its own."""
    while True:
        at = content.index(b"\xff", at)
        if content[at + 1] not in (0x00, *range(0xD0, 0xD8)):
            return at
        at += 2


def _webp(content: bytes) -> bytes:
    if kind_of(content) != "WEBP":
        raise Unfit("no WebP")
    chunks = [(name, data) for name, data in _webp_chunks(content) if name in _WEBP_KEPT]
    name, data = chunks[0]
    _check_size(*_webp_size(name, data))
    if name == b"VP8X":
        chunks[0] = (name, bytes([data[0] & _WEBP_ALPHA_AND_ANIMATION]) + data[1:10])
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    end, at = 8 + int.from_bytes(content[4:8], "little"), 12
    if end > len(content):
        raise Unfit("cut off")
    while at < end:
        name, length = struct.unpack("<4sI", content[at : at + 8])
        if at + 8 + length > end:
            raise Unfit("cut off")
        yield name, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _webp_size(name: bytes, data: bytes) -> tuple[int, int]:
    if name == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if name == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise Unfit("no picture")


def _ico(content: bytes) -> bytes:
    """Icons of a file, each an image of its own, put together anew."""
    reserved, type_, count = struct.unpack("<HHH", content[:6])
    if (reserved, type_) != (0, 1) or not 0 < count <= _MOST_ICONS:
        raise Unfit("no icon")
    entries, pictures = [], []
    at = 6 + 16 * count
    for place in range(count):
        entry = content[6 + 16 * place : 22 + 16 * place]
        size, start = struct.unpack("<II", entry[8:])
        picture = _icon(content[start : start + size], size)
        entries.append(entry[:8] + struct.pack("<II", len(picture), at))
        pictures.append(picture)
        at += len(picture)
    return b"".join((content[:6], *entries, *pictures))


def _icon(picture: bytes, size: int) -> bytes:
    if len(picture) != size:
        raise Unfit("cut off")
    if picture.startswith(_PNG):
        return _png(picture)
    header, width, height = struct.unpack("<Iii", picture[:12])
    if header != 40:
        raise Unfit("no bitmap")
    _check_size(width, abs(height))
    return picture
