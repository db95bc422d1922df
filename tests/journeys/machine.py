"""Walks: any public or administrative deed after any other, with anything ever seen, on Lido and on the model at once.

Both must say the same: the same refusal with the same sentence, or success; and after every step the same people must
be there, in the same state, with the same tokens alive.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from pycognito.aws_srp import AWSSRP
from tests.journeys.comparing import NAMES, WHOEVER, Comparison, Predict
from tests.journeys.things import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Access,
    Client,
    Code,
    Pool,
    Refresh,
    Refused,
    Step,
    User,
)
from tests.world import FLOWS

from lido.flows import outbox
from lido.flows.chores import Chores, table

EMAILS = ("ann@example.com", "bob@example.com", "Ann@Example.com")
PASSWORDS = ("Passw0rd!", "An0ther!pw", "Th1rd-word", "F0urth.word")
TOO_SHORT = "Sh0rt!"
NEWEST_TOKENS = 4
NEWEST_AT_THE_END = 3
GUESSES_AT_THE_END = 7

CLIENTS = st.sampled_from(("web", "web", "web", "vault", "vault", "vault", "other"))
POOLS = st.sampled_from(("plain", "strict"))
DOORS = st.sampled_from(("client", "client", "client", "admin"))
WHO = st.sampled_from((*(WHOEVER,) * 12, *NAMES, *NAMES, *EMAILS, "sub 0", "sub 1"))
SELDOM_WHO = st.sampled_from((*(None,) * 12, *NAMES, *EMAILS))
SELDOM_CLIENTS = st.sampled_from((*(None,) * 6, "web", "vault", "other"))
NEW_PASSWORDS = st.sampled_from((*PASSWORDS, *PASSWORDS, TOO_SHORT))
GUESSES = st.sampled_from(("right", "right", "right", "right", "wrong", "old"))
CODES = st.sampled_from(("right", "right", "right", "right", "wrong", "seen 0", "seen 1", "seen 2"))
ADDRESSES = st.sampled_from(EMAILS)
PROVEN = st.sampled_from((True, True, True, True, True, True, True, False))
NTH = st.integers(0, 9)
RARELY = st.sampled_from((False, False, False, True))
USUALLY = st.sampled_from((True, True, True, False))
PAUSES = st.sampled_from((2 * SECOND, 45 * SECOND, 2 * MINUTE, 5 * MINUTE, 20 * MINUTE, 2 * HOUR, 2 * DAY, 8 * DAY))


class Walk(Comparison):
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

    # Signing up.

    @rule(
        client=CLIENTS,
        who=WHO,
        password=NEW_PASSWORDS,
        email=st.none() | ADDRESSES,
        proven=PROVEN,
        code=CODES,
        goes_on=USUALLY,
    )
    def somebody_signs_up(
        self, client: str, who: str, password: str, email: str | None, code: str, *, proven: bool, goes_on: bool
    ) -> None:
        app = self.clients[client]
        name = self.free(app.pool, who)
        found = self.both(
            lambda: self.model.sign_up(app, name, password, email, proven=proven),
            "SignUp",
            ClientId=app.id,
            SecretHash=self.hash_of(app, name, proven=proven),
            Username=name,
            Password=password,
            UserAttributes=[{"Name": "email", "Value": email}] if email else [],
        )
        if found:
            user, answer = found
            user.sub = answer["UserSub"]
            self.everybody.append(user)
        self.sent(app.pool, found[0].codes.get("confirm") if found else None)
        if found and goes_on:
            self.somebody_confirms(client, name, code, force=proven, proven=proven)

    @rule(client=CLIENTS, who=WHO, code=CODES, force=RARELY, proven=PROVEN)
    def somebody_confirms(self, client: str, who: str, code: str, *, force: bool, proven: bool) -> None:
        app = self.clients[client]
        name = self.named(app.pool, who, lambda user: user.status == "UNCONFIRMED" and user.codes)
        text = self.code_for(self.model.find(app.pool, name), "confirm", code)
        self.both(
            lambda: self.model.confirm_sign_up(app, name, text, force=force, proven=proven),
            "ConfirmSignUp",
            ClientId=app.id,
            SecretHash=self.hash_of(app, name, proven=proven),
            Username=name,
            ConfirmationCode=text,
            ForceAliasCreation=force,
        )

    @rule(client=CLIENTS, who=WHO, proven=PROVEN)
    def somebody_asks_for_another_code(self, client: str, who: str, *, proven: bool) -> None:
        name = self.named(self.clients[client].pool, who, _unconfirmed)
        self._ask("ResendConfirmationCode", self.model.resend, client, name, proven=proven)

    @rule(client=CLIENTS, who=WHO, code=CODES, password=NEW_PASSWORDS, proven=PROVEN, goes_on=USUALLY)
    def somebody_forgot_the_password(
        self, client: str, who: str, code: str, password: str, *, proven: bool, goes_on: bool
    ) -> None:
        name = self.named(self.clients[client].pool, who, lambda user: user.verified and user.enabled)
        self._ask("ForgotPassword", self.model.forgot, client, name, proven=proven)
        if goes_on:
            self.somebody_sets_a_forgotten_password(client, name, code, password, proven=proven)

    def _ask(
        self, operation: str, predict: Callable[..., Code | None], client: str, name: str, *, proven: bool
    ) -> None:
        app = self.clients[client]
        found = self.both(
            lambda: predict(app, name, proven=proven),
            operation,
            ClientId=app.id,
            SecretHash=self.hash_of(app, name, proven=proven),
            Username=name,
        )
        self.sent(app.pool, found[0] if found else None)

    @rule(client=CLIENTS, who=WHO, code=CODES, password=NEW_PASSWORDS, proven=PROVEN)
    def somebody_sets_a_forgotten_password(
        self, client: str, who: str, code: str, password: str, *, proven: bool
    ) -> None:
        app = self.clients[client]
        name = self.named(app.pool, who, lambda user: "reset" in user.codes)
        text = self.code_for(self.model.find(app.pool, name), "reset", code)
        self.both(
            lambda: self.model.confirm_forgot(app, name, text, password, proven=proven),
            "ConfirmForgotPassword",
            ClientId=app.id,
            SecretHash=self.hash_of(app, name, proven=proven),
            Username=name,
            ConfirmationCode=text,
            Password=password,
        )

    # Operators.

    @rule(
        pool=POOLS,
        who=WHO,
        password=NEW_PASSWORDS,
        email=st.none() | ADDRESSES,
        verified=st.booleans(),
        force=RARELY,
    )
    def an_operator_creates(
        self, pool: str, who: str, password: str, email: str | None, *, verified: bool, force: bool
    ) -> None:
        place = self.pools[pool]
        name = self.free(place, who)
        given = {"email": email, "email_verified": "true" if verified else "false"} if email else {}
        found = self.both(
            lambda: self.model.admin_create(place, name, password, email, verified=verified, force=force),
            "AdminCreateUser",
            signed=True,
            UserPoolId=place.id,
            Username=name,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
            ForceAliasCreation=force,
            UserAttributes=[{"Name": name, "Value": value} for name, value in given.items()],
        )
        if found:
            user, answer = found
            user.sub = next(a["Value"] for a in answer["User"]["Attributes"] if a["Name"] == "sub")
            self.everybody.append(user)
        self.sent(place, None)

    @rule(pool=POOLS, who=WHO, password=NEW_PASSWORDS, permanent=st.booleans())
    def an_operator_sets_a_password(self, pool: str, who: str, password: str, *, permanent: bool) -> None:
        place = self.pools[pool]
        name = self.named(place, who)
        self.both(
            lambda: self.model.set_password(place, name, password, permanent=permanent),
            "AdminSetUserPassword",
            signed=True,
            UserPoolId=place.id,
            Username=name,
            Password=password,
            Permanent=permanent,
        )

    def _operate(
        self,
        operation: str,
        predict: Callable[[Pool, str], Any],
        pool: str,
        who: str,
        fits: Callable[[User], Any] = lambda user: user.enabled,
    ) -> Any:
        place = self.pools[pool]
        name = self.named(place, who, fits)
        body = {"UserPoolId": place.id, "Username": name}
        found = self.both(lambda: (predict(place, name),), operation, signed=True, **body)
        return found[0][0] if found else None

    @rule(pool=POOLS, who=WHO)
    def an_operator_confirms(self, pool: str, who: str) -> None:
        self._operate("AdminConfirmSignUp", self.model.admin_confirm, pool, who, _unconfirmed)

    @rule(pool=POOLS, who=WHO)
    def an_operator_resets(self, pool: str, who: str) -> None:
        code = self._operate("AdminResetUserPassword", self.model.admin_reset, pool, who, lambda user: user.verified)
        self.sent(self.pools[pool], code)

    @rule(pool=POOLS, who=WHO)
    def an_operator_disables(self, pool: str, who: str) -> None:
        self._operate("AdminDisableUser", self.model.disable, pool, who)

    @rule(pool=POOLS, who=WHO)
    def an_operator_enables(self, pool: str, who: str) -> None:
        self._operate("AdminEnableUser", self.model.enable, pool, who, lambda user: not user.enabled)

    @rule(pool=POOLS, who=WHO)
    def an_operator_signs_out(self, pool: str, who: str) -> None:
        self._operate("AdminUserGlobalSignOut", self.model.admin_sign_out, pool, who)

    @rule(pool=POOLS, who=WHO, again=USUALLY)
    def an_operator_deletes(self, pool: str, who: str, *, again: bool) -> None:
        self._operate("AdminDeleteUser", self.model.admin_delete, pool, who)
        if again:
            self.somebody_appears(pool, WHOEVER)

    def somebody_appears(self, pool: str, who: str) -> None:
        """A confirmed user, signed in."""
        name = self.free(self.pools[pool], who)
        client = "web" if pool == "plain" else "vault"
        self.an_operator_creates(pool, name, PASSWORDS[0], EMAILS[0], verified=True, force=True)
        self.an_operator_sets_a_password(pool, name, PASSWORDS[1], permanent=True)
        self.somebody_signs_in(client, "client", name, "right", proven=True, tries=1)

    @rule(pool=POOLS, who=WHO, email=ADDRESSES, told=st.booleans())
    def an_operator_sets_an_address(self, pool: str, who: str, email: str, *, told: bool) -> None:
        place = self.pools[pool]
        name = self.named(place, who)
        proof = [{"Name": "email_verified", "Value": "true"}] if told else []
        found = self.both(
            lambda: self.model.set_email(self.model.require(place, name), email, "told" if told else "untold"),
            "AdminUpdateUserAttributes",
            signed=True,
            UserPoolId=place.id,
            Username=name,
            UserAttributes=[{"Name": "email", "Value": email}, *proof],
        )
        self.sent(place, found[0] if found else None)

    # Signing in.

    @rule(
        client=CLIENTS,
        door=DOORS,
        who=WHO,
        guess=GUESSES,
        proven=PROVEN,
        tries=st.sampled_from((1, 1, 1, 5)),
        goes_on=USUALLY,
        password=NEW_PASSWORDS,
    )
    def somebody_signs_in(
        self,
        client: str,
        door: str,
        who: str,
        guess: str,
        password: str = PASSWORDS[2],
        *,
        proven: bool,
        tries: int,
        goes_on: bool = False,
    ) -> None:
        app = self.clients[client]
        name = self.named(app.pool, who, lambda user: user.enabled and user.status != "UNCONFIRMED")
        known = self.guess(self.model.find(app.pool, name), guess)
        given = {"USERNAME": name, "PASSWORD": known, "SECRET_HASH": self.hash_of(app, name, proven=proven)}
        for _ in range(tries):
            found = self.both(
                lambda: self.model.sign_in(app, door, name, known, proven=proven),
                "AdminInitiateAuth" if door == "admin" else "InitiateAuth",
                AuthFlow="ADMIN_USER_PASSWORD_AUTH" if door == "admin" else "USER_PASSWORD_AUTH",
                AuthParameters={key: value for key, value in given.items() if value},
                **self.client_at(door, app),
            )
            self.take_in(found)
            if found and isinstance(found[0], Step) and goes_on:
                self._choose(found[0], app, door, name, password, proven=proven)

    @rule(client=CLIENTS, door=DOORS, who=WHO, guess=GUESSES, proven=PROVEN, goes_on=USUALLY)
    def somebody_begins_srp(self, client: str, door: str, who: str, guess: str, *, proven: bool, goes_on: bool) -> None:
        app = self.clients[client]
        name = self.named(app.pool, who, lambda user: user.enabled)
        half = AWSSRP(name, "", app.pool.id, app.id, client=self.house.idp_unsigned, client_secret=app.secret)
        given = half.get_auth_params() | {"SECRET_HASH": self.hash_of(app, name, proven=proven)}
        found = self.both(
            lambda: self.model.begin_srp(app, door, name, proven=proven),
            "AdminInitiateAuth" if door == "admin" else "InitiateAuth",
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={key: value for key, value in given.items() if value},
            **self.client_at(door, app),
        )
        self.take_in(found)
        if found:
            found[0].half = (half, found[0].half)
            if goes_on:
                self.somebody_answers_srp(0, guess, None, client, door, elsewhere=False, proven=True)

    @precondition(lambda self: any(step.kind == "PASSWORD_VERIFIER" for step in self.steps))
    @rule(nth=NTH, elsewhere=RARELY, guess=GUESSES, who=SELDOM_WHO, client=CLIENTS, door=DOORS, proven=PROVEN)
    def somebody_answers_srp(
        self, nth: int, guess: str, who: str | None, client: str, door: str, *, elsewhere: bool, proven: bool
    ) -> None:
        step = self._step("PASSWORD_VERIFIER", nth)
        app, door = (self.clients[client], door) if elsewhere else (step.client, step.door)
        name = self.named(app.pool, who) if who else step.half[1]["USER_ID_FOR_SRP"]
        self._answer_srp(step, app, door, name, guess, proven=proven)

    def _answer_srp(self, step: Step, app: Client, door: str, name: str, guess: str, *, proven: bool) -> None:
        half, parameters = step.half
        half.password = password = self.guess(step.user, guess)
        answers = half.process_challenge(parameters, {"USERNAME": step.typed})
        answers |= {"USERNAME": name, "SECRET_HASH": self.hash_of(app, name, proven=proven)}
        self._respond(
            lambda: self.model.answer_srp(step, app, door, name, password, proven=proven),
            "PASSWORD_VERIFIER",
            app,
            door,
            answers,
        )

    @precondition(lambda self: self.steps)
    @rule(
        nth=NTH,
        any_step=RARELY,
        elsewhere=RARELY,
        password=NEW_PASSWORDS,
        who=SELDOM_WHO,
        client=CLIENTS,
        door=DOORS,
        proven=PROVEN,
    )
    def somebody_chooses_a_password(
        self,
        nth: int,
        password: str,
        who: str | None,
        client: str,
        door: str,
        *,
        any_step: bool,
        elsewhere: bool,
        proven: bool,
    ) -> None:
        step = self._step(None if any_step else "NEW_PASSWORD_REQUIRED", nth)
        app, door = (self.clients[client], door) if elsewhere else (step.client, step.door)
        self._choose(step, app, door, self.named(app.pool, who) if who else step.typed, password, proven=proven)

    def _choose(self, step: Step, app: Client, door: str, name: str, password: str, *, proven: bool) -> None:
        answers = {"USERNAME": name, "NEW_PASSWORD": password, "SECRET_HASH": self.hash_of(app, name, proven=proven)}
        self._respond(
            lambda: self.model.answer_new_password(step, app, door, name, password, proven=proven),
            "NEW_PASSWORD_REQUIRED",
            app,
            door,
            answers,
            step.text,
        )

    def _step(self, kind: str | None, nth: int) -> Step:
        fitting = [step for step in self.steps if kind in (None, step.kind)] or self.steps
        return fitting[-1 - nth % len(fitting)]

    def _respond(
        self,
        predict: Predict[Any],
        challenge: str,
        client: Client,
        door: str,
        answers: dict[str, Any],
        session: str | None = None,
    ) -> None:
        found = self.both(
            predict,
            "AdminRespondToAuthChallenge" if door == "admin" else "RespondToAuthChallenge",
            ChallengeName=challenge,
            ChallengeResponses={key: value for key, value in answers.items() if value},
            Session=session,
            **self.client_at(door, client),
        )
        self.take_in(found)

    # Tokens.

    @precondition(lambda self: self.refreshes)
    @rule(nth=NTH, client=SELDOM_CLIENTS, by_flow=RARELY, proven=PROVEN)
    def somebody_refreshes(self, nth: int, client: str | None, *, by_flow: bool, proven: bool) -> None:
        token = self.refreshes[-1 - nth % len(self.refreshes)]
        app = self.clients[client] if client else token.family.client
        self._refresh(token, app, by_flow=by_flow, proven=proven)

    def _refresh(self, token: Refresh, app: Client, *, by_flow: bool, proven: bool = True) -> None:
        username = token.family.user.username
        given = {"REFRESH_TOKEN": token.text, "SECRET_HASH": self.hash_of(app, username, proven=proven)}
        flow = {
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": {key: value for key, value in given.items() if value},
        }
        found = self.both(
            lambda: self.model.refresh(token, app, by_flow=by_flow, proven=proven),
            "InitiateAuth" if by_flow else "GetTokensFromRefreshToken",
            ClientId=app.id,
            **(flow if by_flow else {"RefreshToken": token.text, "ClientSecret": self.secret_of(app, proven=proven)}),
        )
        if found is None:
            return
        successor, result = found[0], found[1]["AuthenticationResult"]
        self.agree("RefreshToken" in result, successor is not None, "a successor appeared")
        self.receive(token.family, result)
        if successor is not None:
            successor.text = result["RefreshToken"]
            self.refreshes.append(successor)

    @precondition(lambda self: self.refreshes)
    @rule(nth=NTH, client=SELDOM_CLIENTS, an_access_token=RARELY, proven=PROVEN)
    def somebody_revokes(self, nth: int, client: str | None, *, an_access_token: bool, proven: bool) -> None:
        token = self.token(nth) if an_access_token else self.refreshes[-1 - nth % len(self.refreshes)]
        app = self.clients[client] if client else token.family.client
        self.both(
            lambda: self.model.revoke(token, app, proven=proven),
            "RevokeToken",
            ClientId=app.id,
            ClientSecret=self.secret_of(app, proven=proven),
            Token=token.text,
        )

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


def _unconfirmed(user: User) -> bool:
    return user.status == "UNCONFIRMED"


def _described(user: User) -> dict[str, Any]:
    address = {"email": user.email, "email_verified": str(user.verified).lower()} if user.email else {}
    return {"sub": user.sub, "name": user.username, "status": user.status, "enabled": user.enabled, **address}


def _listed(user: dict[str, Any]) -> dict[str, Any]:
    attributes = {attribute["Name"]: attribute["Value"] for attribute in user["Attributes"]}
    return {"name": user["Username"], "status": user["UserStatus"], "enabled": user["Enabled"], **attributes}
