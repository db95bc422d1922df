"""Who there is in the small world, by which names they are found, and how their proofs are judged."""

from collections.abc import Callable

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
    Refused,
    Step,
    Subject,
    User,
)

QUIET = 15 * MINUTE
LONGEST_LOCK = 15 * MINUTE
CODE_LIFE = {"confirm": DAY, "reset": HOUR, "verify": DAY}
WRONG = "Incorrect username or password."
USED = "Invalid session for the user, session can only be used once."
LIMIT = "Attempt limit exceeded, please try after some time."
TAKEN = "An account with the given email already exists."
EXPIRED_CODE = ("ExpiredCode", "Invalid code provided, please request a code again.")
MISMATCH = ("CodeMismatch", "Invalid verification code provided, please try again.")


def not_authorized(sentence: str = WRONG) -> Refused:
    return Refused("NotAuthorized", sentence)


def invalid_parameter(sentence: str) -> Refused:
    return Refused("InvalidParameter", sentence)


class Everybody:
    """Who is there, by which names, and what they must show."""

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

    def subject(self, pool: Pool, user: User | None, name: str) -> Subject:
        return user or (pool, pool.fold(name))

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
