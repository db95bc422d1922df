"""The attribute `identities`: the accounts at identity providers that are one user, as profiles and tokens tell it."""

import json
from collections.abc import Iterable
from typing import NamedTuple

NAME = "identities"


class Identity(NamedTuple):
    """An account: `subject` is its id at the provider, `is_primary` where it made the user."""

    subject: str
    provider: str
    kind: str
    issuer: str | None
    is_primary: bool
    linked_at: int


def attribute(accounts: Iterable[Identity]) -> str:
    """The attribute's value, the account that made the user first; '' for none, which removes it."""
    told = [_entry(each) for each in sorted(accounts, key=lambda each: (not each.is_primary, each.linked_at))]
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) if told else ""


def claim(value: str | None) -> list[dict[str, object]]:
    """The claim of an ID token: the same entries, of which everything is text but a missing issuer."""
    if not value:
        return []
    entries: list[dict[str, object]] = json.loads(value)
    return [
        {**entry, "primary": "true" if entry["primary"] else "false", "dateCreated": str(entry["dateCreated"])}
        for entry in entries
    ]


def _entry(account: Identity) -> dict[str, object]:
    return {
        "userId": account.subject,
        "providerName": account.provider,
        "providerType": account.kind,
        "issuer": account.issuer if account.kind == "SAML" else None,
        "primary": account.is_primary,
        "dateCreated": account.linked_at,
    }
