"""Sign-ins of a walk, honest or not: passwords, SRP, new passwords for temporary ones, refreshing and revoking."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from pycognito.aws_srp import AWSSRP
from tests.journeys.comparing import Comparison, Predict
from tests.journeys.draws import (
    CLIENTS,
    DOORS,
    GUESSES,
    NEW_PASSWORDS,
    NTH,
    PASSWORDS,
    PROVEN,
    RARELY,
    SELDOM_CLIENTS,
    SELDOM_WHO,
    USUALLY,
    WHO,
)
from tests.journeys.things import Client, Refresh, Step


class Signing(Comparison):
    """Signing in, and what its tokens are good for at the door."""

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
