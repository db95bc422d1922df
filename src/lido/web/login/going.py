"""A challenge under way, in one hidden field: what the engine wants back, and what the page shows, sealed together.

So a page can be shown again with what it showed, and nobody writes on it.
"""

import msgspec

from lido.flows.sign_in import NextChallenge
from lido.rules.sealing import Unsealable
from lido.web.login.troubles import StartAgain
from lido.web.login.visits import Visit

_PURPOSE = "page"


class Going(msgspec.Struct, frozen=True, array_like=True):
    """The challenge `name` that `username` must answer, with the engine's `session` and what it told."""

    name: str
    username: str
    session: str
    parameters: dict[str, str]
    available: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Going({self.name})"

    def told(self, name: str) -> str:
        """A parameter of the challenge; '' where it has none of that name."""
        return self.parameters.get(name, "")

    def listed(self, name: str) -> list[str]:
        """A parameter that is a list, as JSON in a string."""
        return msgspec.json.decode(self.told(name) or "[]", type=list[str])


def of(challenge: NextChallenge, username: str) -> Going:
    """What a page must know of that challenge."""
    return Going(challenge.name, username, challenge.session or "", challenge.parameters, challenge.available)


def write(visit: Visit, going: Going) -> str:
    """The text that `read` reads, with the same pool and client alone."""
    content = msgspec.msgpack.encode(going)
    return visit.call.keys.seal_text(_PURPOSE, content, visit.site.pool_id, visit.client_id)


def read(visit: Visit, text: str) -> Going:
    """The challenge that a form carries. Raises StartAgain for what no page of this pool and client carried."""
    try:
        content = visit.call.keys.open_text(_PURPOSE, text, visit.site.pool_id, visit.client_id)
        return msgspec.msgpack.decode(content, type=Going)
    except (Unsealable, msgspec.MsgspecError):
        raise StartAgain from None
