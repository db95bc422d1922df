"""Consent: which apps people are asked about, and what of a request they have not agreed to yet."""

from collections.abc import Collection
from urllib.parse import urlsplit

from lido.records import Client, Pool
from lido.rules import options

OF_REGISTERED = "DCR"
"""The kind of clients that registered themselves."""


def is_needed(pool: Pool, client: Client) -> bool:
    """Whether the app is somebody else's: by its option `third_party`, or because it registered itself.

    An operator who sets the option to `false` on a client that registered itself vouches for it.
    """
    if client.kind == OF_REGISTERED:
        return client.settings.options.get("third_party") != "false"
    return options.is_on(pool, "third_party", client)


def is_strangers(client: Client) -> bool:
    """Whether anybody at all may have registered the app: without a token, and no operator vouches for it."""
    is_vouched_for = client.settings.by_token or client.settings.options.get("third_party") == "false"
    return client.kind == OF_REGISTERED and not is_vouched_for


def place(redirect_uri: str) -> str:
    """What people can know an address by: its host, or the scheme of an app on this machine."""
    parts = urlsplit(redirect_uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def missing(asked: Collection[str], given: Collection[str], *, named_then: str, named_now: str) -> tuple[str, ...]:
    """The scopes that are new to the person: all of them where the app goes by another name than it did."""
    return tuple(scope for scope in asked if named_then != named_now or scope not in given)
