"""Walks: any sign-in by any flow and factor after any change, honest or not, on two nodes of one house."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.journeys.factor_deeds import BLOCKS, PASSKEYS
from tests.journeys.factor_founding import NEWEST, USUALLY, Founding
from tests.journeys.factor_hands import ANSWERS, NEW_PASSWORDS
from tests.journeys.factor_model import choices, level, seconds
from tests.journeys.factor_signing import WRONG_PASSWORD
from tests.journeys.factor_things import Family, Grant, Person, Step
from tests.journeys.things import DAY, MINUTE, SECOND
from tests.world import PASSWORD

NTH = st.integers(0, 11)
WHO = st.sampled_from((0, 0, 0, 1, 1, 2))
CLIENTS = st.sampled_from((0, 0, 0, 1))
DOORS = st.sampled_from(("client", "client", "client", "admin"))
FLOW = st.sampled_from(("password", "srp", "choice", "choice", "choice"))
CHOICES = st.sampled_from(("", "", "PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "EMAIL_LINK"))
TARGETS = st.sampled_from(((), (), (), (1,), (2,), (3,), (4,), (4, 1), (3, 2)))
FACTORS = st.sampled_from((*BLOCKS, "totp", PASSKEYS))
PASSWORDS = st.sampled_from(NEW_PASSWORDS)
RARELY = st.sampled_from((False, False, False, True))
PAUSES = st.sampled_from((2 * SECOND, 31 * SECOND, 65 * SECOND, 2 * MINUTE, 4 * MINUTE, 70 * MINUTE, 8 * DAY))


class FactorWalk(Founding):
    """One walk: whatever people, thieves and operators do at the pools that were founded."""

    # Sign-ins.

    @rule(who=WHO, client=CLIENTS, door=DOORS, flow=FLOW, n=NTH, twice=RARELY)
    def somebody_signs_in(self, who: int, client: int, door: str, flow: str, n: int, *, twice: bool) -> None:
        person = self.who(who)
        device = self.device_of(person, n)
        self.honest(person, self.of(person, client), door, flow, n, device=device, twice=twice)

    @rule(who=WHO, n=NTH)
    def somebody_signs_in_with_a_strength(self, who: int, n: int) -> None:
        person = self.who(who)
        reach = max((level(["password", factor]) for factor in ("password", *seconds(person))), default=0)
        if person.password is not None:
            self.honest(person, self.of(person, 0), flow="choice", n=n, target=1 + n % reach)

    @rule(
        who=WHO,
        client=CLIENTS,
        door=DOORS,
        flow=FLOW,
        choice=CHOICES,
        known=st.sampled_from(("right", "right", "right", "wrong", "old")),
        n=NTH,
        levels=TARGETS,
        inline=st.booleans(),
    )
    def somebody_begins(
        self,
        who: int,
        client: int,
        door: str,
        flow: str,
        choice: str,
        known: str,
        n: int,
        levels: tuple[int, ...],
        *,
        inline: bool,
    ) -> None:
        person = self.who(who)
        passwords = {"right": person.password, "wrong": None, "old": (person.earlier or [None])[-1]}
        chooses = flow == "choice"
        self.begin(
            person,
            self.of(person, client),
            door,
            flow,
            choice=choice if chooses else "",
            password=passwords[known],
            device=self.device_of(person, n),
            targets=levels if chooses else (),
            inline=inline,
        )

    @precondition(lambda self: self.steps)
    @rule(n=NTH, how=NTH, twice=RARELY)
    def somebody_goes_on(self, n: int, how: int, *, twice: bool) -> None:
        self.go_on(self.kept(n), how, twice=twice)

    @precondition(lambda self: self.steps)
    @rule(n=NTH, how=NTH)
    def somebody_goes_on_to_the_end(self, n: int, how: int) -> None:
        found: Step | Grant | None = self.kept(n)
        for _ in range(4):
            if isinstance(found, Step):
                found = self.go_on(found, how)

    @precondition(lambda self: self.steps)
    @rule(
        n=NTH,
        m=NTH,
        how=NTH,
        spoilt=st.sampled_from(("client", "door", "challenge", "name", "code", "code", "other", "device")),
    )
    def somebody_answers_badly(self, n: int, m: int, how: int, spoilt: str) -> None:
        step, other = self.kept(n), self.kept(m)
        if step.challenge == "PROVEN":
            somebody = self.people[how % len(self.people)]
            self.follow(step, client=self.clients[how % len(self.clients)], named=somebody.username)
            return
        _, given = self.right(step, how)
        elsewhere: dict[str, Any] = {}
        if spoilt == "client":
            elsewhere["client"] = self.clients[how % len(self.clients)]
        elif spoilt == "door":
            elsewhere["door"] = "client" if step.door == "admin" else "admin"
        elif spoilt == "challenge":
            names = sorted({other.challenge, *ANSWERS, "PASSWORD", "RECOVERY_CODE"} - {"PROVEN"})
            elsewhere["challenge"] = names[how % len(names)]
            given = given | self.right(other, how)[1] if other.challenge != "PROVEN" else given
        elif spoilt == "name":
            elsewhere["named"] = self.people[how % len(self.people)].username
        elif spoilt == "code":
            given = self._spoil(step, given, how)
        elif spoilt == "device":
            given = {**given, "DEVICE_KEY": "us-east-1_00000000-0000-4000-8000-000000000000"}
        elif other.challenge == step.challenge:
            given = self.right(other, how)[1]
        self.respond(step, given, **elsewhere)

    def _spoil(self, step: Step, given: dict[str, str], how: int) -> dict[str, str]:
        """A wrong answer of the right form, an old one, or one of somebody else's."""
        if step.challenge == "PASSWORD_VERIFIER":
            return self.hands.claim(step, WRONG_PASSWORD)
        if step.challenge == "DEVICE_PASSWORD_VERIFIER":
            return {**given, **self.hands.device_claim(step, wrong=True)}
        if step.challenge == "WEB_AUTHN":
            others = [passkey for person in self.people for passkey in person.passkeys]
            passkey = others[how % len(others)] if others else None
            verifies = bool(how % 2)
            return {"CREDENTIAL": self.hands.assertion(step, passkey, verifies=verifies) if passkey else "{}"}
        codes = [known.code for known in self.steps if known.code and known is not step]
        codes += [phone.code(max(phone.used, 1)) for person in self.people for phone in person.phones]
        wrong = codes[how % len(codes)] if codes and how % 2 else "123456"
        return {name: wrong if name.endswith(("CODE", "PASSWORD")) else value for name, value in given.items()}

    @precondition(lambda self: self.grants)
    @rule(n=NTH, who=WHO, levels=TARGETS, age=st.sampled_from((None, None, 0, 60, 4_000)), password=RARELY)
    def somebody_steps_up(self, n: int, who: int, levels: tuple[int, ...], age: int | None, *, password: bool) -> None:
        grant = self.grants[-1 - n % min(len(self.grants), 4)]
        person = self.who(who) if n % 5 == 4 else grant.person
        choice = "PASSWORD" if password else ""
        client = self.of(person, 0) if n % 4 == 3 else grant.client
        if client.pool is person.pool:
            found = self.begin(
                person, client, "client", "choice", choice=choice, token=grant, targets=levels or (4, 3), age=age,
                password=person.password,
            )  # fmt: skip
            for _ in range(4):
                if isinstance(found, Step):
                    found = self.go_on(found, n)

    @precondition(lambda self: self.grants)
    @rule(n=NTH, own=USUALLY, names_device=st.booleans())
    def somebody_refreshes(self, n: int, *, own: bool, names_device: bool) -> None:
        grant = self.grants[-1 - n % min(len(self.grants), NEWEST)]
        self.refresh(grant, grant.client if own else self.clients[n % 3], names_device=names_device)

    @precondition(lambda self: len(self.people) < 6)
    @rule(with_password=st.booleans(), confirms=USUALLY, goes_on=USUALLY, n=NTH)
    def somebody_signs_up(self, n: int, *, with_password: bool, confirms: bool, goes_on: bool) -> None:
        client, username = self.clients[0], f"cat{len(self.people)}"
        person = Person(client.pool, username, PASSWORD if with_password else None, f"{username}@example.com", None)
        person.email_verified, person.status, person.password_at = False, "UNCONFIRMED", self.now()
        told = self.ask(
            "SignUp",
            ClientId=client.id,
            Username=username,
            Password=person.password,
            UserAttributes=[{"Name": "email", "Value": person.email}],
        )
        if not isinstance(told, dict):
            return
        person.sub = told["UserSub"]
        person.version = 1 if with_password else 0
        self.people.append(person)
        if confirms:
            code = self.house.code(person.email)
            given = {"ClientId": client.id, "Username": username, "ConfirmationCode": code}
            told = self.ask("ConfirmSignUp", **given, Session=told["Session"])
            self.agree(isinstance(told, dict), "A sign-up should be confirmed")
            person.status, person.email_verified = "CONFIRMED", True
            started = Step("", "", client, "client", person, (), Family(0), 0, person.state(), (0, 0))
            step = self.proven(started, told["Session"], "signup")
            if goes_on:
                self.to_the_end(self.follow(step), n)

    # Factors, accounts and pools.

    @rule(who=WHO, name=st.sampled_from((None, "one", "two")), on=USUALLY)
    def somebody_sets_up_an_app(self, who: int, name: str | None, *, on: bool) -> None:
        self.adds_phone(self.who(who), name)
        if on:
            self.prefers(self.who(who), "totp", enabled=True, preferred=False, by_operator=False)

    @rule(who=WHO, copied=st.booleans())
    def somebody_makes_a_passkey(self, who: int, *, copied: bool) -> None:
        self.adds_passkey(self.who(who), copied=copied)

    @rule(who=WHO, factor=FACTORS, enabled=USUALLY, preferred=RARELY, by_operator=st.booleans())
    def somebody_prefers(self, who: int, factor: str, *, enabled: bool, preferred: bool, by_operator: bool) -> None:
        self.prefers(self.who(who), factor, enabled=enabled, preferred=preferred, by_operator=by_operator)

    @rule(who=WHO)
    def somebody_gets_recovery_codes(self, who: int) -> None:
        self.gets_recovery_codes(self.who(who))

    @precondition(lambda self: any(grant.group for grant in self.grants))
    @rule(n=NTH)
    def somebody_confirms_a_device(self, n: int) -> None:
        new = [grant for grant in self.grants if grant.group]
        self.confirms_device(new[-1 - n % min(len(new), 3)])

    @precondition(lambda self: any(person.devices for person in self.people))
    @rule(n=NTH, deed=st.sampled_from(("forget", "remember", "not")))
    def a_device_is_looked_after(self, n: int, deed: str) -> None:
        devices = [(person, key) for person in self.people for key in person.devices]
        person, key = devices[n % len(devices)]
        if deed == "forget":
            self.forgets(person, key)
        else:
            self.remembers(person, key, remembered=deed == "remember")

    @rule(who=WHO, what=st.sampled_from(("passkey", "phones", "out", "disable", "enable", "enable", "enable")))
    def something_is_lost(self, who: int, what: str) -> None:
        deeds = {
            "passkey": self.loses_passkey,
            "phones": self.loses_phones,
            "out": self.signs_out,
            "disable": self.disables,
            "enable": self.enables,
        }
        deeds[what](self.who(who))

    @rule(
        who=WHO,
        password=PASSWORDS,
        how=st.sampled_from(("changed", "permanent", "permanent", "temporary", "reset", "forgotten")),
    )
    def a_password_is_changed(self, who: int, password: str, how: str) -> None:
        person = self.who(who)
        if how == "changed":
            self.changes_password(person, password)
        elif how in ("reset", "forgotten"):
            self.resets(person, self.of(person, 0), password, finishes=how == "forgotten")
        else:
            self.is_given_password(person, password, permanent=how == "permanent")

    @rule(
        mode=st.sampled_from(("OFF", "OPTIONAL", "ON", "ON")),
        sms=USUALLY,
        email=USUALLY,
        multi=st.booleans(),
    )
    def the_pool_is_configured(self, mode: str, *, sms: bool, email: bool, multi: bool) -> None:
        self.configures(self.pools[0], mode, sms=sms, email=email, multi=multi)

    @rule(pause=PAUSES)
    def time_passes(self, pause: int) -> None:
        self.house.clock.advance(seconds=pause / SECOND)

    # At the end.

    def teardown(self) -> None:
        """Everybody who may enter still can, of two right answers at once one is good, and thieves get nowhere."""
        if self.failed:
            return
        for person in self.people[:2]:
            for n, flow in enumerate(("srp", "choice")):
                if choices(person):
                    self.honest(person, self.of(person, 0), flow=flow, n=n + 1, twice=True)
        victim = self.people[0]
        self.somebody_is_robbed(victim, self.of(victim, 0))
        self.old_strings_are_shown()
        self.old_tokens_are_shown()
        self.somebody_is_shut_out(victim, self.of(victim, 0))
        self.a_temporary_password_grows_old(victim, self.of(victim, 0))
