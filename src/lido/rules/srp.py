"""The arithmetic of SRP-6a as Cognito speaks it, for users and for devices.

RFC 5054's roles over the 3072-bit group 15 of RFC 3526, SHA-256, and Cognito's
own derivation of the session key. A user's realm is the part of the pool id
after "_" and the identity is USER_ID_FOR_SRP; a device's realm is its group key
and the identity its device key.
"""

import hashlib
import hmac
import re
from base64 import b64encode

import gmpy2

from lido import errors

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2
SALT_BYTES = 16
SECRET_BYTES = 32

_KEY_BYTES = 16
_VERIFIER_BYTES = 385
# 768 digits are a number below N, two more a leading zero byte.
_PUBLIC = re.compile(r"[0-9a-fA-F]{1,770}")


def pad(number: int) -> bytes:
    """The bytes of a positive two's-complement number, as every hash of the protocol wants them."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"\0"


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


K = _hash(pad(N), pad(G))


def _power(base: int, exponent: int) -> int:
    # gmpy2 keeps this switch with the running context, and a worker may have a new one at every call.
    gmpy2.get_context().allow_release_gil = True
    return int(gmpy2.powmod(base, exponent, N))


def x(realm: str, identity: str, password: str, salt: bytes) -> int:
    """The private value of a password. UnicodeEncodeError for a password that has no UTF-8."""
    inner = hashlib.sha256(f"{realm}{identity}:{password}".encode()).digest()
    return _hash(pad(int.from_bytes(salt, "big")), inner)


def verifier(x: int) -> int:
    """What the house keeps of a password: g^x mod N."""
    return _power(G, x)


def server_public(verifier: int, b: int) -> int:
    """SRP_B for the fresh 256-bit secret `b`."""
    return (K * verifier + _power(G, b)) % N


def session_key(client_public: int, server_public: int, b: int, verifier: int) -> bytes:
    """The 16-byte key that both sides share when the password is right. InvalidParameter when u is zero."""
    u = _hash(pad(client_public), pad(server_public))
    if u == 0:
        raise errors.InvalidParameter
    return derive_key(u, _power(client_public * _power(verifier, u), b))


def derive_key(u: int, s: int) -> bytes:
    """HKDF-SHA256 (RFC 5869) of the shared secret `s`, salt u, Cognito's info, 16 bytes."""
    extracted = hmac.digest(pad(u), pad(s), "sha256")
    return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:_KEY_BYTES]


def signature(key: bytes, realm: str, identity: str, secret_block: bytes, timestamp: str) -> str:
    """PASSWORD_CLAIM_SIGNATURE: Base64 over the decoded SECRET_BLOCK and the TIMESTAMP as sent."""
    message = f"{realm}{identity}".encode() + secret_block + timestamp.encode("utf-8", "surrogatepass")
    return b64encode(hmac.digest(key, message, "sha256")).decode("ascii")


def verify_signature(key: bytes, realm: str, identity: str, secret_block: bytes, timestamp: str, claimed: str) -> bool:
    """Whether `claimed` is the signature; the time does not depend on where it differs."""
    expected = signature(key, realm, identity, secret_block, timestamp)
    return hmac.compare_digest(expected.encode("ascii"), claimed.encode("utf-8", "surrogatepass"))


def parse_public(text: str) -> int:
    """SRP_A from its hexadecimal form; InvalidParameter when malformed, too long or a multiple of N."""
    if not _PUBLIC.fullmatch(text):
        raise errors.InvalidParameter
    number = int(text, 16)
    if number % N == 0:
        raise errors.InvalidParameter
    return number


def parse_verifier(octets: bytes) -> int:
    """A device's verifier from its bytes; InvalidParameter for one that every password would fit."""
    if len(octets) > _VERIFIER_BYTES:
        raise errors.InvalidParameter
    number = int.from_bytes(octets, "big")
    if not 1 < number < N - 1:
        raise errors.InvalidParameter
    return number
