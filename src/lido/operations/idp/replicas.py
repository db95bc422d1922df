"""Replicas of user pools. A second region is a second Lido on PostgreSQL replication (docs/replicas.md), set up by
whoever runs both; no request can make one, so pools have their primary and nothing else.
"""

from typing import NoReturn

from lido import errors
from lido.call import Call
from lido.flows import access
from lido.operations import operation
from lido.operations.pages import Pages
from lido.records import Pool
from lido.rules import identifiers
from lido.shapes import idp


@operation
def create_user_pool_replica(
    call: Call, request: idp.CreateUserPoolReplicaRequest
) -> idp.CreateUserPoolReplicaResponse:
    """Raises ResourceNotFound, InvalidParameter, else always OperationNotEnabled."""
    pool = _pool(call, request.user_pool_id)
    if request.region_name == pool.region:
        raise errors.InvalidParameter("A user pool cannot have a replica in its own region.")
    if not identifiers.is_region(request.region_name):
        raise errors.InvalidParameter("Invalid region name.")
    raise errors.OperationNotEnabled(
        "This installation cannot create replicas: a second region is a second installation on PostgreSQL replication."
    )


@operation
def update_user_pool_replica(
    call: Call, request: idp.UpdateUserPoolReplicaRequest
) -> idp.UpdateUserPoolReplicaResponse:
    """Raises ResourceNotFound, InvalidParameter for the primary."""
    _refuse(call, request.user_pool_id, request.region_name)


@operation
def delete_user_pool_replica(
    call: Call, request: idp.DeleteUserPoolReplicaRequest
) -> idp.DeleteUserPoolReplicaResponse:
    """Raises ResourceNotFound, InvalidParameter for the primary."""
    _refuse(call, request.user_pool_id, request.region_name)


@operation
def list_user_pool_replicas(call: Call, request: idp.ListUserPoolReplicasRequest) -> idp.ListUserPoolReplicasResponse:
    """The primary. Raises ResourceNotFound, InvalidParameter for a token, for there is no second page."""
    pool = _pool(call, request.user_pool_id)
    Pages(call, "ListUserPoolReplicas", pool.pool_id).after(request.next_token)
    primary = idp.UserPoolReplicaType(
        region_name=pool.region,
        status="ACTIVE",
        role="PRIMARY",
        user_pool_arn=identifiers.pool_arn(pool.region, call.house.account_id, pool.pool_id),
    )
    return idp.ListUserPoolReplicasResponse(user_pool_replicas=[primary])


def _pool(call: Call, pool_id: str) -> Pool:
    with call.db.read() as tx:
        return access.require_pool(call, tx, pool_id)


def _refuse(call: Call, pool_id: str, region: str) -> NoReturn:
    if region == _pool(call, pool_id).region:
        raise errors.InvalidParameter("The primary of a user pool cannot be changed or deleted as a replica.")
    raise errors.ResourceNotFound(f"User pool {pool_id} has no replica in this region.")
