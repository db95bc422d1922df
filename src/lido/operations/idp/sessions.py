"""Sessions of a user, where their pool tracks them: listed, and ended one by one."""

from collections.abc import Sequence

import msgspec

from lido.call import Call
from lido.flows import access, sessions
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages
from lido.records import Pool, User
from lido.rules import user_agents
from lido.shapes import idp
from lido.storage import sessions as stored
from lido.storage.sessions import Seen

PAGE = 125


class _Whose(msgspec.Struct, frozen=True):
    """Whose sessions; `current` is the id of the one that asks."""

    pool: Pool
    user: User
    current: str | None = None


@operation
def list_user_sessions(call: Call, request: idp.ListUserSessionsRequest) -> idp.ListUserSessionsResponse:
    """Active ones, the newest first. Raises InvalidParameter for a foreign token, NotAuthorized, refusals of states."""
    whose = _own(call, request.access_token)
    shown, next_token = _page(call, "ListUserSessions", whose, request.next_token)
    return idp.ListUserSessionsResponse(sessions=[_described(row, whose) for row in shown], next_token=next_token)


@operation
def admin_list_user_sessions(
    call: Call, request: idp.AdminListUserSessionsRequest
) -> idp.AdminListUserSessionsResponse:
    """Active ones, the newest first. Raises ResourceNotFound, UserNotFound, InvalidParameter for a foreign token."""
    whose = _of(call, request.user_pool_id, request.username)
    shown, next_token = _page(call, "AdminListUserSessions", whose, request.next_token)
    return idp.AdminListUserSessionsResponse(sessions=[_described(row, whose) for row in shown], next_token=next_token)


@operation
def revoke_user_session(call: Call, request: idp.RevokeUserSessionRequest) -> idp.RevokeUserSessionResponse:
    """Another session than the one that asks. Raises ResourceNotFound, InvalidParameter, NotAuthorized."""
    whose = _own(call, request.access_token)
    linked = request.revoke_associated_sessions == "LINKED"
    sessions.revoke(call, whose.pool, whose.user, request.session_id, current=whose.current, linked=linked)
    return idp.RevokeUserSessionResponse()


@operation
def admin_revoke_user_session(
    call: Call, request: idp.AdminRevokeUserSessionRequest
) -> idp.AdminRevokeUserSessionResponse:
    """Raises ResourceNotFound, UserNotFound."""
    whose = _of(call, request.user_pool_id, request.username)
    linked = request.revoke_associated_sessions == "LINKED"
    sessions.revoke(call, whose.pool, whose.user, request.session_id, linked=linked)
    return idp.AdminRevokeUserSessionResponse()


def _own(call: Call, access_token: str) -> _Whose:
    signed_in = access.signed_in_user(call, access_token)
    return _Whose(signed_in.pool, signed_in.user, signed_in.claims.get("origin_jti"))


def _of(call: Call, pool_id: str, username: str) -> _Whose:
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        return _Whose(pool, access.require_user(tx, pool, username))


def _page(call: Call, operation_name: str, whose: _Whose, token: str | None) -> tuple[Sequence[Seen], str | None]:
    pages = Pages(call, operation_name, whose.pool.pool_id, {"sub": whose.user.sub})
    after = pages.after(token)
    if not sessions.are_tracked(whose.pool):
        return [], None
    with call.db.read() as tx:
        before = (int(after[0]), str(after[1])) if after else None
        rested = sessions.rested_since(call, whose.pool)
        found = stored.page_active(tx, whose.user, before=before, limit=PAGE + 1, now=call.now, rested=rested)
    return pages.cut(found, PAGE, lambda row: [row.created_at, row.id])


def _described(seen: Seen, whose: _Whose) -> idp.SessionDescriptionType:
    return idp.SessionDescriptionType(
        session_id=seen.public_id,
        session_type="SSO" if seen.client_id is None else "TOKEN",
        client_id=seen.client_id,
        create_date=timestamp(seen.created_at),
        last_active_date=timestamp(seen.active_at),
        device_type=user_agents.device_type(seen.agent),
        last_ip_address=seen.ip or user_agents.UNKNOWN,
        # Nothing here knows where an address is.
        last_location=idp.SessionLocationType(country=user_agents.UNKNOWN),
        origin_session_id=seen.origin,
        is_current_session=seen.id == whose.current,
    )
