"""Signatures of what is posted to others, as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body."""

import base64
import hmac

KEY_BYTES = 32
_PREFIX = "whsec_"


def headers(key: bytes, id_: str, seconds: int, body: bytes, *, former: bytes | None = None) -> dict[str, str]:
    """The three headers of a message. `id_` stays the same when it is sent again, `seconds` (since 1970) does not.

    `former` is the key before, whose signature stands beside while receivers change over.
    """
    signed = b".".join((id_.encode(), str(seconds).encode(), body))
    signatures = (base64.b64encode(hmac.digest(each, signed, "sha256")).decode() for each in (key, former) if each)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def key_text(key: bytes) -> str:
    """The key as receivers take it: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(key).decode()
