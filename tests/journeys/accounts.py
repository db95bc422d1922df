"""Accounts of a walk: people who sign up, confirm and forget their passwords, and what operators do to them."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.journeys.comparing import WHOEVER
from tests.journeys.draws import (
    ADDRESSES,
    CLIENTS,
    CODES,
    EMAILS,
    NEW_PASSWORDS,
    PASSWORDS,
    POOLS,
    PROVEN,
    RARELY,
    USUALLY,
    WHO,
)
from tests.journeys.signing import Signing
from tests.journeys.things import Code, Pool, User


class Accounts(Signing):
    """What becomes of accounts without a token."""

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


def _unconfirmed(user: User) -> bool:
    return user.status == "UNCONFIRMED"
