"""What a walk over all factors knows of: pools, people and what they hold, sign-ins under way, and what they led to."""

from base64 import b32decode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from tests.passkeys import Authenticator
from tests.remembered import Gadget

TOTP_STEP = 30_000


@dataclass(eq=False)
class Pool:
    """`mode` is MfaConfiguration, `multi` whether a passkey counts for two factors, `devices` (suppresses, asks)."""

    id: str
    mode: str
    first: tuple[str, ...]
    multi: bool
    devices: tuple[bool, bool] | None
    links: str
    recovery: bool
    several: bool
    sms: bool
    email: bool
    changes: int = 0


@dataclass(eq=False)
class Client:
    pool: Pool
    id: str
    name: str
    hides: bool


class Phone:
    """An authenticator app; `used` is the last time step whose code was taken."""

    def __init__(self, secret_code: str, name: str | None) -> None:
        # SHA-1 is what RFC 6238 and every app speak.
        self._totp = TOTP(b32decode(secret_code + "===="), 6, SHA1(), 30)
        self.name = name
        self.used = 0

    def code(self, step: int) -> str:
        return self._totp.generate(step * TOTP_STEP // 1000).decode()

    def step_of(self, code: str, now: int) -> int | None:
        """The unused time step about now that shows this code."""
        here = now // TOTP_STEP
        return next((step for step in (here - 1, here, here + 1) if step > self.used and self.code(step) == code), None)


@dataclass(frozen=True)
class Shown:
    """One thing that somebody has truly shown; `medium` is what a code came over, `copied` is said of passkeys."""

    factor: str
    at: int
    medium: str = ""
    copied: bool = False


@dataclass(eq=False)
class Person:
    """`factors` are the second factors switched on; `changes` counts whatever a sign-in under way may trip over."""

    pool: Pool
    username: str
    password: str | None
    email: str
    phone: str | None
    email_verified: bool = True
    sub: str = ""
    status: str = "CONFIRMED"
    enabled: bool = True
    epoch: int = 0
    version: int = 1
    password_at: int = 0
    temporary_until: int = 0
    factors: set[str] = field(default_factory=set)
    phones: list[Phone] = field(default_factory=list)
    passkeys: list[Authenticator] = field(default_factory=list)
    devices: dict[str, "Device"] = field(default_factory=dict)
    recovery: list[str] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    changes: int = 0
    failures: int = 0
    entered: bool = False

    def state(self) -> tuple[int, int]:
        return self.epoch, self.version

    def names(self) -> set[str | None]:
        return {self.username, self.sub, self.email, self.phone}


@dataclass(eq=False)
class Device:
    gadget: Gadget
    remembered: bool


@dataclass(eq=False)
class Family:
    """One sign-in from its beginning; `wrong` counts wrong codes by how much had been shown before."""

    began_at: int
    wrong: dict[int, int] = field(default_factory=dict)


@dataclass(eq=False)
class Step:
    """A string in somebody's hands that carries a sign-in: a Session, a SECRET_BLOCK, or what a link or sign-up gave.

    `code` is what the message said, `half` the client's half of SRP, `phone` the authenticator that is being set up,
    `link` what the link that was sent gives instead. `nobodys`: whoever had nothing to choose is treated like nobody,
    and whatever changes for them later changes nothing for that sign-in.
    """

    text: str
    challenge: str
    client: Client
    door: str
    person: Person
    shown: tuple[Shown, ...]
    family: Family
    expires_at: int
    state: tuple[int, int]
    stamp: tuple[int, int]
    device: str = ""
    targets: tuple[int, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)
    available: tuple[str, ...] = ()
    code: str = ""
    address: str = ""
    by_link: bool = False
    link: "Step | None" = None
    half: Any = None
    phone: Phone | None = None
    set_up: bool = False
    used: bool = False
    nobodys: bool = False


@dataclass(eq=False)
class Grant:
    """The tokens of one sign-in, and what they must say."""

    client: Client
    person: Person
    shown: tuple[Shown, ...]
    claims: dict[str, Any]
    access: str
    refresh: str
    given_at: int
    access_until: int
    epoch: int
    device: str
    group: str = ""
    revoked: bool = False


@dataclass
class Try:
    """One request of a sign-in, as the model sees it: whether it may go on at all, and what is shown after it.

    `excused`: it may be refused though nothing is wrong with it; `spends` the step that it uses up.
    """

    person: Person
    client: Client
    door: str
    valid: bool
    shown: tuple[Shown, ...]
    family: Family
    device: str = ""
    targets: tuple[int, ...] = ()
    excused: bool = False
    step: Step | None = None
    spends: bool = False
    guess: str = ""
    half: Any = None
    address: str = ""
    by_link: bool = False
