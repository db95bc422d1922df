"""What a walk knows of: pools and clients, people, and every string that was ever handed out."""

from dataclasses import dataclass, field
from typing import Any

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


class Refused(Exception):
    """A refusal: Cognito's name without "Exception", and its sentence."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{name}: {sentence}")
        self.said = (name, sentence)


@dataclass(eq=False)
class Pool:
    """`aliases`: a verified e-mail address is a name, and names know no case; `proves_first`: a new one waits."""

    id: str
    aliases: bool = False
    proves_first: bool = False
    history: int = 0

    def fold(self, name: str) -> str:
        return name.casefold() if self.aliases else name


@dataclass(eq=False)
class Client:
    """`grace` is None where refresh tokens are not rotated. Times are milliseconds."""

    pool: Pool
    id: str
    secret: str | None
    hides: bool
    refresh_life: int
    grace: int | None = None


@dataclass(eq=False)
class Code:
    """`text` is what the message said."""

    user: "User"
    purpose: str
    address: str
    epoch: int
    expires_at: int
    text: str = ""


@dataclass(eq=False)
class User:
    pool: Pool
    username: str
    status: str
    password: str
    email: str | None = None
    verified: bool = False
    sub: str = ""
    enabled: bool = True
    gone: bool = False
    epoch: int = 0
    version: int = 1
    temporary_until: int | None = None
    pending: str | None = None
    earlier: list[str] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)

    def names(self) -> set[str]:
        """What is typed to find the user, beside the sub."""
        alias = {self.email.casefold()} if self.pool.aliases and self.verified and self.email else set()
        return {self.pool.fold(self.username)} | alias


Subject = User | tuple[Pool, str]


@dataclass(eq=False)
class Step:
    """A Session or a SECRET_BLOCK. `state` is the account's when it was made; `half` what only the person knows."""

    kind: str
    client: Client
    door: str
    typed: str
    user: User | None
    subject: Subject
    state: tuple[int, int]
    expires_at: int
    used: bool = False
    text: str = ""
    half: Any = None


@dataclass(eq=False)
class Family:
    """One sign-in with all its tokens; `id` is their origin_jti."""

    client: Client
    user: User
    epoch: int
    auth_time: int
    expires_at: int
    id: str = ""
    generation: int = 1
    rotated_at: int = 0
    grace_generation: int = 0
    grace_until: int = 0
    revoked: bool = False
    swept: bool = False


@dataclass(eq=False)
class Access:
    family: Family
    expires_at: int
    text: str = ""


@dataclass(eq=False)
class Refresh:
    family: Family
    generation: int
    text: str = ""


@dataclass
class Lock:
    failures: int = 0
    last_at: int = 0
    until: int = 0
