"""Challenges: one file each, found by their wire name; this page says what a challenge is.

A challenge file decides whether an answer is right and what then becomes true; the
engine (flows/sign_in.py) takes and settles tries, spends steps and asks the table
what comes next.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal, Protocol, cast

from msgspec import Struct

from lido.call import Call
from lido.flows.progress import Progress
from lido.flows.scenes import Scene, required
from lido.rules.steps import Proof
from lido.storage.database import Transaction

Effect = Callable[[Transaction], None]
"""Something that becomes true with the step, in its transaction; raises to undo everything."""

Guard = Literal["lockout", "none"]
"""What is taken before an answer is judged: a try of the account's lockout, or nothing."""

Carrier = Literal["session", "secret block"]
"""Where the sealed progress travels: in `Session`, or as SECRET_BLOCK among the parameters (life: 60 s)."""


class Turn(Struct, frozen=True):
    """One request within a sign-in: the scene, how far it has come, and what came with the request."""

    call: Call
    scene: Scene
    progress: Progress
    given: Mapping[str, str]

    def required(self, name: str) -> str:
        """What the request must bring. Raises InvalidParameter."""
        return required(self.given, name)


class Offer(Struct, frozen=True):
    """A challenge as the person is told it; `secret` stays sealed in what the person carries."""

    parameters: dict[str, str]
    secret: bytes = b""


class Right(Struct, frozen=True):
    """The answer was right: what it proves, what becomes true with it, and how the scene then stands."""

    scene: Scene
    proof: Proof | None = None
    effects: tuple[Effect, ...] = ()


class Wrong(Struct, frozen=True):
    """The answer was wrong; `sentence` is what the person is told."""

    sentence: str = "Incorrect username or password."


Judgement = Callable[[], Right | Wrong]


class Challenge(Protocol):
    """What every file of this folder is."""

    NAME: str
    GUARD: Guard
    CARRIER: Carrier

    def offer(self, turn: Turn, /) -> Offer:
        """The challenge for this person. Raises InvalidParameter for what came with the request that leads to it."""
        ...

    def answer(self, turn: Turn, /) -> Judgement:
        """What judges this answer. A malformed one is refused at once by raising, which costs nothing."""
        ...


@cache
def registry() -> dict[str, Challenge]:
    """Every challenge by wire name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    found = [cast("Challenge", importlib.import_module(f"{__name__}.{name}")) for name in names]
    return {challenge.NAME: challenge for challenge in found}
