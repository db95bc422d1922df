"""A small world that says what Lido must answer: dictionaries and comparisons, no SQL and no cryptography.

Each deed raises `Refused` as Cognito would, or changes this world as Lido must have changed its own. Whatever string
Lido then hands out is written beside the thing of this world that it stands for.
"""

from typing import Literal

from tests.journeys.model_people import EXPIRED_CODE, MISMATCH, invalid_parameter, not_authorized
from tests.journeys.model_sessions import Sessions
from tests.journeys.things import DAY, Access, Client, Code, Pool, Refused, User

TEMPORARY = 7 * DAY
NOT_FOUND = "Username/client id combination not found."
WRONG_STATE = "User password cannot be reset in the current state."
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"


class Model(Sessions):
    """Everybody, and everything that was ever handed out."""

    # Signing up.

    def sign_up(self, client: Client, name: str, password: str, email: str | None, *, proven: bool) -> User:
        self.check_secret(client, proven=proven)
        pool = client.pool
        if pool.aliases and "@" in name:
            raise invalid_parameter(
                "Username cannot be of email format, since user pool is configured for email alias."
            )
        self.check_policy(password, "did not conform with")
        if self.find(pool, name):
            raise Refused("UsernameExists", "User already exists")
        user = User(pool, name, "UNCONFIRMED", password, email)
        self.users.append(user)
        if email:
            self.send(user, "confirm", email)
        return user

    def meet(self, client: Client, name: str, *, proven: bool) -> User | None:
        """Whom somebody who has proven nothing names; None only where that is no secret to be told."""
        self.check_secret(client, proven=proven)
        user = self.find(client.pool, name)
        if user is None and not client.hides:
            raise Refused("UserNotFound", NOT_FOUND)
        return user

    def confirm_sign_up(self, client: Client, name: str, text: str, *, force: bool, proven: bool) -> None:
        user = self.meet(client, name, proven=proven)
        if user and user.status != "UNCONFIRMED":
            raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
        self.take(self.subject(client.pool, user, name), "try confirm", 15)
        if user is None:
            raise Refused(*MISMATCH)
        code = self.show(user, "confirm", text)
        if user.email and code.address.casefold() == user.email.casefold():
            self.claim(user, user.email, force=force, sentence="An account with the email already exists.")
            user.verified = True
        user.status = "CONFIRMED"
        del user.codes["confirm"]

    def resend(self, client: Client, name: str, *, proven: bool) -> Code | None:
        user = self.meet(client, name, proven=proven)
        fault = None
        if user and user.status != "UNCONFIRMED":
            raise invalid_parameter("User is already confirmed.")
        if user and not user.enabled:
            fault = not_authorized("User is disabled.")
        elif user and not user.email:
            fault = invalid_parameter("Cannot resend codes. Auto verification not turned on.")
        return self._answer_stranger(client, user, name, "confirm", fault)

    def _answer_stranger(
        self, client: Client, user: User | None, name: str, purpose: str, fault: Refused | None
    ) -> Code | None:
        """A code is sent, or the refusal said, or where existence is hidden neither."""
        if fault and not client.hides:
            raise fault
        self.take(self.subject(client.pool, user, name), f"ask {purpose}", 5)
        return self.send(user, purpose, user.email or "") if user and not fault else None

    def admin_confirm(self, pool: Pool, name: str) -> None:
        user = self.require(pool, name)
        if user.status != "UNCONFIRMED":
            raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
        user.status = "CONFIRMED"
        user.codes.pop("confirm", None)

    # What operators do to people.

    def admin_create(
        self, pool: Pool, name: str, password: str, email: str | None, *, verified: bool, force: bool
    ) -> User:
        self.check_policy(password, "did not conform with")
        if pool.aliases and "@" in name:
            raise invalid_parameter(
                "Username cannot be of email format, since user pool is configured for email alias."
            )
        if self.find(pool, name):
            raise Refused("UsernameExists", "User account already exists")
        user = User(pool, name, "FORCE_CHANGE_PASSWORD", password, email, verified=verified and email is not None)
        user.temporary_until = self._now() + TEMPORARY
        if email and user.verified:
            try:
                self.claim(user, email, force=force)
            except Refused as refused:
                raise Refused("UsernameExists", refused.said[1]) from None
        self.users.append(user)
        return user

    def set_password(self, pool: Pool, name: str, password: str, *, permanent: bool) -> None:
        user = self.require(pool, name)
        self.check_policy(password, "did not conform with")
        self.check_not_used(user, password)
        status = "CONFIRMED" if permanent else "FORCE_CHANGE_PASSWORD"
        self.replace(user, password, status, None if permanent else self._now() + TEMPORARY)

    def admin_reset(self, pool: Pool, name: str) -> Code:
        user = self.require(pool, name)
        if not user.enabled:
            raise not_authorized("User is disabled")
        self._check_resettable(user)
        user.status = "RESET_REQUIRED"
        return self.send(user, "reset", user.email or "")

    def _check_resettable(self, user: User) -> None:
        if not user.enabled:
            raise not_authorized("User is disabled.")
        if user.status == "FORCE_CHANGE_PASSWORD":
            raise not_authorized(WRONG_STATE)
        if not user.verified:
            raise invalid_parameter(NO_ADDRESS)
        if user.status == "UNCONFIRMED":
            raise not_authorized(WRONG_STATE)

    def disable(self, pool: Pool, name: str) -> None:
        user = self.require(pool, name)
        user.enabled = False
        user.epoch += 1

    def enable(self, pool: Pool, name: str) -> None:
        self.require(pool, name).enabled = True

    def admin_sign_out(self, pool: Pool, name: str) -> None:
        self.sign_out(self.require(pool, name))

    def admin_delete(self, pool: Pool, name: str) -> None:
        self.delete(self.require(pool, name))

    def delete(self, user: User) -> None:
        user.gone = True
        self.users.remove(user)

    # What people change themselves.

    def forgot(self, client: Client, name: str, *, proven: bool) -> Code | None:
        user, fault = self.meet(client, name, proven=proven), None
        if user:
            try:
                self._check_resettable(user)
            except Refused as refused:
                fault = refused
        return self._answer_stranger(client, user, name, "reset", fault)

    def confirm_forgot(self, client: Client, name: str, text: str, password: str, *, proven: bool) -> None:
        user = self.meet(client, name, proven=proven)
        self.take(self.subject(client.pool, user, name), "try reset", 15)
        if user is None:
            raise Refused(*MISMATCH)
        self._refuse_unfit(client, user)
        code = self.show(user, "reset", text)
        self.check_policy(password)
        self.check_not_used(user, password)
        if user.email is None or code.address.casefold() != user.email.casefold():
            raise Refused(*EXPIRED_CODE)
        try:
            self.claim(user, user.email)
        except Refused:
            raise Refused(*EXPIRED_CODE) from None
        user.verified = True
        self.replace(user, password, "CONFIRMED")
        self._locks.pop(user, None)

    def _refuse_unfit(self, client: Client, user: User) -> None:
        fault = {
            "UNCONFIRMED": Refused("UserNotConfirmed", "User is not confirmed."),
            "FORCE_CHANGE_PASSWORD": not_authorized(WRONG_STATE),
        }.get(user.status)
        fault = fault if user.enabled else not_authorized("User is disabled.")
        if fault:
            raise Refused(*MISMATCH) if client.hides else fault

    def change_password(self, access: Access, old: str, new: str) -> None:
        user = self.whose(access)
        if user.status != "CONFIRMED":
            raise not_authorized(WRONG_STATE)
        self.check_policy(new)
        self.take(user, "try change", 5)
        self.judge(user, right=user.password == old)
        self.check_not_used(user, new)
        self.replace(user, new, "CONFIRMED")

    def set_email(self, user: User, email: str, proof: Literal["own", "told", "untold"]) -> Code | None:
        """`own`: by the person; an operator has `told` that it is proven, or not."""
        changed = email != user.email
        if not changed and proof != "told":
            return None
        if proof == "told":
            self.claim(user, email)
            user.email, user.verified = email, True
            user.pending = user.codes.pop("verify", None) and None
            return None
        if proof == "own":
            self.take(user, "ask verify", 5, "TooManyRequests")
        user.pending = email if user.pool.proves_first else None
        if not user.pool.proves_first:
            user.email, user.verified = email, False
        return self.send(user, "verify", email)

    def ask_to_verify(self, access: Access) -> Code:
        user = self.whose(access)
        address = user.pending or user.email
        if address is None:
            raise invalid_parameter("User does not have a email to verify.")
        self.take(user, "ask verify", 5)
        return self.send(user, "verify", address)

    def verify(self, access: Access, text: str) -> None:
        user = self.whose(access)
        self.take(user, "try verify", 15)
        self.show(user, "verify", text)
        address = user.pending or user.email or ""
        self.claim(user, address)
        user.email, user.verified, user.pending = address, True, None
        del user.codes["verify"]
