"""Challenges: one file each, found by their wire name; this page says what a challenge is.

A challenge file has a `NAME`, a `GUARD`, `offer` and `answer`. It decides whether
an answer is right and what then becomes true; the engine (flows/sign_in.py) takes
and settles tries, spends steps and asks the table what comes next.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal, Protocol, cast

from msgspec import Struct

from lido.call import Call
from lido.flows.progress import Progress
from lido.flows.signing import Ring
from lido.records import Client, Password, Pool, User
from lido.rules.app_clients import Terms
from lido.rules.steps import Proof
from lido.storage.database import Transaction
from lido.storage.sign_ins import Group

Effect = Callable[[Transaction], None]
"""Something that becomes true with the step, in its transaction; raises to undo everything."""

Guard = Literal["lockout", "none"]
"""What is taken before an answer is judged: a try of the account's lockout, or nothing."""


class Scene(Struct, frozen=True):
    """Who stands at which door: pool and client with their terms and keys, and whom the name led to.

    `user` is None for a stranger who may not learn it; `subject` is what the lockout counts on.
    """

    pool: Pool
    client: Client
    terms: Terms
    ring: Ring
    typed: str
    name_key: str
    subject: str
    user: User | None
    password: Password | None
    groups: tuple[Group, ...]


class Offer(Struct, frozen=True):
    """A challenge as the person is told it. `secret` goes sealed with the step; a `sessionless` one carries it itself."""

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

    def offer(self, call: Call, scene: Scene, progress: Progress, given: Mapping[str, str]) -> Offer:
        """The challenge for this person; `given` is what came with the request that leads to it."""
        ...

    def answer(self, call: Call, scene: Scene, progress: Progress, given: Mapping[str, str]) -> Judgement:
        """Refuse a malformed answer by raising, which costs nothing; calling what is returned judges it."""
        ...


@cache
def registry() -> dict[str, Challenge]:
    """Every challenge by wire name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    found = [cast(Challenge, importlib.import_module(f"{__name__}.{name}")) for name in names]
    return {challenge.NAME: challenge for challenge in found}
