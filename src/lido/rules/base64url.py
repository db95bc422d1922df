"""base64url without padding (RFC 4648 section 5): one spelling for each byte string."""

from binascii import a2b_base64, b2a_base64

# What is not of this alphabet becomes what is of no alphabet.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_FROM_STANDARD = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"===", b"==", b"=")
_LAST: tuple[frozenset[int] | None, ...] = (None, frozenset(), frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
"""The last character where the text is no multiple of four: its unused bits are zero."""


def encode(content: bytes) -> str:
    """The text of `content`, without padding."""
    return b2a_base64(content, newline=False).translate(_FROM_STANDARD).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of `text`; ValueError unless it is exactly what `encode` writes."""
    octets = text.encode("ascii")
    over = len(octets) % 4
    last = _LAST[over]
    # Foreign characters, padding and stray last bits would give one value many spellings.
    if last is not None and octets[-1] not in last:
        raise ValueError("not base64url")
    return a2b_base64(octets.translate(_TO_STANDARD) + _PADDING[over], strict_mode=True)
