"""Thieves at the end of a walk: they know the password, and try whatever was used, lost, or is somebody else's.

Nothing here says what must be refused; every answer is held against what it truly shows, like all others.
"""

from tests.journeys.factor_deeds import Deeds
from tests.journeys.factor_hands import ANSWERS, fresh_code
from tests.journeys.factor_model import choices, welcome
from tests.journeys.factor_things import Client, Person, Step

APP = "SOFTWARE_TOKEN_MFA"
TEMPORARY = "T3mporary-word"
NEWEST_STRINGS = 6
NEWEST_SIGN_INS = 4
MOST_TRIED = 3


class Thieves(Deeds):
    """What is tried with somebody's password in hand."""

    def somebody_is_robbed(self, person: Person, client: Client) -> None:
        if not welcome(person, self.now()) or not choices(person):
            return
        self.rests(person)
        self.strength_is_pretended(person, client)
        self.strings_are_shown_elsewhere(person, client)
        self.codes_are_guessed(person, client)
        self.codes_again(person, client)
        self.codes_of_others(person, client)
        self.things_are_lost(person)
        self.passkeys_of_others(person, client)
        self.devices_of_others(person, client)

    def reach(self, person: Person, client: Client, challenge: str, device: str = "") -> Step | None:
        """The sign-in by password up to that challenge, if that is where it leads."""
        if person.password is None:
            return None
        found = self.begin(person, client, "client", "password", password=person.password, device=device)
        if isinstance(found, Step) and found.challenge == "SELECT_MFA_TYPE" and challenge in found.available:
            found = self.respond(found, {"ANSWER": challenge})
        return found if isinstance(found, Step) and found.challenge == challenge else None

    def strings_are_shown_elsewhere(self, person: Person, client: Client) -> None:
        """At another client, at another door and for somebody else, with the right answer; then where it belongs."""
        other = next(known for known in self.clients if known is not client)
        stranger = next(known for known in self.people if known is not person)
        for choice in choices(person):
            step = self.begin(person, client, "client", "choice", choice=choice, inline=False)
            if not isinstance(step, Step):
                continue
            _, given = self.right(step)
            self.respond(step, given, client=other)
            self.respond(step, given, door="admin")
            self.respond(step, given, named=stranger.username)
            for _ in range(2):
                self.respond(step, given)
                if step.link:
                    self.follow(step.link)

    def codes_are_guessed(self, person: Person, client: Client) -> None:
        """Wrong codes, another code, wrong ones again; then the right one, too late."""
        self.rests(person)
        chosen = self.begin(person, client, "client", "choice")
        if not isinstance(chosen, Step):
            return
        for name in [name for name in ("EMAIL_OTP", "SMS_OTP") if name in chosen.available][:1]:
            for _ in range(2):
                step = self.respond(chosen, {"ANSWER": name})
                for _ in range(2) if isinstance(step, Step) else ():
                    self.respond(step, {ANSWERS[step.challenge]: "00000000"})
            if isinstance(step, Step):
                self.go_on(step)

    def strength_is_pretended(self, person: Person, client: Client) -> None:
        """More is asked for than a password shows."""
        for level in (4, 3, 2):
            self.begin(
                person, client, "client", "choice", choice="PASSWORD", password=person.password, targets=(level,)
            )

    def a_temporary_password_grows_old(self, person: Person, client: Client) -> None:
        self.is_given_password(person, TEMPORARY, permanent=False)
        self.house.clock.advance(days=8)
        found = self.begin(person, client, "client", "password", password=TEMPORARY)
        if isinstance(found, Step):
            self.go_on(found)

    def somebody_is_shut_out(self, person: Person, client: Client) -> None:
        """While an operator has disabled them, the right password leads nowhere, nor does what it began before."""
        self.rests(person)
        if not welcome(person, self.now()) or person.password is None:
            return
        begun = self.begin(person, client, "client", "choice", choice="PASSWORD", inline=False)
        self.disables(person)
        for flow in ("password", "choice"):
            self.begin(person, client, "client", flow, choice="PASSWORD", password=person.password)
        if isinstance(begun, Step):
            self.go_on(begun)
        self.enables(person)

    def codes_again(self, person: Person, client: Client) -> None:
        """The right code of an app and a recovery code, each in two sign-ins."""
        if person.pool.mode != "OFF":
            old = self.living(person)
            self.adds_phone(person, None)
            self.prefers(person, "totp", enabled=True, preferred=False, by_operator=False)
            self.gets_recovery_codes(person)
            self.house.clock.advance(seconds=60)
            if old is not None:
                self.begin(person, old.client, "client", "choice", token=old, targets=(4,), age=30)
        for name in (ANSWERS[APP], "RECOVERY_CODE"):
            self.house.clock.advance(seconds=60)
            first, second = (self.reach(person, client, APP) for _ in range(2))
            if first is None or second is None or not person.phones:
                return
            code = fresh_code(person.phones[0], self.now()) if name != "RECOVERY_CODE" else ""
            if name == "RECOVERY_CODE" and person.recovery:
                code = person.recovery[0]
            for step in (first, second):
                self.respond(step, {name: code or "000000"})

    def codes_of_others(self, person: Person, client: Client) -> None:
        step = self.reach(person, client, APP)
        others = [phone for other in self.people if other is not person for phone in other.phones]
        for phone in others[:MOST_TRIED] if step else []:
            assert step
            self.respond(step, {ANSWERS[APP]: fresh_code(phone, self.now())})

    def things_are_lost(self, person: Person) -> None:
        """Of two passkeys one is deleted; of two devices one is forgotten, and one kept."""
        if "WEB_AUTHN" in person.pool.first:
            for _ in range(2):
                self.adds_passkey(person, copied=False)
            self.loses_passkey(person)
        if person.pool.devices is None:
            return
        for _ in range(2):
            grant = self.honest(person, next(client for client in self.clients if client.pool is person.pool))
            if grant is not None:
                self.confirms_device(grant)
        for key in list(person.devices)[1:]:
            self.forgets(person, key)

    def passkeys_of_others(self, person: Person, client: Client) -> None:
        """Those of other people, those that were deleted, and their own without its user's gesture."""
        others = [passkey for other in self.people if other is not person for passkey in other.passkeys]
        tried = [(passkey, True) for passkey in (*others[-MOST_TRIED:], *self.lost[-MOST_TRIED:])]
        tried += [(passkey, False) for passkey in person.passkeys[-1:]]
        for passkey, verifies in tried:
            found = self.begin(person, client, "client", "choice", choice="WEB_AUTHN")
            if not isinstance(found, Step) or found.challenge != "WEB_AUTHN":
                return
            self.respond(found, {"CREDENTIAL": self.hands.assertion(found, passkey, verifies=verifies)})

    def devices_of_others(self, person: Person, client: Client) -> None:
        """Devices of other people, forgotten ones, and their own with a wrong password."""
        others = {
            key: known.gadget for other in self.people if other is not person for key, known in other.devices.items()
        }
        for key in list(others | self.forgotten)[-MOST_TRIED:]:
            if step := self.reach(person, client, "DEVICE_SRP_AUTH", key):
                self.go_on(step)
        for key in list(person.devices)[-1:]:
            self.honest(person, client, device=key)
            step = self.reach(person, client, "DEVICE_SRP_AUTH", key)
            asked = step and self.go_on(step)
            if isinstance(asked, Step) and asked.challenge == "DEVICE_PASSWORD_VERIFIER":
                self.respond(asked, {"DEVICE_KEY": key, **self.hands.device_claim(asked, wrong=True)})

    def old_strings_are_shown(self) -> None:
        """The newest strings of sign-ins once more; links and sign-ups twice."""
        proven = [step for step in self.steps if step.challenge == "PROVEN"]
        for step in (*self.steps[-NEWEST_STRINGS:], *proven[-MOST_TRIED:], *proven[-MOST_TRIED:]):
            self.go_on(step)

    def old_tokens_are_shown(self) -> None:
        """Refresh tokens of the newest sign-ins, and of those that were ended, alone or with everything."""
        ended = [grant for grant in self.grants if grant.revoked]
        for grant in (*ended[-NEWEST_SIGN_INS:], *self.grants[-1:]):
            self.refresh(grant, grant.client, names_device=True)
        self.signs_out(self.people[0])
        for grant in self.grants[-NEWEST_SIGN_INS:]:
            self.refresh(grant, grant.client, names_device=True)
