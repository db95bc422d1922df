"""Passwords: changed by their owners, forgotten, set and reset by operators."""

from lido import errors
from lido.call import Call
from lido.flows import access, codes, lockout, passwords, recovery
from lido.flows import users as invited
from lido.flows.access import SignedInUser
from lido.flows.events import Fact, tell
from lido.operations import operation
from lido.records import Password, Pool, Status, User
from lido.rules import password_policy
from lido.shapes import idp
from lido.storage import lockouts, users
from lido.storage import passwords as stored_passwords
from lido.storage.database import Transaction

_RACES = 3


@operation
def forgot_password(call: Call, request: idp.ForgotPasswordRequest) -> idp.ForgotPasswordResponse:
    """Raises as flows/recovery.forgot."""
    delivery = recovery.forgot(
        call, client_id=request.client_id, secret_hash=request.secret_hash, username=request.username
    )
    return idp.ForgotPasswordResponse(code_delivery_details=delivery.details())


@operation
def confirm_forgot_password(call: Call, request: idp.ConfirmForgotPasswordRequest) -> idp.ConfirmForgotPasswordResponse:
    """Raises as flows/recovery.confirm."""
    recovery.confirm(
        call,
        client_id=request.client_id,
        secret_hash=request.secret_hash,
        username=request.username,
        code=request.confirmation_code,
        password=request.password,
    )
    return idp.ConfirmForgotPasswordResponse()


@operation
def admin_reset_user_password(
    call: Call, request: idp.AdminResetUserPasswordRequest
) -> idp.AdminResetUserPasswordResponse:
    """Raises as flows/recovery.reset_by_operator."""
    recovery.reset_by_operator(call, pool_id=request.user_pool_id, username=request.username)
    return idp.AdminResetUserPasswordResponse()


@operation
def admin_set_user_password(call: Call, request: idp.AdminSetUserPasswordRequest) -> idp.AdminSetUserPasswordResponse:
    """A permanent password confirms the user; a temporary one must be changed at the next sign-in, and in time.

    Raises ResourceNotFound, UserNotFound, InvalidPassword, InvalidParameter, PasswordHistoryPolicyViolation,
    TooManyRequests.
    """
    for _ in range(_RACES):
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, request.user_pool_id)
            user = access.require_user(tx, pool, request.username)
            replaced, earlier = _present(tx, pool, user)
        passwords.check_policy(pool, user.username, request.password, prefix=password_policy.DID_NOT_CONFORM)
        passwords.check_not_used(call, pool, user.sub, request.password, present=replaced, earlier=earlier)
        material = passwords.make_material(call, pool, user.sub, user.username, request.password)
        try:
            with call.db.write() as tx:
                _set(call, tx, pool, user.sub, material, replaced, permanent=bool(request.permanent))
            return idp.AdminSetUserPasswordResponse()
        except errors.Conflict:
            continue
    raise errors.TooManyRequests


def _set(
    call: Call, tx: Transaction, pool: Pool, sub: str, material: bytes, replaced: Password | None, *, permanent: bool
) -> None:
    user = users.find_locked(tx, pool.pool_id, sub)
    if user is None:
        raise errors.UserNotFound
    passwords.replace(
        call,
        tx,
        pool,
        user,
        material,
        replaced=replaced,
        status=Status.CONFIRMED if permanent else Status.FORCE_CHANGE_PASSWORD,
        expires_at=None if permanent else invited.temporary_until(call, pool),
        fact=Fact(reason="AdminSetUserPassword"),
    )


@operation
def change_password(call: Call, request: idp.ChangePasswordRequest) -> idp.ChangePasswordResponse:
    """The old password is proven first, unless there is none. Wrong ones count towards the lockout.

    Raises NotAuthorized and the refusals of states, LimitExceeded, InvalidPassword, InvalidParameter,
    PasswordHistoryPolicyViolation, TooManyRequests.
    """
    signed_in = access.signed_in_user(call, request.access_token)
    pool, user = signed_in.pool, signed_in.user
    if user.status != Status.CONFIRMED:
        raise errors.NotAuthorized(recovery.WRONG_STATE)
    password_policy.refuse_malformed(request.previous_password or "")
    passwords.check_policy(pool, user.username, request.proposed_password)
    codes.take(call, pool, user.sub, codes.CHANGE)
    with call.db.read() as tx:
        replaced, earlier = _present(tx, pool, user)
    _require_proof(call, signed_in, replaced, request.previous_password)
    passwords.check_not_used(call, pool, user.sub, request.proposed_password, present=replaced, earlier=earlier)
    material = passwords.make_material(call, pool, user.sub, user.username, request.proposed_password)
    try:
        with call.db.write() as tx:
            _change(call, tx, signed_in, material, replaced)
    except errors.Conflict:
        # The password that was proven is not the present one any more.
        raise errors.NotAuthorized from None
    return idp.ChangePasswordResponse()


def _require_proof(call: Call, signed_in: SignedInUser, present: Password | None, given: str | None) -> None:
    """Refuse unless `given` is the present password; who has none need not give one. Raises NotAuthorized."""
    if present is None and given is None:
        return
    if given is None:
        raise errors.NotAuthorized
    pool_id, sub = signed_in.pool.pool_id, signed_in.user.sub
    material = passwords.open_material(call, pool_id, sub, present.material) if present else None
    lockout.reserve(call, pool_id, sub)
    try:
        right = passwords.verify(call, material, given)
    except errors.Fault:
        lockout.release(call, pool_id, sub)
        raise
    if right:
        lockout.release(call, pool_id, sub)
        return
    with call.db.write() as tx:
        lockouts.fail(tx, pool_id, sub, call.clock.now())
        fact = Fact(client_id=signed_in.client.client_id, operation="ChangePassword", reason="wrong password")
        tell(call, tx, pool_id, "refused", sub, fact)
    raise errors.NotAuthorized


def _change(call: Call, tx: Transaction, signed_in: SignedInUser, material: bytes, replaced: Password | None) -> None:
    user = users.find_locked(tx, signed_in.pool.pool_id, signed_in.user.sub)
    # Disabled, signed out or reset while the old password was looked at.
    if user is None or not user.enabled or user.epoch != signed_in.user.epoch or user.status != Status.CONFIRMED:
        raise errors.NotAuthorized("Access Token has been revoked")
    fact = Fact(client_id=signed_in.client.client_id, reason="ChangePassword")
    passwords.replace(call, tx, signed_in.pool, user, material, replaced=replaced, status=Status.CONFIRMED, fact=fact)


def _present(tx: Transaction, pool: Pool, user: User) -> tuple[Password | None, list[bytes]]:
    """The present password, and what is kept of the earlier ones."""
    return stored_passwords.find(tx, pool.pool_id, user.sub), passwords.earlier(tx, pool, user.sub)
