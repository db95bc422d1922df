"""The key ring: what leaves the house or rests in a table is sealed with it.

A blob is `0x01 | key id (4) | salt (16) | ciphertext | tag (16)`, AES-256-GCM
under a key of its own (HKDF per purpose, HMAC with the salt per message), bound
to its purpose and to the parts that name its place and owner.
"""

import hmac
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lido.rules import base64url

MASTER_BYTES = 32
SALT_BYTES = 16
OVERHEAD = 37

_VERSION = b"\x01"
_ID_BYTES = 4
_CONTENT_AT = 1 + _ID_BYTES + SALT_BYTES
# Each salt makes a fresh key, and a fresh key needs no nonce of its own.
_NONCE = bytes(12)
_CHECK_PURPOSE = "check"
_CHECK_CONTENT = b"lido key check"


class Unsealable(ValueError):
    """The blob is not ours, not whole, or not for this place. It never says which."""

    def __init__(self) -> None:
        super().__init__("unsealable")


def key_id(master: bytes) -> bytes:
    """The 4 bytes that name a 32-byte master key and tell nothing about it."""
    return hmac.digest(master, b"lido key id", "sha256")[:_ID_BYTES]


def keyed_digest(key: bytes, *parts: str | bytes) -> bytes:
    """32 bytes of HMAC-SHA256 over the parts, each with its length before it, so that no two lists read alike."""
    message = bytearray()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        message += len(octets).to_bytes(4, "big") + octets
    return hmac.digest(key, bytes(message), "sha256")


class KeyRing:
    """One or more 32-byte master keys, newest first: the first seals, all open.

    `random` gives as many random bytes as it is asked for; salts come from it.
    Safe to share between threads.
    """

    __slots__ = ("_masters", "_newest", "_purpose_keys", "_random")

    def __init__(self, masters: Sequence[bytes], random: Callable[[int], bytes]) -> None:
        self._masters = _by_id(masters)
        self._newest = key_id(masters[0])
        self._random = random
        self._purpose_keys: dict[tuple[bytes, str], bytes] = {}

    def renew(self, masters: Sequence[bytes]) -> None:
        """Take up these keys while other threads use the ring: the first seals from now on; none is ever lost."""
        self._masters = {**_by_id(masters), **self._masters}
        self._newest = key_id(masters[0])

    def __repr__(self) -> str:
        return "KeyRing(…)"

    @property
    def random(self) -> Callable[[int], bytes]:
        """Where salts come from."""
        return self._random

    @property
    def key_id(self) -> bytes:
        """The id of the key that seals."""
        return self._newest

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """The ids of all keys that open."""
        return tuple(self._masters)

    def seal(self, purpose: str, content: bytes, *binding: str, salt: bytes | None = None) -> bytes:
        """The blob of `content`, 37 bytes longer; it opens only with the same purpose and binding.

        A `salt` of 16 bytes is for published vectors: it must never come twice.
        """
        salt = self._random(SALT_BYTES) if salt is None else salt
        if len(salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes")
        newest = self._newest  # read once: `renew` may come at any moment
        cipher = self._cipher(newest, purpose, salt)
        return _VERSION + newest + salt + cipher.encrypt(_NONCE, content, _associated(purpose, binding))

    def open(self, purpose: str, blob: bytes, *binding: str) -> bytes:
        """The content of a blob; Unsealable for anything that `seal` did not make for this place."""
        if len(blob) < OVERHEAD or blob[:1] != _VERSION or blob[1 : 1 + _ID_BYTES] not in self._masters:
            raise Unsealable
        cipher = self._cipher(blob[1 : 1 + _ID_BYTES], purpose, blob[1 + _ID_BYTES : _CONTENT_AT])
        try:
            return cipher.decrypt(_NONCE, blob[_CONTENT_AT:], _associated(purpose, binding))
        except (InvalidTag, ValueError):
            raise Unsealable from None

    def is_newest(self, blob: bytes) -> bool:
        """Whether the key that seals now made that blob; True promises nothing about its content."""
        return blob[1 : 1 + _ID_BYTES] == self._newest

    def seal_text(self, purpose: str, content: bytes, *binding: str, salt: bytes | None = None) -> str:
        """As `seal`, for clients' hands: base64url without padding."""
        return base64url.encode(self.seal(purpose, content, *binding, salt=salt))

    def open_text(self, purpose: str, text: str, *binding: str) -> bytes:
        """As `open`, for the text of `seal_text`."""
        try:
            blob = base64url.decode(text)
        except ValueError:
            raise Unsealable from None
        return self.open(purpose, blob, *binding)

    def mac(self, purpose: str, *parts: str | bytes) -> bytes:
        """32 bytes that only this ring can compute, under the newest key: digests of codes, stable fakes."""
        return self._mac(self._newest, purpose, parts)

    def macs(self, purpose: str, *parts: str | bytes) -> tuple[bytes, ...]:
        """As `mac`, under every key: finds what was stored before a rotation, or by a node that is ahead."""
        return tuple(self._mac(name, purpose, parts) for name in self._masters)

    def check_value(self, *, salt: bytes | None = None) -> bytes:
        """A blob that tells a later start whether it has the key that seals now."""
        return self.seal(_CHECK_PURPOSE, _CHECK_CONTENT, salt=salt)

    def fits(self, check: bytes) -> bool:
        """Whether this ring holds the key that made `check`."""
        try:
            return self.open(_CHECK_PURPOSE, check) == _CHECK_CONTENT
        except Unsealable:
            return False

    def _cipher(self, name: bytes, purpose: str, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._purpose_key(name, purpose), salt, "sha256"))

    def _mac(self, name: bytes, purpose: str, parts: tuple[str | bytes, ...]) -> bytes:
        return keyed_digest(self._purpose_key(name, "mac/" + purpose), *parts)

    def _purpose_key(self, name: bytes, purpose: str) -> bytes:
        known = self._purpose_keys.get((name, purpose))
        if known is None:
            known = _derive(self._masters[name], purpose)
            self._purpose_keys[name, purpose] = known
        return known


def _by_id(masters: Sequence[bytes]) -> dict[bytes, bytes]:
    if not masters or any(len(master) != MASTER_BYTES for master in masters):
        raise ValueError(f"a key ring needs master keys of {MASTER_BYTES} bytes")
    found = {key_id(master): master for master in masters}
    if len(found) != len(masters):
        raise ValueError("two master keys have the same id")
    return found


def _derive(master: bytes, purpose: str) -> bytes:
    info = b"lido/v1/" + purpose.encode("ascii")
    return HKDF(algorithm=SHA256(), length=MASTER_BYTES, salt=None, info=info).derive(master)


def _associated(purpose: str, binding: tuple[str, ...]) -> bytes:
    # A zero inside a part would let two bindings read alike.
    if any("\0" in part for part in binding):
        raise ValueError("a binding holds a zero")
    return "\0".join((purpose, *binding)).encode()
