"""Hashes of passwords that another system made: which are accepted, and whether a password fits one.

Costs are bounded on both sides: what an imported hash costs is paid by whoever signs in, and by all who wait.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from typing import NamedTuple

from argon2 import Type, extract_parameters
from argon2.exceptions import InvalidHashError

from lido import errors

ALGORITHMS = ("BCRYPT", "SCRYPT", "ARGON2ID", "PBKDF2_SHA256")
LONGEST = 1_024

_BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_BCRYPT_COSTS = range(4, 15)
# bcrypt ends there; what made the hash saw no more of the password.
_BCRYPT_BYTES = 72
_SCRYPT = re.compile(r"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([^$]+)\$([^$]+)")
_PBKDF2 = re.compile(r"\$pbkdf2-sha256\$(?:i=)?([0-9]{1,8})(?:,l=[0-9]{1,3})?\$([^$]+)\$([^$]+)")
_DJANGO = re.compile(r"pbkdf2_sha256\$([0-9]{1,8})\$([!-#%-~]{1,128})\$([^$]+)")
_ITERATIONS = range(1_000, 2_000_001)
_MEMORY_BYTES = 64 * 1024 * 1024
_WORK_BYTES = 256 * 1024 * 1024
_ARGON2_LANES = range(1, 9)
_SALT_BYTES = range(4, 129)
_DIGEST_BYTES = range(16, 129)
_MALFORMED = "The password hash is not a {} hash."
_COSTS = "The costs of the password hash are outside of what is accepted."


class _Scrypt(NamedTuple):
    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes


class _PBKDF2SHA256(NamedTuple):
    iterations: int
    salt: bytes
    digest: bytes


def check(algorithm: str, given: str) -> None:
    """Refuse what is no hash of that algorithm, or costs too little or too much. Raises InvalidParameter."""
    tests = {"BCRYPT": _check_bcrypt, "SCRYPT": _check_scrypt, "ARGON2ID": _check_argon2id}
    if len(given) > LONGEST or not given.isascii() or not tests.get(algorithm, _check_pbkdf2)(given):
        raise errors.InvalidParameter(_MALFORMED.format(algorithm))


def fits(given: str, password: str) -> bool:
    """Whether that hash of bcrypt, scrypt or PBKDF2 was made from the password; False for what is none of them."""
    octets = password.encode("utf-8", "surrogatepass")
    if _BCRYPT.fullmatch(given):
        return _fits_bcrypt(given, octets)
    scrypt = _read_scrypt(given)
    if scrypt is not None:
        n, r, p, salt, digest = scrypt
        most = 128 * r * (n + p + 2) + 1024 * 1024
        made = hashlib.scrypt(octets, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=len(digest))
        return hmac.compare_digest(made, digest)
    pbkdf2 = _read_pbkdf2(given)
    if pbkdf2 is None:
        return False
    made = hashlib.pbkdf2_hmac("sha256", octets, pbkdf2.salt, pbkdf2.iterations, len(pbkdf2.digest))
    return hmac.compare_digest(made, pbkdf2.digest)


def _check_bcrypt(given: str) -> bool:
    match = _BCRYPT.fullmatch(given)
    if match:
        _check_costs(within=int(match[1]) in _BCRYPT_COSTS)
    return match is not None


def _fits_bcrypt(given: str, password: bytes) -> bool:
    # Loaded by those who imported such hashes.
    import bcrypt

    try:
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], given.encode())
    except ValueError:
        return False


def _check_scrypt(given: str) -> bool:
    read = _read_scrypt(given)
    if read is None:
        return False
    memory = 128 * read.n * read.r
    within = read.n >= 1024 and read.r >= 1 and read.p >= 1
    _check_costs(within=within and memory <= _MEMORY_BYTES and memory * read.p <= _WORK_BYTES)
    return True


def _check_argon2id(given: str) -> bool:
    try:
        made = extract_parameters(given)
    except (InvalidHashError, ValueError):
        return False
    if made.type != Type.ID or made.salt_len not in _SALT_BYTES or made.hash_len not in _DIGEST_BYTES:
        return False
    memory = made.memory_cost * 1024
    within = made.parallelism in _ARGON2_LANES and made.time_cost >= 1 and made.memory_cost >= 8 * made.parallelism
    _check_costs(within=within and memory <= 2 * _MEMORY_BYTES and memory * made.time_cost <= 2 * _WORK_BYTES)
    return True


def _check_pbkdf2(given: str) -> bool:
    read = _read_pbkdf2(given)
    if read is not None:
        _check_costs(within=read.iterations in _ITERATIONS)
    return read is not None


def _check_costs(*, within: bool) -> None:
    if not within:
        raise errors.InvalidParameter(_COSTS)


def _read_scrypt(given: str) -> _Scrypt | None:
    match = _SCRYPT.fullmatch(given)
    salt, digest = (_octets(match[4]), _octets(match[5])) if match else (None, None)
    if match is None or salt is None or digest is None or not _are_sound(salt, digest) or int(match[1]) > 31:
        return None
    return _Scrypt(1 << int(match[1]), int(match[2]), int(match[3]), salt, digest)


def _read_pbkdf2(given: str) -> _PBKDF2SHA256 | None:
    django = _DJANGO.fullmatch(given)
    match = django or _PBKDF2.fullmatch(given)
    if match is None:
        return None
    salt, digest = match[2].encode() if django else _octets(match[2]), _octets(match[3])
    if salt is None or digest is None or not _are_sound(salt, digest):
        return None
    return _PBKDF2SHA256(int(match[1]), salt, digest)


def _are_sound(salt: bytes, digest: bytes) -> bool:
    return len(salt) in _SALT_BYTES and len(digest) in _DIGEST_BYTES


def _octets(text: str) -> bytes | None:
    """Base64 with or without its padding; passlib writes `.` for `+`."""
    bare = text.rstrip("=").replace(".", "+")
    try:
        return b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return None
