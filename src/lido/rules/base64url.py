"""base64url without padding (RFC 4648 section 5): one spelling for each byte string."""

import binascii
from base64 import urlsafe_b64encode

_TO_STANDARD = str.maketrans("-_", "+/", "+/=")


def encode(content: bytes) -> str:
    """The text of `content`, without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of `text`; ValueError unless it is exactly what `encode` writes."""
    standard = text.translate(_TO_STANDARD)
    content = binascii.a2b_base64(standard + "=" * (-len(standard) % 4))
    # Foreign characters, padding and stray last bits would give one value many spellings.
    if encode(content) != text:
        raise ValueError("not base64url")
    return content
