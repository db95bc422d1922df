"""Nobody, made to look like somebody: stable answers for names that lead to no user, at the cost of real ones.

Everything is a keyed digest of pool and folded name, so it stays the same from
request to request and from node to node, and tells nothing.
"""

import hashlib

from lido.call import Call
from lido.records import Pool
from lido.rules import srp
from lido.rules.usernames import looks_like_email, looks_like_phone

_PURPOSE = "unknown user"
_MARK = "x:"
# With the mark as long as a sub.
_SUBJECT_DIGITS = 34


def subject(call: Call, pool_id: str, name_key: str) -> str:
    """What the lockout counts wrong passwords on, as it does on a sub."""
    return _MARK + call.keys.mac(_PURPOSE, "subject", pool_id, name_key).hex()[:_SUBJECT_DIGITS]


def is_subject(text: str) -> bool:
    """Whether `subject` made this, for nobody."""
    return text.startswith(_MARK)


def srp_identity(call: Call, pool: Pool, typed: str, name_key: str) -> str:
    """The USER_ID_FOR_SRP: a UUID where a user's would be one, else the name, as a user of that name would have it."""
    shape = pool.settings.shape
    aliases = shape.alias_attributes or ()
    is_alias = ("email" in aliases and looks_like_email(typed)) or (
        "phone_number" in aliases and looks_like_phone(typed)
    )
    if not shape.username_attributes and not is_alias:
        return typed
    return _uuid(call.keys.mac(_PURPOSE, "identity", pool.pool_id, name_key))


def srp_salt(call: Call, pool_id: str, name_key: str) -> bytes:
    """The salt of the password that nobody has."""
    return call.keys.mac(_PURPOSE, "salt", pool_id, name_key)[: srp.SALT_BYTES]


def srp_verifier(call: Call, pool_id: str, name_key: str) -> int:
    """The verifier of the password that nobody has: a number below N that no password is known for."""
    seed = call.keys.mac(_PURPOSE, "verifier", pool_id, name_key)
    # Sixteen bytes more than N has: each residue is as likely as any other.
    return int.from_bytes(hashlib.shake_256(seed).digest(400), "big") % srp.N


def _uuid(digest: bytes) -> str:
    text = digest[:16].hex()
    variant = "89ab"[digest[16] % 4]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
