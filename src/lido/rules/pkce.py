"""Proof Key for Code Exchange (RFC 7636), by S256 alone."""

import hmac
import re
from hashlib import sha256

from lido.rules import base64url

METHOD = "S256"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def is_challenge(text: str) -> bool:
    """Whether the text has the form of an S256 challenge (RFC 7636 §4.2)."""
    return bool(_CHALLENGE.match(text))


def verifies(verifier: str | None, challenge: str | None) -> bool:
    """Whether the verifier answers the challenge (RFC 7636 §4.6). A verifier without a challenge is a downgrade."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    if not _VERIFIER.match(verifier):
        return False
    made = base64url.encode(sha256(verifier.encode("ascii")).digest())
    return hmac.compare_digest(made, challenge)
