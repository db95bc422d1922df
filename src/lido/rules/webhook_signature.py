"""Signatures of what is posted to others, as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body."""

import base64
import hmac

KEY_BYTES = 32
_PREFIX = "whsec_"


def headers(key: bytes, id_: str, seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of a message. `id_` stays the same when it is sent again, `seconds` (since 1970) does not."""
    signed = b".".join((id_.encode(), str(seconds).encode(), body))
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {"webhook-id": id_, "webhook-timestamp": str(seconds), "webhook-signature": f"v1,{signature}"}


def key_text(key: bytes) -> str:
    """The key as receivers take it: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(key).decode()
