"""A user's attributes as one set of names and values, and the columns they live in.

E-mail, phone and their flags are columns because other users' transactions
change them; `sub` is the key; everything else is the document.
"""

from collections.abc import Mapping

import msgspec

from lido.records import SearchKeys, User
from lido.rules.usernames import cut_key


def attributes_of(user: User) -> dict[str, str]:
    """Every attribute of the user under its wire name, `sub` first; flags as "true" and "false"."""
    attributes = {"sub": user.sub}
    if user.email is not None:
        attributes["email"] = user.email
        attributes["email_verified"] = _flag(user.email_verified)
    if user.phone_number is not None:
        attributes["phone_number"] = user.phone_number
        attributes["phone_number_verified"] = _flag(user.phone_verified)
    return attributes | user.attributes


def with_attributes(user: User, changes: Mapping[str, str]) -> User:
    """The user after these changes; an empty value removes the attribute, a removed address its flag too.

    Whether the changes are allowed was decided before (rules/attributes.py).
    """
    attributes = dict(user.attributes)
    email, phone_number = user.email, user.phone_number
    email_verified, phone_verified = user.email_verified, user.phone_verified
    for name, value in changes.items():
        match name:
            case "email":
                email = value or None
            case "phone_number":
                phone_number = value or None
            case "email_verified":
                email_verified = value.lower() == "true"
            case "phone_number_verified":
                phone_verified = value.lower() == "true"
            case _ if value:
                attributes[name] = value
            case _:
                attributes.pop(name, None)
    return msgspec.structs.replace(
        user,
        attributes=attributes,
        email=email,
        email_verified=email_verified and email is not None,
        phone_number=phone_number,
        phone_verified=phone_verified and phone_number is not None,
    )


def search_keys(user: User, folding: int) -> SearchKeys:
    """What `ListUsers` finds the user by. The username has a key only where it is not the sub."""

    def key(value: str | None) -> str | None:
        return cut_key(value, folding) if value else None

    return SearchKeys(
        username_key=None if user.username == user.sub else key(user.username),
        email_key=key(user.email),
        name_key=key(user.attributes.get("name")),
        given_name_key=key(user.attributes.get("given_name")),
        family_name_key=key(user.attributes.get("family_name")),
        preferred_username_key=key(user.attributes.get("preferred_username")),
    )


def _flag(value: bool) -> str:  # noqa: FBT001 - a formatter of one flag
    return "true" if value else "false"
