"""A small world that says what Lido must answer: dictionaries and comparisons, no SQL and no cryptography.

Each deed raises `Refused` as Cognito would, or changes this world as Lido must have changed its own. Whatever string
Lido then hands out is written beside the thing of this world that it stands for.
"""

from collections.abc import Callable
from typing import Any, Literal

from tests.journeys.things import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Access,
    Client,
    Code,
    Family,
    Lock,
    Pool,
    Refresh,
    Refused,
    Step,
    Subject,
    User,
)

QUIET = 15 * MINUTE
LONGEST_LOCK = 15 * MINUTE
TEMPORARY = 7 * DAY
CODE_LIFE = {"confirm": DAY, "reset": HOUR, "verify": DAY}
STEP_LIFE = {"PASSWORD_VERIFIER": MINUTE, "NEW_PASSWORD_REQUIRED": 3 * MINUTE}

WRONG = "Incorrect username or password."
INVALID = "Invalid session for the user."
EXPIRED = "Invalid session for the user, session is expired."
USED = "Invalid session for the user, session can only be used once."
REVOKED = "Refresh Token has been revoked"
NOT_FOUND = "Username/client id combination not found."
LIMIT = "Attempt limit exceeded, please try after some time."
WRONG_STATE = "User password cannot be reset in the current state."
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
TAKEN = "An account with the given email already exists."
EXPIRED_CODE = ("ExpiredCode", "Invalid code provided, please request a code again.")
MISMATCH = ("CodeMismatch", "Invalid verification code provided, please try again.")


def not_authorized(sentence: str = WRONG) -> Refused:
    return Refused("NotAuthorized", sentence)


def invalid_parameter(sentence: str) -> Refused:
    return Refused("InvalidParameter", sentence)


class Model:
    """Everybody, and everything that was ever handed out."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.users: list[User] = []
        self.families: list[Family] = []
        self._locks: dict[Subject, Lock] = {}
        self._budgets: dict[tuple[Subject, str], tuple[int, int]] = {}

    def find(self, pool: Pool, name: str) -> User | None:
        """Whom the name leads to: a sub first."""
        living = [user for user in self.users if user.pool is pool]
        found = [user for user in living if user.sub == name] or [
            user for user in living if pool.fold(name) in user.names()
        ]
        assert len(found) <= 1, f"{name} leads to several"
        return found[0] if found else None

    def require(self, pool: Pool, name: str) -> User:
        user = self.find(pool, name)
        if user is None:
            raise Refused("UserNotFound", "User does not exist.")
        return user

    # Proofs.

    def check_secret(self, client: Client, *, proven: bool) -> None:
        if not proven:
            raise not_authorized(f"Unable to verify secret hash for client {client.id}")

    def judge(self, subject: Subject, *, right: bool, step: Step | None = None) -> None:
        """A password is looked at: never while locked, and a wrong one counts even where its step was spent before."""
        lock = self._locks.setdefault(subject, Lock())
        if lock.until > self._now():
            raise not_authorized("Password attempts exceeded")
        if lock.last_at < self._now() - QUIET:
            lock.failures = 0
        lock.last_at = self._now()
        if not right:
            lock.failures += 1
            if lock.failures >= 5:
                lock.until = self._now() + min(SECOND << (lock.failures - 5), LONGEST_LOCK)
        if step is not None and step.used:
            raise not_authorized(USED)
        if step is not None:
            step.used = True
        if not right:
            raise not_authorized()

    def take(self, subject: Subject, kind: str, most: int, fault: str = "LimitExceeded") -> None:
        used, resets_at = self._budgets.get((subject, kind), (0, 0))
        if resets_at <= self._now():
            used, resets_at = 0, self._now() + HOUR
        if used >= most:
            raise Refused(fault, LIMIT)
        self._budgets[subject, kind] = used + 1, resets_at

    def show(self, user: User, purpose: str, text: str) -> Code:
        """The outstanding code, if that is what was shown; it is not yet used up."""
        code = user.codes.get(purpose)
        if code is None or code.expires_at <= self._now() or code.epoch != user.epoch:
            raise Refused(*EXPIRED_CODE)
        if code.text != text:
            raise Refused(*MISMATCH)
        return code

    def send(self, user: User, purpose: str, address: str) -> Code:
        user.codes[purpose] = Code(user, purpose, address, user.epoch, self._now() + CODE_LIFE[purpose])
        return user.codes[purpose]

    def whose(self, access: Access) -> User:
        """Whose living access token this is."""
        family, user = access.family, access.family.user
        if access.expires_at <= self._now():
            raise not_authorized("Access Token has expired")
        if user.gone:
            raise Refused("UserNotFound", "User does not exist.")
        if not user.enabled:
            raise not_authorized("User is disabled.")
        if family.revoked or family.epoch != user.epoch:
            raise not_authorized("Access Token has been revoked")
        self._refuse_state(user)
        return user

    def _refuse_state(self, user: User) -> None:
        if user.status == "RESET_REQUIRED":
            raise Refused("PasswordResetRequired", "Password reset required for the user")
        if user.status == "UNCONFIRMED":
            raise Refused("UserNotConfirmed", "User is not confirmed.")

    # Names and passwords.

    def claim(self, user: User, email: str, *, force: bool = False, sentence: str = TAKEN) -> None:
        """The address is about to count: nobody else's alias, unless it is taken away by force."""
        owner = self.find(user.pool, email) if user.pool.aliases else None
        if owner is None or owner is user:
            return
        if not force:
            raise Refused("AliasExists", sentence)
        owner.verified = False

    def check_policy(self, password: str, verb: str = "does not conform to") -> None:
        if len(password) < 8:
            raise Refused("InvalidPassword", f"Password {verb} policy: Password not long enough")

    def check_not_used(self, user: User, password: str) -> None:
        present = [] if user.temporary_until else [user.password]
        if user.pool.history and password in (present + user.earlier)[: user.pool.history]:
            raise Refused("PasswordHistoryPolicyViolation", "Password has previously been used.")

    def replace(self, user: User, password: str, status: str, until: int | None = None) -> None:
        if not user.temporary_until:
            user.earlier.insert(0, user.password)
        user.password, user.status, user.temporary_until = password, status, until
        user.version += 1
        user.codes.pop("reset", None)

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

    def subject(self, pool: Pool, user: User | None, name: str) -> Subject:
        return user or (pool, pool.fold(name))

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

    # Signing in.

    def begin(self, client: Client, name: str, *, proven: bool) -> User | None:
        self.check_secret(client, proven=proven)
        user = self.find(client.pool, name)
        if user is None and not client.hides:
            raise Refused("UserNotFound", "User does not exist.")
        return user

    def sign_in(self, client: Client, door: str, name: str, password: str, *, proven: bool) -> Family | Step:
        user = self.begin(client, name, proven=proven)
        self.judge(self.subject(client.pool, user, name), right=user is not None and user.password == password)
        assert user is not None
        return self._proceed(client, door, user, name)

    def begin_srp(self, client: Client, door: str, name: str, *, proven: bool) -> Step:
        user = self.begin(client, name, proven=proven)
        return self._step("PASSWORD_VERIFIER", client, door, name, user)

    def _step(self, kind: str, client: Client, door: str, typed: str, user: User | None) -> Step:
        state = (user.epoch, user.version) if user else (0, 0)
        until = self._now() + STEP_LIFE[kind]
        return Step(kind, client, door, typed, user, self.subject(client.pool, user, typed), state, until)

    def _proceed(self, client: Client, door: str, user: User, typed: str) -> Family | Step:
        """A first factor was proven: what the account's state makes of it."""
        if not user.enabled:
            raise not_authorized("User is disabled.")
        self._refuse_state(user)
        if user.temporary_until is None:
            return self._enter(client, user)
        self._refuse_outdated(user)
        return self._step("NEW_PASSWORD_REQUIRED", client, door, typed, user)

    def _refuse_outdated(self, user: User) -> None:
        if user.temporary_until is not None and user.temporary_until <= self._now():
            raise not_authorized("Temporary password has expired and must be reset by an administrator.")

    def _enter(self, client: Client, user: User) -> Family:
        lock = self._locks.setdefault(user, Lock())
        lock.failures = lock.until = 0
        now = self._now()
        family = Family(client, user, user.epoch, now // SECOND, now + client.refresh_life, rotated_at=now)
        self.families.append(family)
        return family

    def open(self, step: Step, kind: str, client: Client, door: str, named: str, *, proven: bool) -> None:
        """The string carries the sign-in on: here, now, for this person, and nothing has happened meanwhile."""
        if step.kind != kind or step.client is not client:
            raise not_authorized(INVALID)
        if step.expires_at <= self._now():
            raise not_authorized(EXPIRED)
        self.check_secret(client, proven=proven)
        user = step.user
        if step.door != door or (user and (user.gone or step.state != (user.epoch, user.version))):
            raise not_authorized(INVALID)
        known = {step.typed, user.username, user.sub, user.email or step.typed} if user else {named}
        if client.pool.fold(named) not in {client.pool.fold(name) for name in known}:
            raise not_authorized(INVALID)

    def answer_srp(self, step: Step, client: Client, door: str, named: str, password: str, *, proven: bool) -> Any:
        self.open(step, "PASSWORD_VERIFIER", client, door, named, proven=proven)
        user = step.user
        self.judge(step.subject, right=user is not None and user.password == password, step=step)
        assert user is not None
        return self._proceed(client, door, user, step.typed)

    def answer_new_password(
        self, step: Step, client: Client, door: str, named: str, password: str, *, proven: bool
    ) -> Family:
        self.open(step, "NEW_PASSWORD_REQUIRED", client, door, named, proven=proven)
        user = step.user
        assert user is not None
        self._refuse_outdated(user)
        self.check_policy(password)
        self.check_not_used(user, password)
        assert not step.used, "a used step outlived the change of password that used it"
        step.used = True
        self.replace(user, password, "CONFIRMED")
        return self._enter(client, user)

    # Tokens.

    def refresh(self, token: Refresh, client: Client, *, by_flow: bool, proven: bool) -> Refresh | None:
        """What the old token becomes; None where it goes on itself."""
        family, user = token.family, token.family.user
        if by_flow and client.grace is not None:
            raise invalid_parameter("REFRESH_TOKEN_AUTH flow not enabled for this client")
        if family.client is not client or family.swept or user.gone:
            raise not_authorized("Invalid Refresh Token")
        if not proven:
            raise not_authorized(
                f"SecretHash does not match for the client: {client.id}" if by_flow else "Invalid client or secret"
            )
        self._refuse_dead(family, user, by_flow=by_flow)
        return self._rotate(family, token) if client.grace is not None else None

    def _refuse_dead(self, family: Family, user: User, *, by_flow: bool) -> None:
        if not user.enabled:
            raise not_authorized("User is disabled.")
        if family.revoked or family.epoch != user.epoch:
            raise not_authorized(REVOKED)
        if family.expires_at <= self._now():
            raise not_authorized("Refresh Token has expired")
        if user.status == "RESET_REQUIRED":
            # The model of GetTokensFromRefreshToken does not know PasswordResetRequired.
            name = "PasswordResetRequired" if by_flow else "NotAuthorized"
            raise Refused(name, "Password reset required for the user")
        if user.status != "CONFIRMED":
            raise not_authorized("Invalid Refresh Token")

    def _rotate(self, family: Family, token: Refresh) -> Refresh:
        now, grace = self._now(), family.client.grace or 0
        just_rotated = now < family.rotated_at + grace
        if token.generation == family.generation:
            if family.grace_until <= now:
                family.grace_generation, family.grace_until = family.generation, now + grace
            family.generation, family.rotated_at = family.generation + 1, now
        elif not (token.generation >= family.grace_generation and now < family.grace_until) and not (
            token.generation == family.generation - 1 and just_rotated
        ):
            if just_rotated and token.generation >= family.grace_generation:
                raise not_authorized(REVOKED)
            family.revoked = True
            raise Refused("RefreshTokenReuse", "Refresh Token has been reused")
        return Refresh(family, family.generation)

    def revoke(self, token: Refresh | Access, client: Client, *, proven: bool) -> None:
        if not proven:
            raise Refused("Unauthorized", "Invalid client or token.")
        if isinstance(token, Access):
            raise Refused("UnsupportedTokenType", "The token is not a refresh token.")
        if token.family.client.pool is not client.pool:
            raise invalid_parameter("Invalid token.")
        if token.family.client is not client:
            raise Refused("Unauthorized", "Invalid client or token.")
        token.family.revoked = True

    def sign_out(self, user: User) -> None:
        user.epoch += 1

    def sign_out_everywhere(self, access: Access) -> None:
        if access.family.user.gone and access.expires_at > self._now():
            # The model of GlobalSignOut does not know UserNotFound.
            raise not_authorized("Access Token has been revoked")
        self.sign_out(self.whose(access))

    def sweep(self) -> None:
        """What has long been over is forgotten."""
        for family in self.families:
            family.swept = family.swept or family.expires_at <= self._now() - DAY

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
