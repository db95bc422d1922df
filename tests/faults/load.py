"""People who sign up, in, on and out while the server is being killed, and who remember what they were told.

Everybody belongs to one thread, so what may be true about a person is known exactly: what was acknowledged
is true; what was asked and never answered may be.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import jwt
from tests.faults.wire import Lost, Refused, Wire, make_app, make_pool, refresh, refusal, sign_in

GRACE_SECONDS = 60
THREADS = 6
UP_WITHIN_SECONDS = 60

T = TypeVar("T")


@dataclass(frozen=True)
class Apps:
    """A pool, and its clients by what they do with refresh tokens: keep, rotate with grace, rotate without."""

    pool_id: str
    keeping: str
    graceful: str
    strict: str

    @classmethod
    def make(cls, wire: Wire) -> "Apps":
        pool_id = make_pool(wire)
        graceful = make_app(wire, pool_id, grace_seconds=GRACE_SECONDS)
        return cls(pool_id, make_app(wire, pool_id), graceful, make_app(wire, pool_id, grace_seconds=0))


@dataclass
class Family:
    """A sign-in that was acknowledged: its refresh tokens, newest last, and its newest access token."""

    client_id: str
    refresh_tokens: list[str]
    access_token: str
    over: bool = False
    doubtful: bool = False
    """A rotation without grace was never answered: the newest token may be spent."""


@dataclass
class Person:
    """Somebody whose sign-up was acknowledged, or answered at last by the news that it had happened."""

    name: str
    password: str
    sub: str | None
    confirmed: bool = False
    families: list[Family] = field(default_factory=list)


class Crowd:
    """`THREADS` threads of people; `up` is set while somebody listens. `figures` counts what was acknowledged."""

    def __init__(self, wire: Wire, seed: int) -> None:
        self.wire = wire
        self.apps = Apps.make(wire)
        self.up = threading.Event()
        self.up.set()
        self.figures: Counter[str] = Counter()
        self.people: list[Person] = []
        self.perhaps: set[str] = set()
        self.issued: list[str] = []
        self._stop = threading.Event()
        self._seed = seed

    def __enter__(self) -> Self:
        self._executor = ThreadPoolExecutor(THREADS)
        self._lives = [self._executor.submit(self._live, number) for number in range(THREADS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._executor.shutdown()

    def finish(self) -> None:
        """Let every thread come to rest, and fail with what any of them saw."""
        self._stop.set()
        for life in self._lives:
            life.result()

    def check(self, codes: dict[str, str]) -> None:
        """All that was acknowledged is true, and nothing is true twice. `codes` are those sent, by address."""
        assert len({person.sub for person in self.people if person.sub}) == sum(bool(p.sub) for p in self.people)
        assert len(set(self.issued)) == len(self.issued)
        self._check_listing()
        with ThreadPoolExecutor(THREADS) as executor:
            list(executor.map(lambda person: self._check(person, codes), self.people))

    def _live(self, number: int) -> None:
        _Life(self, number, random.Random(f"{self._seed}/{number}")).run(self._stop)

    def _check_listing(self) -> None:
        """Everybody acknowledged is listed once; nobody is listed who never asked to be."""
        listed: list[dict[str, Any]] = []
        page: dict[str, Any] = {}
        while page is not None:
            answer = self.wire.order("ListUsers", UserPoolId=self.apps.pool_id, Limit=60, **page)
            listed += answer["Users"]
            token = answer.get("PaginationToken")
            page = {"PaginationToken": token} if token else None
        names = Counter(user["Username"] for user in listed)
        subs = Counter(a["Value"] for user in listed for a in user["Attributes"] if a["Name"] == "sub")
        acknowledged = {person.name for person in self.people}
        assert max(names.values()) == max(subs.values()) == 1
        assert acknowledged <= names.keys() <= acknowledged | self.perhaps
        # Whoever was never told, and is there all the same, is there completely.
        self.figures["there without having been told"] = len(names.keys() - acknowledged)
        for name in sorted(names.keys() - acknowledged):
            self.people.append(Person(name, _password(name), None))

    def _check(self, person: Person, codes: dict[str, str]) -> None:
        told = self.wire.order("AdminGetUser", UserPoolId=self.apps.pool_id, Username=person.name)
        assert told["Enabled"]
        assert person.sub in (None, next(a["Value"] for a in told["UserAttributes"] if a["Name"] == "sub"))
        if person.confirmed:
            assert told["UserStatus"] == "CONFIRMED"
        elif told["UserStatus"] == "UNCONFIRMED":
            self._confirm(person, codes.get(_address(person.name)))
        sign_in(self.wire, self.apps.keeping, person.name, person.password)
        self.figures["people checked"] += 1
        for family in person.families:
            self._check_family(family)
            self.figures["families of tokens checked"] += 1

    def _confirm(self, person: Person, code: str | None) -> None:
        """By the code, where it is among those that are shown."""
        if code is None:
            self.wire.order("AdminConfirmSignUp", UserPoolId=self.apps.pool_id, Username=person.name)
        else:
            given = {"Username": person.name, "ConfirmationCode": code}
            self.wire.ask("ConfirmSignUp", ClientId=self.apps.keeping, **given)
            self.figures["confirmed by their code"] += 1

    def _check_family(self, family: Family) -> None:
        newest = family.refresh_tokens[-1]
        if family.over:
            assert refusal(refresh, self.wire, family.client_id, newest) in ("NotAuthorized", "RefreshTokenReuse")
            assert refusal(self.wire.ask, "GetUser", AccessToken=family.access_token) == "NotAuthorized"
            return
        if family.doubtful:
            return
        self.wire.ask("GetUser", AccessToken=family.access_token)
        tokens = refresh(self.wire, family.client_id, newest)
        if family.client_id == self.apps.graceful:
            # In its grace the token before leads to the same successor's family.
            tokens = refresh(self.wire, family.client_id, newest)
            refresh(self.wire, family.client_id, tokens["RefreshToken"])
        if family.client_id != self.apps.strict:
            return
        # Rotated away, without grace: refused, and the family ends with it.
        assert refusal(refresh, self.wire, family.client_id, newest) == "RefreshTokenReuse"
        assert refusal(refresh, self.wire, family.client_id, tokens["RefreshToken"]) == "NotAuthorized"


class _Life:
    """What the people of one thread do, one deed after the other."""

    def __init__(self, crowd: Crowd, number: int, chance: random.Random) -> None:
        self._crowd = crowd
        self._wire = crowd.wire
        self._apps = crowd.apps
        self._number = number
        self._chance = chance
        self._people: list[Person] = []
        self._made = 0

    def run(self, stop: threading.Event) -> None:
        deeds: dict[Callable[[], None], int] = {
            self._sign_up: 6,
            self._confirm: 5,
            self._sign_in: 8,
            self._refresh: 8,
            self._sign_out: 1,
            self._revoke: 1,
        }
        while not stop.is_set():
            self._chance.choices(list(deeds), list(deeds.values()))[0]()

    def _insist(self, what: str, deed: Callable[[], T], *already: str) -> T | None:
        """The answer of `deed`, asked until one comes; None when a refusal in `already` says that it had happened."""
        lost = False
        while True:
            assert self._crowd.up.wait(UP_WITHIN_SECONDS)
            try:
                answer = deed()
            except Lost:
                lost = True
                self._crowd.figures["requests without an answer"] += 1
            except Refused as refused:
                if not lost or refused.name not in already:
                    raise AssertionError(f"{what}: {refused}") from refused
                return None
            else:
                self._crowd.figures[what] += 1
                return answer

    def _sign_up(self) -> None:
        self._made += 1
        name = f"p{self._number}-{self._made}"
        person = Person(name, _password(name), None)

        def deed() -> dict[str, Any]:
            email = [{"Name": "email", "Value": _address(name)}]
            given = {"Username": name, "Password": person.password, "UserAttributes": email}
            return self._wire.ask("SignUp", ClientId=self._apps.keeping, **given)

        if self._chance.random() < 0.3:
            # Asked once: without an answer nobody knows.
            self._crowd.perhaps.add(name)
            try:
                answer = deed()
            except Lost:
                return
            self._crowd.figures["sign-ups"] += 1
        else:
            answer = self._insist("sign-ups", deed, "UsernameExists") or {}
        person.sub = answer.get("UserSub")
        self._people.append(person)
        self._crowd.people.append(person)

    def _confirm(self) -> None:
        waiting = [person for person in self._people[-8:] if not person.confirmed]
        if waiting:
            person = self._chance.choice(waiting)
            given = {"UserPoolId": self._apps.pool_id, "Username": person.name}
            self._insist("confirmations", lambda: self._wire.order("AdminConfirmSignUp", **given), "NotAuthorized")
            person.confirmed = True

    def _sign_in(self) -> None:
        person = self._somebody()
        if person is None:
            return
        client_id = self._chance.choice([self._apps.keeping, self._apps.graceful, self._apps.strict])
        tokens = self._insist("sign-ins", lambda: sign_in(self._wire, client_id, person.name, person.password))
        assert tokens is not None
        self._crowd.issued.append(_claims(tokens["AccessToken"])["origin_jti"])
        person.families.append(Family(client_id, [tokens["RefreshToken"]], tokens["AccessToken"]))
        self._note(tokens)

    def _refresh(self) -> None:
        person = self._somebody()
        families = [family for family in person.families if not family.over] if person else []
        if not families:
            return
        family = self._chance.choice(families)
        already = ("RefreshTokenReuse", "NotAuthorized") if family.client_id == self._apps.strict else ()
        newest = family.refresh_tokens[-1]
        tokens = self._insist("refreshes", lambda: refresh(self._wire, family.client_id, newest), *already)
        if tokens is None:
            # Without grace the answer that got lost took the family with it; shown again, the token ended it.
            family.over = True
            return
        family.access_token = tokens["AccessToken"]
        family.refresh_tokens += [tokens["RefreshToken"]] if "RefreshToken" in tokens else []
        self._note(tokens)

    def _sign_out(self) -> None:
        person = self._somebody()
        if person is None:
            return
        given = {"UserPoolId": self._apps.pool_id, "Username": person.name}
        self._insist("sign-outs", lambda: self._wire.order("AdminUserGlobalSignOut", **given))
        for family in person.families:
            family.over = True

    def _revoke(self) -> None:
        person = self._somebody()
        families = [family for family in person.families if not family.over] if person else []
        if families:
            family = self._chance.choice(families)
            given = {"ClientId": family.client_id, "Token": family.refresh_tokens[-1]}
            self._insist("revocations", lambda: self._wire.ask("RevokeToken", **given))
            family.over = True

    def _somebody(self) -> Person | None:
        confirmed = [person for person in self._people[-40:] if person.confirmed]
        return self._chance.choice(confirmed) if confirmed else None

    def _note(self, tokens: dict[str, str]) -> None:
        self._crowd.issued += [_claims(tokens[name])["jti"] for name in ("AccessToken", "IdToken")]


def _password(name: str) -> str:
    return f"Passw0rd!{name}"


def _address(name: str) -> str:
    return f"{name}@example.com"


def _claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))
