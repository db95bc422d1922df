"""The bytes within a passkey's answers: CBOR, authenticator data, public keys (WebAuthn section 6, RFC 9052, RFC 9053).

The package fido2 takes them apart and verifies signatures. It is lenient; here everything has one plain spelling.
"""

import struct
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from lido import errors

if TYPE_CHECKING:
    from fido2.cose import CoseKey
    from fido2.webauthn import AuthenticatorData

# fido2 is imported where it is used: it is slow to load, and only who uses passkeys pays.

MALFORMED = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    NotImplementedError,
    struct.error,
    msgspec.MsgspecError,
    UnsupportedAlgorithm,
)
"""What hostile bytes make of the parsers; every function of this page may raise them."""


def attested(content: bytes) -> bytes:
    """The authenticator data within an attestation object, whatever the attestation says."""
    match _cbor(content):
        # Its type first: given a number, fido2 would make as many bytes.
        case {"fmt": str(), "attStmt": dict(), "authData": bytes(data)}:
            return data
        case _:
            raise ValueError("not an attestation object")


def authenticator_data(content: bytes) -> "AuthenticatorData":
    """Authenticator data taken apart (section 6.1)."""
    from fido2 import cbor
    from fido2.webauthn import AuthenticatorData

    data = AuthenticatorData(content)
    extensions = b"" if data.extensions is None else cbor.encode(data.extensions)
    if len(content) != 37 + len(data.credential_data or b"") + len(extensions):
        raise ValueError("not plain authenticator data")
    return data


def sound_key(key: "CoseKey", algorithms: Collection[int]) -> bytes:
    """The key in CBOR. Raises WebAuthnCredentialNotSupported for an algorithm that was not offered."""
    from fido2 import cbor

    if key.get(3) not in algorithms:
        raise errors.WebAuthnCredentialNotSupported
    if not _is_well_formed(dict(key)):
        raise ValueError("not a key")
    try:
        key.verify(b"", b"")
    except InvalidSignature:  # only what is a key gets as far as refusing this
        return cbor.encode(dict(key))
    raise ValueError("a key that takes anything")


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key, in CBOR as `sound_key` gave it, signed the message."""
    from fido2 import cbor
    from fido2.cose import CoseKey

    key: Any = cbor.decode(public_key)
    try:
        CoseKey.parse(key).verify(message, signature)
    except InvalidSignature:
        return False
    return True


def _cbor(content: bytes) -> Any:
    """One CBOR value and nothing else: whole, of definite lengths, no key twice, no number longer than needed."""
    from fido2 import cbor

    # Where a length promises more than there is, fido2 takes what there is: it would then eat the mark.
    mark = b"\xff"
    value, rest = cbor.decode_from(content + mark)
    if rest != mark or len(cbor.encode(value)) != len(content):
        raise ValueError("not one plain CBOR value")
    return value


def _is_well_formed(key: dict[int, Any]) -> bool:
    """By kind, curve and lengths. RSA has 2048 to 4096 bits, so that no key makes verification slow."""
    match key:
        case {1: 2, 3: -7, -1: 1, -2: bytes(x), -3: bytes(y)}:
            return len(x) == len(y) == 32
        case {1: 3, 3: -257, -1: bytes(n), -2: bytes(e)}:
            return 256 <= len(n) <= 512 and n[0] >= 128 and len(e) <= 4
        case {1: 1, 3: -8, -1: 6, -2: bytes(x)}:
            return len(x) == 32
        case _:
            return False
