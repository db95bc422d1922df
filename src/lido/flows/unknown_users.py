"""Nobody, made to look like somebody: stable answers for names that lead to no user, at the cost of real ones.

Everything is a keyed digest of pool and folded name, so it stays the same from
request to request, from node to node and through a rotation of the master key.
"""

import hashlib

from lido.call import Call
from lido.records import Pool
from lido.rules import pretended_users, srp
from lido.rules.pretended_users import PretendedUser
from lido.rules.sealing import keyed_digest
from lido.rules.usernames import looks_like_email, looks_like_phone

_MARK = "x:"
# With the mark as long as a sub.
_SUBJECT_DIGITS = 34


def digest(call: Call, kind: str, pool_id: str, name: str) -> bytes:
    """32 bytes that stand in for what a user of that name would have; the same after a rotation of the master key."""
    return keyed_digest(call.house.stand_in_key, kind, pool_id, name)


def subject(call: Call, pool_id: str, name_key: str) -> str:
    """What the lockout counts wrong passwords on, as it does on a sub."""
    return _MARK + digest(call, "subject", pool_id, name_key).hex()[:_SUBJECT_DIGITS]


def is_subject(text: str) -> bool:
    """Whether `subject` made this, for nobody."""
    return text.startswith(_MARK)


def user(call: Call, pool: Pool, typed: str, name_key: str, *, can_have_passkey: bool) -> PretendedUser:
    """What a user of that name might have set up in this pool; `can_have_passkey`: somebody there can."""
    chance = digest(call, "user", pool.pool_id, name_key)[0]
    return pretended_users.drawn(pool, chance, typed=typed, can_have_passkey=can_have_passkey)


def srp_identity(call: Call, pool: Pool, typed: str, name_key: str) -> str:
    """The USER_ID_FOR_SRP: a UUID where a user's would be one, else the name, as a user of that name would have it."""
    shape = pool.settings.shape
    aliases = shape.alias_attributes or ()
    is_alias = ("email" in aliases and looks_like_email(typed)) or (
        "phone_number" in aliases and looks_like_phone(typed)
    )
    if not shape.username_attributes and not is_alias:
        # As stored names mostly are: whoever types another case learns nothing from getting this one.
        return name_key
    return _uuid(digest(call, "identity", pool.pool_id, name_key))


def srp_salt(call: Call, pool_id: str, name_key: str) -> bytes:
    """The salt of the password that nobody has."""
    return digest(call, "salt", pool_id, name_key)[: srp.SALT_BYTES]


def srp_verifier(call: Call, pool_id: str, name_key: str) -> int:
    """The verifier of the password that nobody has: a number below N that no password is known for."""
    seed = digest(call, "verifier", pool_id, name_key)
    # Sixteen bytes more than N has: each residue is as likely as any other.
    return int.from_bytes(hashlib.shake_256(seed).digest(400), "big") % srp.N


def _uuid(digest: bytes) -> str:
    text = digest[:16].hex()
    variant = "89ab"[digest[16] % 4]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
