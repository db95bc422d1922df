"""Chance: every random byte, id and key of the house comes from here."""

import secrets
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# The method `bytes` hides the type of that name inside the classes.
Octets = bytes


class Entropy(Protocol):
    """Makes what nobody can guess."""

    def bytes(self, size: int) -> Octets:
        """`size` random bytes."""
        ...

    def uuid(self) -> str:
        """A random UUID, lower case (RFC 9562 version 4)."""
        ...

    def time_ordered_id(self, now: int) -> str:
        """A UUID that sorts by `now`, milliseconds since 1970 (RFC 9562 version 7)."""
        ...

    def rsa_key(self) -> Octets:
        """A new RSA-2048 private key, PKCS #8 in DER."""
        ...


def format_uuid(value: bytes, version: int) -> str:
    """Sixteen bytes as a UUID of that version (RFC 9562 section 4)."""
    number = int.from_bytes(value, "big")
    number = number & ~(0xF << 76) | version << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class SystemEntropy:
    """The operating system's randomness."""

    def bytes(self, size: int) -> Octets:
        """`size` random bytes."""
        return secrets.token_bytes(size)

    def uuid(self) -> str:
        """A random UUID, lower case (RFC 9562 version 4)."""
        return format_uuid(self.bytes(16), 4)

    def time_ordered_id(self, now: int) -> str:
        """A UUID that sorts by `now`, milliseconds since 1970 (RFC 9562 version 7)."""
        return format_uuid(now.to_bytes(6, "big") + self.bytes(10), 7)

    def rsa_key(self) -> Octets:
        """A new RSA-2048 private key, PKCS #8 in DER."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
