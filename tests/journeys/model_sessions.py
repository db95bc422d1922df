"""Signing in, in the small world: steps, tokens, refreshing, rotation and revocation."""

from typing import Any

from tests.journeys.model_people import USED, Everybody, invalid_parameter, not_authorized
from tests.journeys.things import DAY, MINUTE, SECOND, Access, Client, Family, Lock, Refresh, Refused, Step, User

STEP_LIFE = {"PASSWORD_VERIFIER": MINUTE, "NEW_PASSWORD_REQUIRED": 3 * MINUTE}
INVALID = "Invalid session for the user."
EXPIRED = "Invalid session for the user, session is expired."
REVOKED = "Refresh Token has been revoked"


class Sessions(Everybody):
    """Signing in, and what came of it."""

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
        if step.door != door:
            raise not_authorized(INVALID)
        if user and (user.gone or step.state != (user.epoch, user.version)):
            raise not_authorized(USED if step.used else INVALID)
        if user:
            known = {step.typed, user.username, user.sub, user.email or step.typed}
        else:
            known = {step.typed, step.half[1]["USER_ID_FOR_SRP"]}
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
