"""Users who come from elsewhere when they first sign in or forget a password: the UserMigration trigger brings them.

Each question to the trigger is a guess at somebody else's password, so it counts as one here.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, handles, lockout, passwords, sign_up, triggers, unknown_users
from lido.flows.events import Fact, tell
from lido.flows.scenes import Scene
from lido.records import Client, Factor, Folding, Pool, Status, User
from lido.rules import attributes as attribute_rules
from lido.rules import profile, schema, trigger_events
from lido.rules.trigger_events import Event, Migrated
from lido.rules.usernames import fold
from lido.storage import users

_WRONG = "Incorrect username or password."
_FAILED = "Exception migrating user in app client {}"


def may_bring(scene: Scene) -> bool:
    """Whether nobody here has that name, and the pool names a trigger that may know them."""
    return scene.user is None and triggers.is_named(scene.pool, "UserMigration")


def is_password(challenge_name: str, given: Mapping[str, str]) -> bool:
    """Whether a password is what is answered or chosen. A pool's own question may have that answer too."""
    return (given.get("ANSWER") if challenge_name == "SELECT_CHALLENGE" else challenge_name) == "PASSWORD"


def at_sign_in(call: Call, pool: Pool, client: Client, typed: str, password: str, *, subject: str) -> None:
    """Store the user whom the trigger brings for a name and a password that nobody here has. It is no proof yet.

    `subject` is whom failures are counted for. Raises NotAuthorized where the client hides its users, else what the
    trigger's failure is, or UserNotFound; PasswordResetRequired where the trigger wants that; TooManyRequests.
    """
    event = trigger_events.user_migration(
        "Authentication",
        typed,
        client.client_id,
        password,
        validation_data=call.client_metadata,
        client_metadata={},
    )
    with _counted(call, pool, subject):
        try:
            with _counted_in_all_spellings(call, pool, typed, subject):
                user = _brought(call, pool, client, typed, event, password)
        except errors.Fault as refusal:
            if access.hides_users(pool, client):
                raise errors.NotAuthorized(_WRONG) from refusal
            raise
    if user.status == Status.RESET_REQUIRED:
        raise errors.PasswordResetRequired


@contextmanager
def _counted(call: Call, pool: Pool, subject: str) -> Iterator[None]:
    """Reserve a try, and count it where it fails. Raises NotAuthorized while the subject is locked."""
    lockout.reserve(call, pool.pool_id, subject)
    try:
        yield
    except errors.Fault:
        lockout.fail(call, pool.pool_id, subject)
        raise
    except BaseException:
        lockout.release(call, pool.pool_id, subject)
        raise
    lockout.release(call, pool.pool_id, subject)


def _counted_in_all_spellings(call: Call, pool: Pool, typed: str, subject: str) -> AbstractContextManager[None]:
    """The elder house may know one user under spellings that are different names here: they share these tries."""
    shared = unknown_users.subject(call, pool.pool_id, fold(typed, Folding.INSENSITIVE))
    return nullcontext() if shared == subject else _counted(call, pool, shared)


def at_recovery(call: Call, pool: Pool, client: Client, typed: str) -> User | None:
    """The user whom the trigger brings for somebody who forgot a password; None where it brings nobody who can.

    Raises the refusals of the trigger where the client does not hide its users.
    """
    event = trigger_events.user_migration(
        "ForgotPassword", typed, client.client_id, None, validation_data={}, client_metadata=call.client_metadata
    )
    try:
        return _brought(call, pool, client, typed, event, None)
    except errors.UserNotFound:
        return None
    except errors.Fault:
        if access.hides_users(pool, client):
            return None
        raise


def _brought(call: Call, pool: Pool, client: Client, typed: str, event: Event, password: str | None) -> User:
    answer = triggers.ask(call, pool, event, lambda response: trigger_events.migrated(response, typed))
    if answer is None:
        raise errors.UserNotFound(_FAILED.format(client.client_id))
    user = _composed(call, pool, typed, answer)
    if password is None and not (user.email_verified or user.phone_verified):
        raise errors.UserNotFound(_FAILED.format(client.client_id))
    keeps = answer.confirmed and password is not None
    material = passwords.make_material(call, pool, user.sub, user.username, password or "") if keeps else None
    if material is not None:
        user = replace(user, factors=user.factors | Factor.PASSWORD)
    try:
        _store(call, pool, client, user, material, force_alias=answer.force_alias)
    except (errors.UsernameExists, errors.AliasExists):
        return _who_came_first(call, pool, typed)
    return user


def _composed(call: Call, pool: Pool, typed: str, answer: Migrated) -> User:
    """The user as the trigger describes it. Raises InvalidLambdaResponse for one that the pool cannot have."""
    status = Status.CONFIRMED if answer.confirmed else Status.RESET_REQUIRED
    given = _given(answer.attributes)
    try:
        attribute_rules.check_operator_may_write(given)
        attribute_rules.check_values(schema.by_name(pool.settings.shape.schema_attributes), given)
        user = sign_up.new_user(call, pool, typed, given, status=status)
    except errors.InvalidParameter as unfit:
        raise errors.InvalidLambdaResponse(unfit.message) from None
    if not answer.sms_mfa:
        return user
    if pool.settings.sms_mfa is None or user.phone_number is None:  # without it a password alone would let in
        raise errors.InvalidLambdaResponse("enableSMSMFA needs a phone_number, and a user pool with SMS MFA.")
    return replace(user, factors=user.factors | Factor.SMS)


def _given(attributes: Mapping[str, str]) -> dict[str, str]:
    # A user of another pool brings its old sub and status along, as functions pass on what AdminGetUser told them.
    return {
        name: value for name, value in attributes.items() if value and name != "sub" and not name.startswith("cognito:")
    }


def _store(call: Call, pool: Pool, client: Client, user: User, material: bytes | None, *, force_alias: bool) -> None:
    with call.db.write() as tx:
        handles.claim_all(call, tx, pool, user, force_alias=force_alias)
        users.add(tx, user, profile.search_keys(user, pool.folding))
        if material is not None:
            passwords.store(call, tx, pool, user.sub, material, replaced=None)
        tell(call, tx, pool.pool_id, "migrated", user.sub, Fact(client_id=client.client_id))


def _who_came_first(call: Call, pool: Pool, typed: str) -> User:
    """Somebody else's question may have brought the same user meanwhile."""
    with call.db.read() as tx:
        user = access.find_user(tx, pool, typed)
    if user is None:
        raise errors.UserNotFound
    return user
