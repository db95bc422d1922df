"""How a walk over factors asks two nodes of one house in turn, and holds every answer against what was truly shown."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hypothesis.stateful import RuleBasedStateMachine
from tests.journeys.factor_model import ANSWERS, FREE_FAILURES, HOUR, alive, amr, choices, enough, level, seconds
from tests.journeys.factor_things import Client, Family, Grant, Person, Pool, Shown, Step, Try
from tests.journeys.things import SECOND, Refused
from tests.journeys.wire import Wire, claims, short
from tests.world import World

TICK = 1
SESSION_LIFE, BLOCK_LIFE = 180_000, 60_000
BLOCKS = ("PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER")
CHOSEN = ("SELECT_CHALLENGE", "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")
LIMITS = ("Attempt limit exceeded, please try after some time.",)
LOCKED = "Password attempts exceeded"
TOLD_LEVEL = "urn:cognito:loa:{}".format

Found = Step | Grant | None


class Asking(RuleBasedStateMachine):
    """Everything seen so far, the story, and the judgement of each answer."""

    def __init__(self, house: World, other: World) -> None:
        super().__init__()
        self.house = house
        self.now = house.clock.now
        self.wires = [Wire(house), Wire(other)]
        self.turn = 0
        self.failed = False
        self.story: list[str] = []
        self.pools: list[Pool] = []
        self.clients: list[Client] = []
        self.people: list[Person] = []
        self.steps: list[Step] = []
        self.grants: list[Grant] = []
        self.delivered: dict[str, list[int]] = {}
        with house.database.write() as tx:
            tx.run("DELETE FROM messages")

    # Asking.

    def ask(self, operation: str, *, signed: bool = False, node: int | None = None, **body: Any) -> Any:
        """The answer of one node, the other one next time; or the refusal."""
        self.turn += 1
        self.house.clock.advance(seconds=TICK / SECOND)
        told: Any
        try:
            told = self.wires[self.turn % 2 if node is None else node](operation, signed=signed, **body)
        except Refused as refused:
            told = refused
        self.note(f"{operation} {short(body)}", told if isinstance(told, Refused) else list(told))
        return told

    def soon(self) -> int:
        """When the next question will be answered."""
        return self.now() + TICK

    def order(self, operation: str, **body: Any) -> dict[str, Any]:
        """What an operator does, which must work."""
        told = self.ask(operation, signed=True, **body)
        self.agree(isinstance(told, dict), f"{operation} should work")
        return dict(told)

    def note(self, deed: str, told: Any) -> None:
        for name, thing in [(f"pool {n}", pool) for n, pool in enumerate(self.pools)]:
            deed = deed.replace(thing.id, name)
        for client in self.clients:
            deed = deed.replace(client.id, client.name)
        self.story.append(f"{len(self.story) + 1:3} {self.now() % 100_000_000 / 1000:.3f} s  {deed} -> {told}")

    def agree(self, holds: object, complaint: str) -> None:
        if not holds:
            self.failed = True
            raise AssertionError(f"{complaint}. The story:\n" + "\n".join(self.story))

    # Judging.

    def fresh(self, step: Step) -> bool:
        """Whether nothing changed since that sign-in came so far."""
        return step.stamp == (step.person.changes, step.person.pool.changes)

    def take_in(self, attempt: Try, told: Any) -> Found:
        """What the answer leads to; it must be what the model says."""
        if isinstance(told, Refused):
            self._refused(attempt, told)
            return None
        self.agree(attempt.valid, "Nothing should have come of that")
        if attempt.step and (attempt.spends or "AuthenticationResult" in told):
            attempt.step.used = True
        is_enough = enough(attempt, self.now())
        if "AuthenticationResult" in told:
            self.agree(is_enough, f"Tokens for {[proof.factor for proof in attempt.shown]}, which is not enough")
            return self._grant(attempt, told["AuthenticationResult"])
        self.agree(not is_enough, "That was enough for tokens")
        return self._step(attempt, told)

    def _refused(self, attempt: Try, told: Refused) -> None:
        person, family = attempt.person, attempt.family
        _, sentence = told.said
        if attempt.guess and not attempt.valid:
            self._count_wrong(attempt, sentence)
        locked = sentence == LOCKED and person.failures >= FREE_FAILURES
        tired = sentence in LIMITS or family.wrong.get(len(attempt.step.shown) if attempt.step else 0, 0) >= ANSWERS
        stale = attempt.step is not None and not self.fresh(attempt.step)
        unable = not (person.enabled and person.status in ("CONFIRMED", "FORCE_CHANGE"))
        excused = attempt.excused or locked or tired or stale or unable or bool(attempt.targets)
        late = person.status == "FORCE_CHANGE" and self.now() >= person.temporary_until
        self.agree(not attempt.valid or excused or late, f"A right answer was refused with {told}")

    def _count_wrong(self, attempt: Try, sentence: str) -> None:
        """What a wrong guess uses up: a try at the password, and the step; or one of the three tries at a code."""
        step = attempt.step
        if attempt.guess == "password" and sentence != LOCKED:
            attempt.person.failures += 1
        if step and attempt.guess in ("password", "passkey") and sentence == "Incorrect username or password.":
            step.used = True
        if step and attempt.guess == "code" and sentence not in LIMITS:
            wrong = step.family.wrong
            wrong[len(step.shown)] = wrong.get(len(step.shown), 0) + 1

    def _step(self, attempt: Try, told: dict[str, Any]) -> Step:
        person, challenge, parameters = attempt.person, told["ChallengeName"], told["ChallengeParameters"]
        gets_around = challenge == "MFA_SETUP" and "MFAS_CAN_SETUP" in parameters and seconds(person)
        self.agree(not gets_around, f"Nobody who has {seconds(person)} gets around it by a new factor")
        in_block = challenge in BLOCKS
        life = BLOCK_LIFE if in_block else SESSION_LIFE
        step = Step(
            text=parameters["SECRET_BLOCK"] if in_block else told["Session"],
            challenge=challenge,
            client=attempt.client,
            door=attempt.door,
            person=person,
            shown=attempt.shown,
            family=attempt.family,
            expires_at=min(self.now() + life, attempt.family.began_at + HOUR),
            state=person.state(),
            stamp=(person.changes, person.pool.changes),
            device=attempt.device,
            targets=attempt.targets,
            parameters=parameters,
            available=tuple(told.get("AvailableChallenges") or json.loads(parameters.get("MFAS_CAN_CHOOSE", "[]"))),
            half=attempt.half,
            address=attempt.address,
            by_link=attempt.by_link,
            nobodys=self._is_nobodys(attempt, challenge),
        )
        if "CODE_DELIVERY_DELIVERY_MEDIUM" in parameters:
            self._receive(step)
        self.steps.append(step)
        return step

    def _is_nobodys(self, attempt: Try, challenge: str) -> bool:
        if attempt.step:
            return attempt.step.nobodys
        return attempt.client.hides and challenge in CHOSEN and not attempt.shown and not choices(attempt.person)

    def _receive(self, step: Step) -> None:
        """The message that was just sent, if one was: somebody without a choice is treated like nobody."""
        person, by_sms = step.person, step.parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] == "SMS"
        step.address = str(person.phone if by_sms else step.address or person.email)
        sent, known = self.house.messages(step.address), self.delivered.setdefault(step.address, [])
        if len(sent) <= len(known):
            return
        known.append(self.now())
        step.code = str(sent[-1].get("code") or "")
        link = sent[-1].get("link") or ""
        session = parse_qs(urlsplit(link).fragment).get("session")
        if session:
            step.link = self.proven(step, session[0], "link")

    def proven(self, step: Step, text: str, factor: str) -> Step:
        """What begins a sign-in with its first factor shown; a link is shown when it is followed."""
        person = step.person
        found = Step(
            text=text,
            challenge="PROVEN",
            client=step.client,
            door=step.door,
            person=person,
            shown=(Shown(factor, self.now(), "EMAIL"),),
            family=Family(self.now()),
            expires_at=self.now() + SESSION_LIFE,
            state=person.state(),
            stamp=(person.changes, person.pool.changes),
            address=step.address,
        )
        self.steps.append(found)
        return found

    # Tokens.

    def _grant(self, attempt: Try, result: dict[str, Any]) -> Grant:
        access, person = claims(result["AccessToken"]), attempt.person
        new = result.get("NewDeviceMetadata")
        expects_new = person.pool.devices is not None and attempt.device not in person.devices
        self.agree(bool(new) == expects_new, "A device is named if and only if it has no name")
        named = attempt.device if attempt.device in person.devices and person.pool.devices else ""
        grant = Grant(
            client=attempt.client,
            person=person,
            shown=attempt.shown,
            claims={},
            access=result["AccessToken"],
            refresh=result["RefreshToken"],
            given_at=self.now(),
            access_until=access["exp"] * 1000,
            epoch=person.epoch,
            device=new["DeviceKey"] if new else named,
            group=new["DeviceGroupKey"] if new else "",
        )
        grant.claims = {
            "sub": person.sub,
            "username": person.username,
            "client_id": attempt.client.id,
            "auth_time": self.now() // 1000,
            "amr": amr(person.pool, attempt.shown),
            "acr": TOLD_LEVEL(level(attempt.shown)) if level(attempt.shown) else None,
            "device_key": grant.device or None,
            "origin_jti": access["origin_jti"],
        }
        origins = {known.claims["origin_jti"] for known in self.grants}
        self.agree(access["origin_jti"] not in origins, "Each sign-in is a session of its own")
        self.tell_the_truth(grant, result)
        person.failures, person.entered = 0, True
        self.grants.append(grant)
        return grant

    def tell_the_truth(self, grant: Grant, result: dict[str, Any]) -> None:
        """Both tokens say what really happened."""
        access, identity = claims(result["AccessToken"]), claims(result["IdToken"])
        told = {name: access.get(name) for name in grant.claims}
        self.agree(told == grant.claims, f"The access token says {told}, but it was {grant.claims}")
        same = {**grant.claims, "client_id": identity["aud"], "username": identity["cognito:username"]}
        told = {name: identity.get(name) for name in ("sub", "auth_time", "amr", "acr", "origin_jti")}
        truth = {name: same[name] for name in told}
        self.agree(told == truth, f"The ID token says {told}, but it was {truth}")
        self.agree((same["client_id"], same["username"]) == (grant.client.id, grant.person.username), "Whose ID token?")

    def refresh(self, grant: Grant, client: Client, *, names_device: bool) -> None:
        """Refreshed tokens appear while the session lives, on its own device, and say the same."""
        bound = grant.device in grant.person.devices and grant.person.pool.devices is not None
        given = {"REFRESH_TOKEN": grant.refresh, **({"DEVICE_KEY": grant.device} if names_device else {})}
        told = self.ask("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", ClientId=client.id, AuthParameters=given)
        good = alive(grant, self.now()) and client is grant.client and (names_device or not bound)
        self.agree(isinstance(told, dict) == good, f"The refresh token should {'' if good else 'not '}be good")
        if good:
            grant.access = told["AuthenticationResult"]["AccessToken"]
            grant.access_until = claims(grant.access)["exp"] * 1000
            self.tell_the_truth(grant, told["AuthenticationResult"])
