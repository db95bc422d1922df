"""Chance: every random byte, id and key of the house comes from here."""

import os
import threading
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
    text = value.hex()
    variant = "89ab"[value[8] >> 4 & 3]
    return f"{text[:8]}-{text[8:12]}-{version}{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


class SystemEntropy:
    """The operating system's randomness."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest = 0

    def bytes(self, size: int) -> Octets:
        """`size` random bytes."""
        return os.urandom(size)

    def uuid(self) -> str:
        """A random UUID, lower case (RFC 9562 version 4)."""
        return format_uuid(self.bytes(16), 4)

    def time_ordered_id(self, now: int) -> str:
        """A UUID that sorts by `now`, milliseconds since 1970, then by its making (RFC 9562 version 7)."""
        with self._lock:
            # Section 6.2, method 2: in the same millisecond the random part only grows, by an unguessable step.
            grown = self._latest + 1 + int.from_bytes(self.bytes(4), "big")
            fresh = now << 74 | int.from_bytes(self.bytes(9), "big")
            self._latest = grown if grown >> 74 == now else fresh
            number = self._latest
        high, low = number >> 62, number & (1 << 62) - 1
        return format_uuid((high >> 12 << 80 | (high & 0xFFF) << 64 | low).to_bytes(16, "big"), 7)

    def rsa_key(self) -> Octets:
        """A new RSA-2048 private key, PKCS #8 in DER."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
