"""Which attributes pages ask for, and how a field for each looks to browsers."""

from lido.records import Client, Pool
from lido.rules import schema
from lido.web.login.pages import Field

_TYPES = {"email": "email", "phone_number": "tel"}
_TOKENS = {
    "address": "street-address",
    "birthdate": "bday",
    "email": "email",
    "family_name": "family-name",
    "gender": "sex",
    "given_name": "given-name",
    "locale": "language",
    "middle_name": "additional-name",
    "name": "name",
    "nickname": "nickname",
    "phone_number": "tel",
    "picture": "photo",
    "website": "url",
}
"""What browsers call these fields (WHATWG HTML, autofill)."""


def field(name: str, value: str = "", *, required: bool = True) -> Field:
    """A field for that attribute."""
    return Field(name, value, _TYPES.get(name, "text"), _TOKENS.get(name, "off"), required)


def called(pool: Pool) -> str:
    """What usernames of the pool are, as a key of sentences: "username", "email", …"""
    kinds = pool.settings.shape.username_attributes or ()
    return "username" if not kinds else kinds[0] if len(kinds) == 1 else "email_or_phone_number"


def at_sign_up(pool: Pool, client: Client) -> list[tuple[str, bool]]:
    """The attributes that somebody who signs up is asked for, and whether each must be given.

    The required ones, and the address that the pool would confirm; not the one that is the username already.
    """
    shape = pool.settings.shape
    known = schema.by_name(shape.schema_attributes)
    names = shape.username_attributes or ()
    asked = {name: True for name, attribute in known.items() if attribute.get("Required") and name != "sub"}
    writable = client.settings.shape.write_attributes
    verified = [name for name in shape.auto_verified_attributes or () if writable is None or name in writable]
    for name in verified:
        asked.setdefault(name, len(verified) == 1 and not names)
    if len(names) == 1:
        asked.pop(names[0], None)
    return [(name, must and name not in names) for name, must in asked.items()]
