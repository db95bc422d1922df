"""How a session came about: kept with it, because refreshed tokens say the same and a step-up goes on from it."""

from typing import Literal

import msgspec

from lido.records import Session
from lido.rules.second_factors import Proof


class GrantInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was shown (`proofs`), and what tokens say about that; `acr` is the name that the level had at that time.

    `asks_strength`: tokens tell it, whatever the pool says, because the app asked (`acr_values`). `resource` is the
    audience that access tokens are bound to (RFC 8707), `jkt` the thumbprint of the key (RFC 9449).
    """

    origin: Literal["api", "code", "implicit", "device"]
    scope: str
    amr: tuple[str, ...] = ()
    acr: str | None = None
    proofs: tuple[Proof, ...] = ()
    resource: str | None = None
    jkt: str | None = None
    asks_strength: bool = False


_decode = msgspec.json.Decoder(GrantInfo).decode


def write(info: GrantInfo) -> str:
    """The text that `read` reads."""
    return msgspec.json.encode(info).decode()


def read(session: Session) -> GrantInfo:
    """How that session came about."""
    return _decode(session.grant_info)
