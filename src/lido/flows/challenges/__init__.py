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

from lido import errors
from lido.call import Call
from lido.flows import access
from lido.flows.progress import Progress
from lido.flows.scenes import Scene, required
from lido.records import Status
from lido.rules.custom_challenges import Round
from lido.rules.steps import NOT_BUILT, Proof, Situation
from lido.storage.database import Transaction

Effect = Callable[[Transaction], None]
"""Something that becomes true with the step, in its transaction; raises to undo everything."""

Guard = Literal["lockout", "budget", "none"]
"""What is taken before an answer is judged: a try of the account's lockout; one of the sign-in's three answers and of
the account's tries in an hour; or nothing. A wrong answer spends the step, except under a budget."""

Carrier = Literal["session", "secret block"]
"""Where the sealed progress travels: in `Session`, or as SECRET_BLOCK among the parameters (life: 60 s)."""


class Turn(Struct, frozen=True):
    """One request within a sign-in: the scene, how far it has come, what came with the request, what the table saw."""

    call: Call
    scene: Scene
    progress: Progress
    given: Mapping[str, str]
    situation: Situation

    def required(self, name: str) -> str:
        """What the request must bring. Raises InvalidParameter."""
        return required(self.given, name)


class Offer(Struct, frozen=True):
    """A challenge as the person is told it; `secret` stays sealed in what the person carries.

    `effects` become true when it is presented (a message is written); `available` is `AvailableChallenges`.
    """

    parameters: dict[str, str]
    secret: bytes = b""
    effects: tuple[Effect, ...] = ()
    available: tuple[str, ...] = ()


class Right(Struct, frozen=True):
    """The answer was right: what it proves, what becomes true with it, and how the scene then stands.

    `progress` is given where the answer says how to go on (a choice). An answer that neither proves nor changes
    anything may be given again. `round` is given for challenges of the pool's own, whose triggers decide what follows
    from a wrong answer too.
    """

    scene: Scene
    proof: Proof | None = None
    effects: tuple[Effect, ...] = ()
    progress: Progress | None = None
    round: Round | None = None


class Wrong(Struct, frozen=True):
    """The answer was wrong, and what the person is told."""

    sentence: str = "Incorrect username or password."
    fault: type[errors.Fault] = errors.NotAuthorized


Judgement = Callable[[], Right | Wrong]


def wrong_password(scene: Scene) -> Wrong:
    """As ever; who has none yet, imported without one, learns that one must be chosen, if the client hides nobody."""
    user = scene.user
    chooses = user is not None and user.status == Status.RESET_REQUIRED and scene.password is None
    if not chooses or access.hides_users(scene.pool, scene.client):
        return Wrong()
    return Wrong(errors.PasswordResetRequired.sentence, errors.PasswordResetRequired)


class Challenge(Protocol):
    """What every file of this folder is."""

    NAME: str
    GUARD: Guard
    CARRIER: Carrier

    def offer(self, turn: Turn, /) -> Offer:
        """The challenge for this person; `turn.given` came with the request that leads to it.

        Raises InvalidParameter for that.
        """
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


def find(name: str) -> Challenge:
    """The challenge that the table asks for. Raises InvalidUserPoolConfiguration: what is missing is never skipped."""
    challenge = registry().get(name)
    if challenge is None:
        raise errors.InvalidUserPoolConfiguration(NOT_BUILT.format(name))
    return challenge
