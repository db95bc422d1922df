"""Passwords as the house keeps them: argon2id hashes, the material beside them, temporary ones."""

import hashlib
from collections.abc import Iterator, MutableSequence, Sequence
from string import ascii_letters, digits

import msgspec
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

from lido.rules import password_hashes
from lido.rules.password_policy import Policy

SALT_BYTES = 16
TEMPORARY_SEED_BYTES = 32

_HASH_BYTES = 32
_TEMPORARY_LENGTH = 12
_DRAW_BYTES = 16
_AMBIGUOUS = frozenset("0O1lI")


class Hasher:
    """Argon2id (RFC 9106) with fixed costs; the defaults are OWASP's 19 MiB, two passes, one lane."""

    __slots__ = ("_memory_kib", "_parallelism", "_time_cost")

    def __init__(self, time_cost: int = 2, memory_kib: int = 19456, parallelism: int = 1) -> None:
        self._time_cost = time_cost
        self._memory_kib = memory_kib
        self._parallelism = parallelism

    def hash(self, password: str, salt: bytes) -> str:
        """The PHC string of `password` under 16 fresh random bytes of `salt`.

        The password is taken byte for byte, neither normalised nor shortened;
        UnicodeEncodeError when it has no UTF-8.
        """
        if len(salt) < SALT_BYTES:
            raise ValueError(f"a salt has at least {SALT_BYTES} bytes")
        encoded = hash_secret(
            password.encode(), salt, self._time_cost, self._memory_kib, self._parallelism, _HASH_BYTES, Type.ID
        )
        return encoded.decode("ascii")

    def verify(self, phc: str, password: str) -> bool:
        """Whether `phc`, of whatever costs, was made from `password`; also where another system made it."""
        if not phc.startswith("$argon2"):
            return password_hashes.fits(phc, password)
        try:
            return verify_secret(phc.encode(), password.encode(), Type.ID)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False

    def needs_rehash(self, phc: str) -> bool:
        """Whether `phc` has other costs than new hashes get, or is of another kind."""
        try:
            made = extract_parameters(phc)
        except InvalidHashError:
            return True
        costs = (made.type, made.time_cost, made.memory_cost, made.parallelism)
        return costs != (Type.ID, self._time_cost, self._memory_kib, self._parallelism)


class Material(msgspec.Struct, frozen=True, array_like=True):
    """All that one password leaves behind, sealed as one: hash, SRP salt and verifier, and the identity in it.

    The SRP parts are None where the clear password was never seen (imports).
    """

    phc: str
    srp_salt: bytes | None = None
    srp_verifier: bytes | None = None
    identity: str | None = None

    def __repr__(self) -> str:
        return "Material(…)"

    def encode(self) -> bytes:
        """MessagePack, ready to be sealed."""
        return msgspec.msgpack.encode(self)

    @staticmethod
    def decode(octets: bytes) -> "Material":
        """The material of `encode`; msgspec.DecodeError for anything else."""
        return _MATERIAL.decode(octets)


_MATERIAL = msgspec.msgpack.Decoder(Material)


def _clear(alphabet: str) -> str:
    return "".join(character for character in alphabet if character not in _AMBIGUOUS)


_LOWERCASE = _clear(ascii_letters[:26])
_UPPERCASE = _clear(ascii_letters[26:])
_DIGITS = _clear(digits)
# Nothing that HTML, a shell or a quoting mail client would change.
_SYMBOLS = "@#%+=-_.?!"


def generate_temporary(policy: Policy, random_bytes: bytes) -> str:
    """A temporary password that conforms to `policy`, easy to read aloud, made from 32 random bytes.

    At least twelve characters, over 60 bits; each choice is uniform to one part in 2^120.
    """
    if len(random_bytes) < TEMPORARY_SEED_BYTES:
        raise ValueError(f"a temporary password needs {TEMPORARY_SEED_BYTES} random bytes")
    length = max(policy.minimum_length, _TEMPORARY_LENGTH)
    kinds = [_LOWERCASE, _UPPERCASE, _DIGITS] + ([_SYMBOLS] if policy.symbols else [])
    draws = _draws(random_bytes, 2 * length)
    characters = [_choice(kind, next(draws)) for kind in kinds]
    characters += [_choice("".join(kinds), next(draws)) for _ in range(length - len(kinds))]
    _shuffle(characters, draws)
    return "".join(characters)


def _draws(seed: bytes, count: int) -> Iterator[int]:
    stream = hashlib.shake_256(seed).digest(count * _DRAW_BYTES)
    for start in range(0, len(stream), _DRAW_BYTES):
        yield int.from_bytes(stream[start : start + _DRAW_BYTES], "big")


def _choice(alphabet: Sequence[str], draw: int) -> str:
    return alphabet[draw % len(alphabet)]


def _shuffle(characters: MutableSequence[str], draws: Iterator[int]) -> None:
    for last in range(len(characters) - 1, 0, -1):
        other = next(draws) % (last + 1)
        characters[last], characters[other] = characters[other], characters[last]
