"""Users, seen from the operator's desk and by themselves."""

from collections.abc import Collection, Iterable

from lido import errors
from lido.call import Call
from lido.flows import access, events, factors, logout_notices, users
from lido.flows.events import Fact
from lido.flows.users import Invitation
from lido.operations import operation
from lido.operations.describing import attribute_list, user_type, validation_data
from lido.operations.pages import Pages, size
from lido.records import Pool, User
from lido.rules import attributes, filters
from lido.rules.filters import Filter
from lido.rules.profile import attributes_of
from lido.shapes import idp
from lido.storage import users as stored_users
from lido.storage.user_pages import START, Cursor, Found


@operation
def admin_create_user(call: Call, request: idp.AdminCreateUserRequest) -> idp.AdminCreateUserResponse:
    """Raises ResourceNotFound, UserNotFound, UsernameExists, UnsupportedUserState, InvalidPassword, InvalidParameter,
    UnexpectedLambda.
    """
    media = () if request.message_action == "SUPPRESS" else request.desired_delivery_mediums or ("SMS",)
    invitation = Invitation(request.temporary_password or None, frozenset(media))
    if request.message_action == "RESEND":
        user = users.invite_again(call, request.user_pool_id, request.username, invitation)
    else:
        user = users.create(
            call,
            request.user_pool_id,
            request.username,
            {given.name: given.value for given in request.user_attributes or ()},
            invitation,
            force_alias=bool(request.force_alias_creation),
            validation_data=validation_data(request.validation_data),
        )
    return idp.AdminCreateUserResponse(user=user_type(user))


@operation
def admin_get_user(call: Call, request: idp.AdminGetUserRequest) -> idp.AdminGetUserResponse:
    """Raises ResourceNotFound, UserNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        user = access.require_user(tx, pool, request.username)
    shown, proofs = user_type(user), factors.described(user)
    return idp.AdminGetUserResponse(
        username=user.username,
        user_attributes=shown.attributes,
        user_create_date=shown.user_create_date,
        user_last_modified_date=shown.user_last_modified_date,
        enabled=shown.enabled,
        user_status=shown.user_status,
        mfa_options=proofs.options,
        preferred_mfa_setting=proofs.preferred,
        user_mfa_setting_list=proofs.switched_on,
    )


@operation
def get_user(call: Call, request: idp.GetUserRequest) -> idp.GetUserResponse:
    """Only what the token's client may read. Raises NotAuthorized, UserNotFound and the refusals of states."""
    found = access.signed_in_user(call, request.access_token)
    shown = attributes.readable(attributes_of(found.user), found.client.settings.shape.read_attributes)
    proofs = factors.described(found.user)
    return idp.GetUserResponse(
        username=found.user.username,
        user_attributes=attribute_list(shown),
        mfa_options=proofs.options,
        preferred_mfa_setting=proofs.preferred,
        user_mfa_setting_list=proofs.switched_on,
    )


@operation
def list_users(call: Call, request: idp.ListUsersRequest) -> idp.ListUsersResponse:
    """A page may hold fewer users than asked for. Raises ResourceNotFound, InvalidParameter."""
    wanted = filters.parse(request.filter or "")
    pages = Pages(call, "ListUsers", request.user_pool_id, {"Filter": request.filter or None})
    limit = size(request.limit)
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = users.search(tx, pool, wanted, after=_cursor(pages, request.pagination_token), limit=limit + 1)
    page, token = pages.cut(found, limit, lambda last: [last.value, last.user.sub])
    shown = _meant(page, wanted)
    names = request.attributes_to_get or None
    if names is not None:
        _require_present(pool, names, shown)
    return idp.ListUsersResponse(users=[user_type(user, names) for user in shown], pagination_token=token)


def _cursor(pages: Pages, token: str | None) -> Cursor:
    key = pages.after(token)
    return (str(key[0]), str(key[1])) if key else START


def _meant(page: Iterable[Found], wanted: Filter | None) -> list[User]:
    return [found.user for found in page if users.is_meant(found.user, wanted)]


def _require_present(pool: Pool, names: Collection[str], shown: Iterable[User]) -> None:
    """Refuse `AttributesToGet` that the schema lacks, or that some user lacks and no filter knows."""
    known = {attribute.name: attribute for attribute in pool.settings.shape.schema_attributes or ()}
    optional = {name for name in names if name not in filters.SEARCHABLE}
    unknown = any(name not in known for name in names)
    optional = {name for name in optional if name in known and not known[name].required}
    if unknown or any(not optional <= attributes_of(user).keys() for user in shown):
        raise errors.InvalidParameter("Input fails to satisfy the constraints.")


@operation
def admin_enable_user(call: Call, request: idp.AdminEnableUserRequest) -> idp.AdminEnableUserResponse:
    """Raises ResourceNotFound, UserNotFound."""
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        user = access.require_user(tx, pool, request.username)
        stored_users.enable(tx, pool.pool_id, user.sub, call.now)
        events.tell(call, tx, pool.pool_id, "enabled", user.sub, Fact(operation="AdminEnableUser"))
    return idp.AdminEnableUserResponse()


@operation
def admin_disable_user(call: Call, request: idp.AdminDisableUserRequest) -> idp.AdminDisableUserResponse:
    """Ends everything that was handed out, too. Raises ResourceNotFound, UserNotFound."""
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        user = access.require_user(tx, pool, request.username)
        stored_users.disable(tx, pool.pool_id, user.sub, call.now)
        logout_notices.add(call, tx, pool.pool_id, user.sub)
        events.tell(call, tx, pool.pool_id, "disabled", user.sub, Fact(operation="AdminDisableUser"))
    return idp.AdminDisableUserResponse()


@operation
def admin_delete_user(call: Call, request: idp.AdminDeleteUserRequest) -> None:
    """Raises ResourceNotFound, UserNotFound."""
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        user = access.require_user(tx, pool, request.username)
        users.delete(call, tx, pool, user.sub)


@operation
def delete_user(call: Call, request: idp.DeleteUserRequest) -> None:
    """Raises NotAuthorized, UserNotFound and the refusals of states."""
    found = access.signed_in_user(call, request.access_token)
    with call.db.write() as tx:
        users.delete(call, tx, found.pool, found.user.sub)
