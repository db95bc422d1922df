"""Signing in, step by step: begun by any flow, answered rightly or not, and led honestly to its end."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.journeys.factor_asking import Asking, Found
from tests.journeys.factor_hands import (
    ANSWERS,
    BLOCK,
    NEW_PASSWORDS,
    Hands,
    answers_of,
    fresh_code,
    takes_recovery,
    waits_for,
)
from tests.journeys.factor_model import dead, knows, speaks
from tests.journeys.factor_things import Client, Family, Grant, Person, Phone, Shown, Step, Try
from tests.journeys.things import Refused
from tests.world import World

PASSWORD_FLOWS = {"client": "USER_PASSWORD_AUTH", "admin": "ADMIN_USER_PASSWORD_AUTH"}
WRONG_PASSWORD = "Wr0ng-guess!"
MOST_STEPS = 10
GUARDS = {"PASSWORD": "password", "PASSWORD_VERIFIER": "password", "DEVICE_PASSWORD_VERIFIER": "password"}
TEMPORARY = 7 * 86_400_000
SHORTEST_PASSWORD = 8


class Signing(Asking):
    """What people do at the doors."""

    def __init__(self, house: World, other: World) -> None:
        super().__init__(house, other)
        self.hands = Hands()

    # Beginning.

    def begin(
        self,
        person: Person,
        client: Client,
        door: str,
        flow: str,
        *,
        choice: str = "",
        password: str | None = None,
        device: str = "",
        targets: tuple[int, ...] = (),
        inline: bool = True,
        token: Grant | None = None,
        age: int | None = None,
    ) -> Found:
        """`flow`: password, srp or choice; `password` is what is typed wherever one is."""
        given, half = {"USERNAME": person.username}, None
        typed = password or WRONG_PASSWORD
        if device:
            given["DEVICE_KEY"] = device
        by_srp = flow == "srp" or choice == "PASSWORD_SRP"
        if by_srp:
            half = self.hands.half(person.pool, client.id, person.username)
            given |= answers_of(half)
        if flow == "choice":
            given |= self._wishes(choice, targets, token, age)
        at_once = flow == "password" or (choice == "PASSWORD" and inline and token is None)
        if at_once:
            given["PASSWORD"] = typed
        name = {"password": PASSWORD_FLOWS[door], "srp": "USER_SRP_AUTH", "choice": "USER_AUTH"}[flow]
        told = self._initiate(client, door, name, given)
        attempt = Try(person, client, door, True, (), Family(self.now()), device, targets, half=half)
        attempt.by_link = choice == "EMAIL_LINK"
        self._suppose(attempt, told, typed if at_once else None, token, age)
        return self.take_in(attempt, told)

    def _wishes(self, choice: str, targets: tuple[int, ...], token: Grant | None, age: int | None) -> dict[str, str]:
        wishes = {
            "PREFERRED_CHALLENGE": choice,
            "TARGET_ACR_VALUES": " ".join(f"urn:cognito:loa:{target}" for target in targets),
            "ACCESS_TOKEN": token.access if token else "",
            "MAX_AGE": "" if age is None else str(age),
        }
        return {name: value for name, value in wishes.items() if value}

    def _suppose(self, attempt: Try, told: Any, typed: str | None, token: Grant | None, age: int | None) -> None:
        """What was shown by the request itself: a password, or what the session of a token had shown before."""
        person = attempt.person
        asked = told.get("ChallengeName") if isinstance(told, dict) else None
        begins_anew = asked in ("SELECT_CHALLENGE", "PASSWORD", "PASSWORD_VERIFIER", "EMAIL_LINK")
        if token:
            attempt.excused = True
            attempt.valid = speaks(token, self.now()) and token.person is person and token.client is attempt.client
            if not begins_anew:
                attempt.shown = self._carried(token, age)
                attempt.valid &= bool(attempt.shown)
        if typed is not None and asked != "SELECT_CHALLENGE":
            attempt.guess = "password"
            attempt.valid &= typed == person.password
            attempt.shown = (Shown("password", self.now()),)

    def _carried(self, token: Grant, age: int | None) -> tuple[Shown, ...]:
        oldest = 0 if age is None else self.now() - age * 1000
        kept = [
            proof
            for proof in token.shown
            if proof.at >= oldest and not (proof.factor == "password" and proof.at < token.person.password_at)
        ]
        whole = bool(kept) and kept[0] == token.shown[0]
        return tuple(proof for proof in kept if proof.factor != "device") if whole else ()

    def _initiate(self, client: Client, door: str, flow: str, given: dict[str, str], **more: Any) -> Any:
        at = {"UserPoolId": client.pool.id} if door == "admin" else {}
        operation = "AdminInitiateAuth" if door == "admin" else "InitiateAuth"
        signed = door == "admin"
        return self.ask(operation, signed=signed, AuthFlow=flow, ClientId=client.id, AuthParameters=given, **at, **more)

    # Answering.

    def respond(
        self,
        step: Step,
        given: dict[str, str],
        *,
        client: Client | None = None,
        door: str | None = None,
        challenge: str | None = None,
        named: str | None = None,
        twice: bool = False,
    ) -> Found:
        """An answer to that step, perhaps elsewhere or under another name; `twice`: on both nodes at once."""
        client, door, challenge = client or step.client, door or step.door, challenge or step.challenge
        given = {**given, "USERNAME": named or step.person.username}
        attempt = self._attempt(step, client, door, challenge, given)
        body = {"ClientId": client.id, "ChallengeName": challenge, "ChallengeResponses": given}
        if BLOCK not in given:
            body["Session"] = step.text
        if door == "admin":
            body["UserPoolId"] = client.pool.id
        operation = "AdminRespondToAuthChallenge" if door == "admin" else "RespondToAuthChallenge"
        both = twice and attempt.spends
        told = self._twice(operation, door, body) if both else self.ask(operation, signed=door == "admin", **body)
        if isinstance(told, dict) and attempt.valid:
            self._becomes_true(step, attempt, given)
        return self.take_in(attempt, told)

    def _twice(self, operation: str, door: str, body: dict[str, Any]) -> Any:
        """The same from two threads to two nodes: it is good once at most."""
        with ThreadPoolExecutor(2) as both:
            asked = [both.submit(self.ask, operation, signed=door == "admin", node=node, **body) for node in (0, 1)]
            told = [answer.result() for answer in asked]
        good = [answer for answer in told if isinstance(answer, dict)]
        self.agree(len(good) <= 1, "The same answer was good twice")
        return (good or told)[0]

    def _attempt(self, step: Step, client: Client, door: str, challenge: str, given: dict[str, str]) -> Try:
        why = dead(step, client, door, challenge, given, self.soon())
        attempt = Try(step.person, client, door, not why, step.shown, step.family, step.device, step.targets, step=step)
        attempt.by_link, attempt.half, attempt.address = step.by_link, step.half, step.address
        if why:
            return attempt
        if challenge == "SELECT_CHALLENGE":
            self._chooses(step, attempt, given)
        elif challenge == "SELECT_MFA_TYPE":
            attempt.excused = given["ANSWER"] not in step.available
        elif challenge == "NEW_PASSWORD_REQUIRED":
            attempt.spends = True
            in_time = self.soon() < step.person.temporary_until
            attempt.valid = in_time and len(given["NEW_PASSWORD"]) >= SHORTEST_PASSWORD
        elif challenge == "DEVICE_SRP_AUTH":
            attempt.valid = knows(step.person, step.device) and given["DEVICE_KEY"] == step.device
        elif challenge == "MFA_SETUP":
            attempt.valid = step.set_up or "EMAIL" in given
            attempt.excused = "EMAIL" in given
            attempt.address = given.get("EMAIL", "")
        else:
            self._proves(step, attempt, given)
        # Clients that hear that a device is unknown try without it.
        attempt.excused = attempt.excused or ("DEVICE_KEY" in given and not knows(step.person, given["DEVICE_KEY"]))
        return attempt

    def _chooses(self, step: Step, attempt: Try, given: dict[str, str]) -> None:
        attempt.excused = given["ANSWER"] not in step.available
        attempt.by_link = given["ANSWER"] == "EMAIL_LINK"
        if given["ANSWER"] == "PASSWORD" and "PASSWORD" in given and not attempt.excused:
            attempt.guess, attempt.spends = "password", True
            attempt.valid = given["PASSWORD"] == step.person.password
            attempt.shown = (Shown("password", self.soon()),)

    def _proves(self, step: Step, attempt: Try, given: dict[str, str]) -> None:
        proof = self.hands.shows(step, given, self.soon())
        guard = "passkey" if step.challenge == "WEB_AUTHN" else "code"
        attempt.guess = "code" if "RECOVERY_CODE" in given else GUARDS.get(step.challenge, guard)
        attempt.valid, attempt.spends = proof is not None, True
        if proof:
            attempt.shown = (*step.shown, proof)

    def _becomes_true(self, step: Step, attempt: Try, given: dict[str, str]) -> None:
        """What comes with a right answer."""
        person = step.person
        if step.challenge == "NEW_PASSWORD_REQUIRED":
            self.new_password(person, given["NEW_PASSWORD"], "CONFIRMED")
        if not attempt.spends:
            return
        self.hands.used_up(step, given, self.now())
        if step.challenge != "EMAIL_OTP" or step.shown == attempt.shown:
            return
        if step.address != person.email or (step.shown and "email" not in person.factors):
            person.email, person.changes = step.address, person.changes + 1
            person.factors.add("email")
        person.email_verified = True

    def new_password(self, person: Person, password: str, status: str) -> None:
        if person.password:
            person.earlier.append(person.password)
        person.version += 1
        person.password, person.status, person.password_at = password, status, self.now()
        person.temporary_until = self.now() + TEMPORARY
        person.changes += 1

    # The right answer.

    def right(self, step: Step, n: int = 0) -> tuple[str, dict[str, str]]:
        """The challenge to name and what to answer; `n` decides where there is a choice."""
        person, challenge = step.person, step.challenge
        if takes := self._recovers(step, n):
            return challenge, takes
        if challenge in ("SELECT_CHALLENGE", "SELECT_MFA_TYPE") and not step.available:
            return challenge, {"ANSWER": "PASSWORD"}
        if challenge == "SELECT_CHALLENGE":
            return challenge, self.choose(step, step.available[n % len(step.available)], inline=n % 2 == 0)
        if challenge == "SELECT_MFA_TYPE":
            return challenge, {"ANSWER": step.available[n % len(step.available)]}
        if challenge == "PASSWORD":
            return challenge, {"PASSWORD": person.password or WRONG_PASSWORD}
        if challenge == "PASSWORD_VERIFIER":
            return challenge, self.hands.claim(step, person.password or WRONG_PASSWORD)
        if challenge == "NEW_PASSWORD_REQUIRED":
            return challenge, {"NEW_PASSWORD": NEW_PASSWORDS[n % len(NEW_PASSWORDS)]}
        if challenge == "WEB_AUTHN":
            known = person.passkeys
            return challenge, {"CREDENTIAL": self.hands.assertion(step, known[n % len(known)]) if known else "{}"}
        if challenge == "SOFTWARE_TOKEN_MFA":
            return challenge, {ANSWERS[challenge]: self._code_of(person, n)}
        if challenge == "DEVICE_SRP_AUTH":
            step.half = self.hands.device_half(step, person)
            return challenge, {"DEVICE_KEY": step.device, **answers_of(step.half)}
        if challenge == "DEVICE_PASSWORD_VERIFIER":
            return challenge, {"DEVICE_KEY": step.device, **self.hands.device_claim(step, wrong=False)}
        if challenge == "MFA_SETUP":
            by_mail = "EMAIL_OTP" in step.parameters.get("MFAS_CAN_SETUP", "") and n % 2
            return challenge, {"EMAIL": person.email} if by_mail and not step.set_up else {}
        return challenge, {ANSWERS[challenge]: step.code or "000000"}

    def _recovers(self, step: Step, n: int) -> dict[str, str]:
        return {"RECOVERY_CODE": step.person.recovery[0]} if n % 3 == 2 and takes_recovery(step) else {}

    def choose(self, step: Step, choice: str, *, inline: bool = False) -> dict[str, str]:
        given = {"ANSWER": choice}
        if choice == "PASSWORD" and inline:
            given["PASSWORD"] = step.person.password or WRONG_PASSWORD
        if choice == "PASSWORD_SRP":
            step.half = self.hands.half(step.client.pool, step.client.id, step.person.username)
            given |= answers_of(step.half)
        return given

    def _code_of(self, person: Person, n: int) -> str:
        if not person.phones:
            return "000000"
        phone = person.phones[n % len(person.phones)]
        self.house.clock.advance(seconds=waits_for(phone, self.now()))
        return fresh_code(phone, self.now())

    # Honest walks.

    def go_on(self, step: Step, n: int = 0, *, twice: bool = False) -> Found:
        """The right answer to that step, whatever it takes: a link to follow, an authenticator to set up."""
        if step.link is not None:
            return self.follow(step.link)
        if step.challenge == "PROVEN":
            return self.follow(step)
        if step.challenge == "MFA_SETUP" and not step.set_up:
            challenge, given = self.right(step, n)
            if not given:
                return self.set_up(step)
        challenge, given = self.right(step, n)
        return self.respond(step, given, challenge=challenge, twice=twice)

    def follow(
        self, step: Step, *, client: Client | None = None, door: str = "client", named: str | None = None
    ) -> Found:
        """Begin with what a link or a sign-up gave."""
        client = client or step.client
        given = {"USERNAME": named or step.person.username}
        why = dead(step, client, door, "PROVEN", given, self.soon())
        if step.shown[0].factor == "link":
            step.shown = (Shown("link", self.soon(), "EMAIL"),)
        attempt = Try(step.person, client, door, not why, step.shown, step.family, spends=True, step=step)
        told = self._initiate(client, door, "USER_AUTH", given, Session=step.text)
        return self.take_in(attempt, told)

    def set_up(self, step: Step) -> Found:
        """An authenticator set up in the middle of a sign-in, up to the session that answers MFA_SETUP."""
        told = self.ask("AssociateSoftwareToken", Session=step.text)
        why = dead(step, step.client, step.door, "MFA_SETUP", {}, self.now())
        attempt = Try(step.person, step.client, step.door, not why, step.shown, step.family, step.device, step.targets)
        attempt.step = step
        if isinstance(told, Refused):
            self._refused(attempt, told)
            return None
        self.agree(attempt.valid, "An authenticator cannot be set up there")
        phone = Phone(told["SecretCode"], None)
        middle = self._step(attempt, {"ChallengeName": "MFA_SETUP", "ChallengeParameters": {}, **told})
        middle.phone = phone
        return self.verify(middle)

    def verify(self, step: Step) -> Found:
        """The first code of an authenticator that is being set up by session."""
        person, phone = step.person, step.phone
        assert phone
        code = fresh_code(phone, self.now())
        told = self.ask("VerifySoftwareToken", Session=step.text, UserCode=code)
        why = dead(step, step.client, step.door, "MFA_SETUP", {"UserCode": code}, self.now())
        shown = (*step.shown, Shown("totp", self.now()))
        attempt = Try(person, step.client, step.door, not why, shown, step.family, step.device, step.targets, step=step)
        if isinstance(told, Refused):
            self._refused(attempt, told)
            return None
        self.agree(attempt.valid, "That authenticator cannot be verified")
        step.used = True
        phone.used = phone.step_of(code, self.now()) or 0
        self.add_phone(person, phone)
        person.factors.add("totp")
        further = self._step(attempt, {"ChallengeName": "MFA_SETUP", "ChallengeParameters": {}, **told})
        further.set_up = True
        return further

    def add_phone(self, person: Person, phone: Phone) -> None:
        """A new app takes the place of all others, or of the one of its name."""
        kept = [known for known in person.phones if person.pool.several and known.name != phone.name]
        person.phones = [*kept, phone]
        person.changes += 1

    def to_the_end(self, found: Found, n: int = 0, *, twice: bool = False) -> Grant:
        """Right answers to whatever is asked; they always end in tokens."""
        for _ in range(MOST_STEPS):
            if isinstance(found, Grant):
                return found
            self.agree(found is not None, "An honest sign-in was refused")
            assert isinstance(found, Step)
            found = self.go_on(found, n, twice=twice)
        raise AssertionError("An honest sign-in does not end. The story:\n" + "\n".join(self.story))
