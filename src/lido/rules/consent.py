"""Consent: which apps people are asked about, and what of a request they have not agreed to yet."""

from collections.abc import Collection

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


def missing(asked: Collection[str], given: Collection[str], *, named_then: str, named_now: str) -> tuple[str, ...]:
    """The scopes that are new to the person: all of them where the app goes by another name than it did."""
    return tuple(scope for scope in asked if named_then != named_now or scope not in given)
