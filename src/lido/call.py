"""What travels with one request: database, ports, caller, and when and whence it came.

A typed struct, not a locator: nothing is asked for by name, and nothing in it
is looked up later.
"""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from lido.ports.clock import Clock
from lido.ports.entropy import Entropy
from lido.ports.triggers.carrier import Carrier
from lido.rules.identifiers import is_region
from lido.rules.jws import Key
from lido.rules.policies import Policy
from lido.rules.sealing import KeyRing
from lido.storage.database import Database


class House(Struct, frozen=True):
    """What the installation is: the facts about it that answers and tokens carry.

    `regions` is None where any region may be asked for; `default_region` names
    those of callers who sign nothing. `public_url` has no slash at its end. `domain_suffix` ends the names of prefix
    domains, '' where they answer nowhere; `announces_prefixes` tells whether clients are led to them. `stand_in_key`
    keys what stands in for users that do not exist; `audit_key` proves the audit trail.
    """

    account_id: str
    default_region: str
    regions: frozenset[str] | None
    public_url: str
    domain_suffix: str
    announces_prefixes: bool
    stand_in_key: bytes
    audit_key: bytes

    def __repr__(self) -> str:
        return f"House({self.public_url})"

    def serves(self, region: str) -> bool:
        """Whether requests signed for `region` are answered."""
        return is_region(region) if self.regions is None else region in self.regions


class Caller(Struct, frozen=True):
    """An operator whose signature was verified, with every policy that binds them."""

    arn: str
    access_key_id: str
    region: str
    policies: tuple[Policy, ...]


class Hashing(Protocol):
    """Password hashing with a bound on how much of it runs at once (flows/hashing.py)."""

    def hash(self, password: str, salt: bytes) -> str:
        """The PHC string of a password under a 16-byte salt."""
        ...

    def verify(self, phc: str, password: str) -> bool:
        """Whether the password is the one that the PHC string was made of."""
        ...

    def needs_rehash(self, phc: str) -> bool:
        """Whether the PHC string was made with other costs than today's."""
        ...


class KeySets(Protocol):
    """The keys that others publish (ports/key_sets.py)."""

    def find(self, url: str, kid: str | None, now: int) -> tuple[Key, ...]:
        """The keys at that address that a signer who names `kid` may have used, as known at `now` (ms)."""
        ...


class Limits(Protocol):
    """How often pools may be asked (flows/limits.py)."""

    def spend(self, scope: str, charges: tuple[str, ...], now: int) -> None:
        """Count a request to a pool, or to a region as a whole, at `now` (ms). Raises TooManyRequests."""
        ...

    def adopt_rates(self, rates: Mapping[tuple[str, str], int], now: int) -> None:
        """The rates that were set from `now` on, by pool or region and category."""
        ...

    def rate(self, scope: str, charge: str) -> int:
        """Requests a second of a pool or region."""
        ...


class Documents(Protocol):
    """What others publish about themselves (ports/documents.py)."""

    def fetch(self, url: str, *, accept: str, limit_bytes: int) -> bytes:
        """The document at that address, asked for now. Raises ports.documents.Unobtainable."""
        ...


class Call(Struct, frozen=True):
    """One request. `now` is its time of arrival, milliseconds since 1970; `address` the client's, '' if unknown;
    `address_is_own` whether it is the person's own although the app is a server: a browser's, or one that was told;
    `client_metadata` what the client says to the pool's triggers, in the operations that take it; `charges` what the
    request will count in, once it is proven which pool it is about.
    """

    db: Database
    keys: KeyRing
    clock: Clock
    entropy: Entropy
    hashing: Hashing
    triggers: Carrier
    key_sets: KeySets
    limits: Limits
    documents: Documents
    house: House
    caller: Caller | None
    request_id: str
    address: str
    agent: str
    now: int
    client_metadata: Mapping[str, str] = {}
    charges: tuple[str, ...] = ()
    address_is_own: bool = False

    @property
    def region(self) -> str:
        """The region that the request was signed for, or the default one."""
        return self.caller.region if self.caller else self.house.default_region

    def charge(self, pool_id: str) -> None:
        """Count the request, whose token or session has just been proven, for its pool. Raises TooManyRequests."""
        if self.charges:
            self.limits.spend(pool_id, self.charges, self.now)
