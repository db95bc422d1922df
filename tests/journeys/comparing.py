"""Lido and the model side by side: both are asked, and whatever they say differently ends the walk with its story."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine
from tests.journeys.model import Model
from tests.journeys.things import (
    DAY,
    MINUTE,
    SECOND,
    Access,
    Client,
    Code,
    Family,
    Pool,
    Refresh,
    Refused,
    Step,
    User,
)
from tests.journeys.wire import Wire, claims, short
from tests.world import World

from lido.flows import outbox

NAMES = ("ann", "bob", "ANN")
WHOEVER = "whoever"
"""Somebody for whom the deed makes sense, if there is anybody."""

T = TypeVar("T")
Predict = Callable[[], T]


class Comparison(RuleBasedStateMachine):
    """What both have seen so far, and how they are asked."""

    def __init__(self, house: World) -> None:
        super().__init__()
        self.house = house
        self.wire = Wire(house)
        self.now = house.clock.now
        house.clock.advance(seconds=60 - self.now() % MINUTE / SECOND)
        self.model = Model(self.now)
        self.story: list[str] = []
        self.failed = False
        self.steps: list[Step] = []
        self.access: list[Access] = []
        self.refreshes: list[Refresh] = []
        self.codes: list[Code] = []
        self.everybody: list[User] = []
        self.newest: dict[str, str] = {}
        self.pools: dict[str, Pool] = {}
        self.clients: dict[str, Client] = {}

    # How both worlds are asked, and their answers compared.

    def both(
        self, predict: Predict[T], operation: str, *, signed: bool = False, **body: Any
    ) -> tuple[T, dict[str, Any]] | None:
        """What the model and Lido say to one deed; None for a refusal in which they agree."""
        self.house.clock.advance(seconds=0.001)
        told: Any = "done"
        answer: dict[str, Any] = {}
        try:
            expected, prediction = predict(), "done"
        except Refused as refused:
            expected, prediction = None, refused.said  # type: ignore[assignment] # not looked at
        try:
            answer = self.wire(operation, signed=signed, **body)
        except Refused as refused:
            told = refused.said
        self.note(f"{operation} {short(body)}", told)
        self.agree(told, prediction, operation)
        return None if prediction != "done" else (expected, answer)  # type: ignore[return-value]

    def note(self, deed: str, told: Any) -> None:
        for name, thing in (self.pools | self.clients).items():
            deed = deed.replace(thing.id, name)
        self.story.append(f"{len(self.story) + 1:3} {self.now() % (100 * DAY) / 1000:.3f} s  {deed} -> {told}")

    def agree(self, told: Any, prediction: Any, what: str) -> None:
        if told != prediction:
            self.failed = True
            raise AssertionError(
                f"{what}: Lido says {told}, the model {prediction}. The story:\n" + "\n".join(self.story)
            )

    def named(self, pool: Pool, who: str, fits: Callable[[User], Any] = lambda user: True) -> str:
        """A name, of the newest who `fits` if nobody is named; or the sub of somebody who is or was there."""
        if who == WHOEVER:
            fitting = [user.username for user in self.model.users if user.pool is pool and fits(user)]
            return fitting[-1] if fitting else "ann"
        if not who.startswith("sub "):
            return who
        subs = [user.sub for user in self.everybody if user.pool is pool]
        return subs[int(who[4:]) % len(subs)] if subs else "ann"

    def free(self, pool: Pool, who: str) -> str:
        """A name, one that nobody has if none is said."""
        free = [name for name in NAMES if self.model.find(pool, name) is None]
        return free[0] if who == WHOEVER and free else self.named(pool, who)

    def guess(self, user: User | None, guess: str) -> str:
        if user is None or guess == "wrong":
            return "Wr0ng-guess"
        return user.password if guess == "right" or not user.earlier else user.earlier[0]

    def code_for(self, user: User | None, purpose: str, which: str) -> str:
        """The right code, a wrong one, or one that was seen somewhere before."""
        code = user.codes.get(purpose) if user else None
        if which.startswith("seen") and self.codes:
            return self.codes[-1 - int(which[5:]) % len(self.codes)].text
        right = code.text if code and code.text else "123456"
        if which.isdigit():
            return which
        return right if which != "wrong" else f"{(int(right) + 1) % 1_000_000:06}"

    def sent(self, pool: Pool, code: Code | None) -> None:
        """Exactly the code that the model knows of has left, if any."""
        found = outbox.sent(self.house.call(), pool_id=pool.id, limit=1)
        newest = f"{found[0].to} {found[0].code}" if found else ""
        self.agree(newest != self.newest.get(pool.id, ""), code is not None, "a message was sent")
        self.newest[pool.id] = newest
        if code is not None:
            self.agree(found[0].to, code.address, "recipient")
            code.text = found[0].code
            self.codes.append(code)

    def hash_of(self, client: Client, name: str, *, proven: bool) -> str | None:
        if not proven:
            return "AAAA"
        if client.secret is None:
            return None
        digest = hmac.digest(client.secret.encode(), (name + client.id).encode(), hashlib.sha256)
        return base64.b64encode(digest).decode()

    def secret_of(self, client: Client, *, proven: bool) -> str | None:
        return client.secret if proven else "wrong" * 6

    def client_at(self, door: str, client: Client) -> dict[str, Any]:
        """Through which client, and at the operators' door of which pool."""
        return {"ClientId": client.id} | ({"UserPoolId": client.pool.id, "signed": True} if door == "admin" else {})

    def take_in(self, found: tuple[Family | Step, dict[str, Any]] | None) -> None:
        """The outcome of a sign-in: tokens if and only if the model has proof enough, else the next step."""
        if found is None:
            return
        outcome, answer = found
        self.agree("AuthenticationResult" in answer, isinstance(outcome, Family), "tokens appeared")
        if isinstance(outcome, Step):
            self.agree(answer["ChallengeName"], outcome.kind, "challenge")
            outcome.half = answer["ChallengeParameters"]
            outcome.text = answer.get("Session") or outcome.half["SECRET_BLOCK"]
            self.steps.append(outcome)
            return
        result = answer["AuthenticationResult"]
        outcome.id = claims(result["AccessToken"])["origin_jti"]
        self.receive(outcome, result)
        self.refreshes.append(Refresh(outcome, 1, result["RefreshToken"]))

    def receive(self, family: Family, result: dict[str, Any]) -> None:
        """An access and an ID token, which must say what the model knows."""
        user, issued_at = family.user, self.now() // SECOND
        expected = {
            "sub": user.sub,
            "auth_time": family.auth_time,
            "origin_jti": family.id,
            "iss": f"http://localhost:9229/{user.pool.id}",
            "iat": issued_at,
            "exp": issued_at + 3600,
        }
        access, identity = claims(result["AccessToken"]), claims(result["IdToken"])
        mine = expected | {"username": user.username, "client_id": family.client.id, "token_use": "access"}
        self.agree({name: access.get(name) for name in mine}, mine, "claims of the access token")
        mine = expected | {"cognito:username": user.username, "aud": family.client.id, "token_use": "id"}
        mine |= {"email": user.email, "email_verified": user.verified} if user.email else {}
        self.agree({name: identity.get(name) for name in mine}, mine, "claims of the ID token")
        self.access.append(Access(family, (issued_at + 3600) * SECOND, result["AccessToken"]))

    def token(self, nth: int) -> Access:
        return self.access[-1 - nth % len(self.access)]
