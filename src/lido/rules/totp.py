"""Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of drift each way."""

import hmac
from base64 import b32encode
from typing import Final

SEED_BYTES: Final = 32
STEP_MS: Final = 30_000
_DIGITS: Final = 6
_DRIFT: Final = 1


def secret_code(seed: bytes) -> str:
    """The seed as authenticator apps take it: base32 without padding, 52 characters (`SecretCode`)."""
    return b32encode(seed).rstrip(b"=").decode("ascii")


def step_at(now: int) -> int:
    """The number of the time step that holds `now`, in milliseconds since 1970."""
    return now // STEP_MS


def code_at(seed: bytes, step: int) -> str:
    """The six digits of a step (RFC 4226 section 5.3)."""
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def matching_step(seed: bytes, code: str, now: int) -> int | None:
    """The newest step about `now` whose code this is, or None; as long for every code of six digits."""
    if len(code) != _DIGITS or not code.isascii():
        return None
    present = step_at(now)
    matching = None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if hmac.compare_digest(code_at(seed, step), code):
            matching = step
    return matching
