"""Walks: any public or administrative deed after any other, with anything ever seen, on Lido and on the model at once.

Both must say the same: the same refusal with the same sentence, or success; and after every step the same people must
be there, in the same state, with the same tokens alive.
"""

from typing import Any

from hypothesis.stateful import initialize, invariant, precondition, rule
from tests.journeys.accounts import Accounts
from tests.journeys.comparing import NAMES, WHOEVER
from tests.journeys.draws import (
    ADDRESSES,
    CODES,
    EMAILS,
    GUESSES,
    NEW_PASSWORDS,
    NTH,
    PASSWORDS,
    PAUSES,
    RARELY,
    USUALLY,
)
from tests.journeys.things import DAY, SECOND, Access, Client, Pool, Refused, User
from tests.world import FLOWS

from lido.flows import outbox
from lido.flows.chores import Chores, table

NEWEST_TOKENS = 4
NEWEST_AT_THE_END = 3
GUESSES_AT_THE_END = 7


class Walk(Accounts):
    """One walk through two pools: a plain one with two clients, and a strict one with aliases, secret and rotation."""

    # The two pools, and somebody in each.

    @initialize()
    def two_pools(self) -> None:
        house, verified = self.house, {"AutoVerifiedAttributes": ["email"]}
        plain = Pool(house.pool(**verified))
        strict = Pool(
            house.pool(
                **verified,
                AliasAttributes=["email"],
                UsernameConfiguration={"CaseSensitive": False},
                UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
                Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}},
            ),
            aliases=True,
            proves_first=True,
            history=2,
        )
        self.pools = {"plain": plain, "strict": strict}
        self.clients = {name: self._client(plain, RefreshTokenValidity=5) for name in ("web", "other")}
        self.clients["vault"] = self._client(
            strict,
            grace=30 * SECOND,
            RefreshTokenValidity=3,
            GenerateSecret=True,
            PreventUserExistenceErrors="ENABLED",
            ExplicitAuthFlows=[flow for flow in FLOWS if flow != "ALLOW_REFRESH_TOKEN_AUTH"],
            RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 30},
        )
        for name in self.pools:
            self.somebody_appears(name, "ann")

    def _client(self, pool: Pool, *, grace: int | None = None, **settings: Any) -> Client:
        made = self.house.app(pool.id, **settings)
        hides = settings.get("PreventUserExistenceErrors") == "ENABLED"
        life = settings["RefreshTokenValidity"] * DAY
        return Client(pool, made["ClientId"], made.get("ClientSecret"), hides, life, grace)

    # What people do with a token in hand.

    @precondition(lambda self: self.access)
    @rule(nth=NTH)
    def somebody_signs_out_everywhere(self, nth: int) -> None:
        token = self.token(nth)
        self.both(lambda: self.model.sign_out_everywhere(token), "GlobalSignOut", AccessToken=token.text)

    @precondition(lambda self: self.access)
    @rule(nth=NTH, again=USUALLY)
    def somebody_leaves_for_good(self, nth: int, *, again: bool) -> None:
        token = self.token(nth)
        self.both(lambda: self.model.delete(self.model.whose(token)), "DeleteUser", AccessToken=token.text)
        if again:
            self.somebody_appears("plain" if token.family.user.pool is self.pools["plain"] else "strict", WHOEVER)

    @precondition(lambda self: self.access)
    @rule(nth=NTH, guess=GUESSES, password=NEW_PASSWORDS)
    def somebody_changes_the_password(self, nth: int, guess: str, password: str) -> None:
        token = self.token(nth)
        old = self.guess(token.family.user, guess)
        self.both(
            lambda: self.model.change_password(token, old, password),
            "ChangePassword",
            AccessToken=token.text,
            PreviousPassword=old,
            ProposedPassword=password,
        )

    @precondition(lambda self: self.access)
    @rule(nth=NTH, email=ADDRESSES, code=CODES, goes_on=USUALLY)
    def somebody_moves(self, nth: int, email: str, code: str, *, goes_on: bool) -> None:
        token = self.token(nth)
        found = self.both(
            lambda: self.model.set_email(self.model.whose(token), email, "own"),
            "UpdateUserAttributes",
            AccessToken=token.text,
            UserAttributes=[{"Name": "email", "Value": email}],
        )
        self.sent(token.family.user.pool, found[0] if found else None)
        if found and goes_on:
            self.somebody_verifies(nth, code)

    @precondition(lambda self: self.access)
    @rule(nth=NTH, code=CODES, goes_on=USUALLY)
    def somebody_asks_to_verify(self, nth: int, code: str, *, goes_on: bool) -> None:
        token = self.token(nth)
        found = self.both(
            lambda: self.model.ask_to_verify(token),
            "GetUserAttributeVerificationCode",
            AccessToken=token.text,
            AttributeName="email",
        )
        self.sent(token.family.user.pool, found[0] if found else None)
        if found and goes_on:
            self.somebody_verifies(nth, code)

    @precondition(lambda self: self.access)
    @rule(nth=NTH, code=CODES)
    def somebody_verifies(self, nth: int, code: str) -> None:
        token = self.token(nth)
        text = self.code_for(token.family.user, "verify", code)
        self.both(
            lambda: self.model.verify(token, text),
            "VerifyUserAttribute",
            AccessToken=token.text,
            AttributeName="email",
            Code=text,
        )

    # Time.

    @rule(pause=PAUSES, sweep=RARELY)
    def time_passes(self, pause: int, *, sweep: bool) -> None:
        self.house.clock.advance(seconds=pause / SECOND)
        self.note(f"{pause // SECOND} seconds pass", "")
        if sweep:
            self._sweep()

    def _sweep(self) -> None:
        chores = table(event_retention_days=90, message_retention_days=7)
        Chores(self.house.call, chores, holder=self.house.entropy.uuid()).run_due()
        self.model.sweep()
        self.note("what is over is swept", "")
        for pool in self.pools.values():
            found = outbox.sent(self.house.call(), pool_id=pool.id, limit=1)
            self.newest[pool.id] = f"{found[0].to} {found[0].code}" if found else ""

    # What must hold after every step.

    @invariant()
    def everybody_is_there_as_the_model_has_them(self) -> None:
        for pool in self.pools.values():
            listed = self.wire("ListUsers", signed=True, UserPoolId=pool.id)["Users"]
            living = [user for user in self.model.users if user.pool is pool]
            expected = sorted([_described(user) for user in living], key=lambda user: str(user["sub"]))
            self.agree(sorted(map(_listed, listed), key=lambda user: str(user["sub"])), expected, "users")

    @invariant()
    def a_name_leads_to_its_owner(self) -> None:
        names = (*NAMES, *EMAILS)
        self.who_is(names[len(self.story) % len(names)])

    def who_is(self, name: str) -> None:
        for pool in self.pools.values():
            owner = self.model.find(pool, name)
            try:
                found = self.wire("AdminGetUser", signed=True, UserPoolId=pool.id, Username=name)
            except Refused as refused:
                self.agree(refused.said if owner else None, None, f"{name} leads to somebody")
            else:
                sub = next(a["Value"] for a in found["UserAttributes"] if a["Name"] == "sub")
                self.agree(sub, owner and owner.sub, f"{name} leads to its owner")

    @invariant()
    def access_tokens_live_as_the_model_says(self) -> None:
        for token in self.access[-NEWEST_TOKENS:]:
            self.is_alive(token)

    def is_alive(self, token: Access) -> None:
        try:
            prediction: Any = self.model.whose(token).username
        except Refused as refused:
            prediction = refused.said
        try:
            told: Any = self.wire("GetUser", signed=False, AccessToken=token.text)["Username"]
        except Refused as refused:
            told = refused.said
        self.agree(told, prediction, "GetUser")

    # The end.

    def teardown(self) -> None:
        """At the end everything is tried again, whatever has become of it, and everybody is guessed at."""
        if self.failed or not self.pools:
            return
        for nth in range(NEWEST_AT_THE_END):
            self.show_again(nth)
            self.answer_again(nth)
        for token in self.access:
            self.is_alive(token)
        for refresh in list(self.refreshes):
            self._refresh(refresh, refresh.family.client, by_flow=refresh.family.client.grace is None)
        for pool in self.pools:
            self.last_acts(pool)
        for name in (*NAMES, *EMAILS):
            self.who_is(name)
        for pool in self.pools.values():
            self.wire("DeleteUserPool", signed=True, UserPoolId=pool.id)

    def last_acts(self, pool: str) -> None:
        """What one act must undo of another, done to somebody in whatever state the walk has left them."""
        client = "web" if pool == "plain" else "vault"
        for _ in range(GUESSES_AT_THE_END):
            self.somebody_signs_in(client, "client", WHOEVER, "wrong", proven=True, tries=1)
            self.time_passes(SECOND, sweep=False)
        self.somebody_forgot_the_password(client, WHOEVER, "right", "L4st-password", proven=True, goes_on=True)
        self.somebody_signs_in(client, "client", WHOEVER, "right", proven=True, tries=1)
        self.somebody_forgot_the_password(client, WHOEVER, "right", PASSWORDS[0], proven=True, goes_on=False)
        self.an_operator_sets_a_password(pool, WHOEVER, "V3ry-last", permanent=True)
        self.show_again(0)
        self.somebody_signs_in(client, "client", WHOEVER, "right", proven=True, tries=1)
        if not self.access:
            return
        for email in EMAILS[:2]:
            self.somebody_moves(0, email, "right", goes_on=False)
            self.an_operator_sets_an_address(pool, WHOEVER, EMAILS[1], told=True)
            self.show_again(0)
        self.an_operator_sets_a_password(pool, WHOEVER, "An0ther-last", permanent=False)
        self.somebody_refreshes(0, None, by_flow=pool == "plain", proven=True)

    def show_again(self, nth: int) -> None:
        """A code that was sent is shown, and shown once more."""
        if nth >= len(self.codes):
            return
        code = self.codes[-1 - nth]
        client = "web" if code.user.pool is self.pools["plain"] else "vault"
        tokens = [at for at, token in enumerate(reversed(self.access)) if token.family.user is code.user]
        for _ in range(2):
            if code.purpose == "confirm":
                self.somebody_confirms(client, code.user.username, code.text, force=False, proven=True)
            elif code.purpose == "reset":
                name, fresh = code.user.username, f"Fr3sh-password-{nth}"
                self.somebody_sets_a_forgotten_password(client, name, code.text, fresh, proven=True)
            elif tokens:
                self.somebody_verifies(tokens[0], code.text)

    def answer_again(self, nth: int) -> None:
        """A step is answered at the wrong door, rightly, and rightly once more."""
        if nth >= len(self.steps):
            return
        step = self.steps[-1 - nth]
        for door in ("admin" if step.door == "client" else "client", step.door, step.door):
            if step.kind == "PASSWORD_VERIFIER":
                self._answer_srp(step, step.client, door, step.half[1]["USER_ID_FOR_SRP"], "right", proven=True)
            else:
                self._choose(step, step.client, door, step.typed, f"Ch0sen-password-{nth}", proven=True)


def _described(user: User) -> dict[str, Any]:
    address = {"email": user.email, "email_verified": str(user.verified).lower()} if user.email else {}
    return {"sub": user.sub, "name": user.username, "status": user.status, "enabled": user.enabled, **address}


def _listed(user: dict[str, Any]) -> dict[str, Any]:
    attributes = {attribute["Name"]: attribute["Value"] for attribute in user["Attributes"]}
    return {"name": user["Username"], "status": user["UserStatus"], "enabled": user["Enabled"], **attributes}
