"""User pools: creating, describing, changing, ending and listing them, and adding to their schema."""

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, events, saml_certificates, signing, user_import
from lido.flows.events import Fact
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages
from lido.records import Pool
from lido.rules import identifiers, pool_settings
from lido.shapes import idp
from lido.storage import domains, pools, signing_keys
from lido.storage import saml_certificates as stored_certificates
from lido.storage.database import Transaction


@operation
def create_user_pool(call: Call, request: idp.CreateUserPoolRequest) -> idp.CreateUserPoolResponse:
    """Raises InvalidParameter, UserPoolTagging."""
    settings = pool_settings.created(request, call.region)
    pool = Pool(
        pool_id=identifiers.pool_id(call.region, call.entropy.bytes(identifiers.RANDOM_BYTES)),
        region=call.region,
        name=request.pool_name,
        settings=settings,
        folding=pool_settings.folding(settings),
        version=1,
        created_at=call.now,
        modified_at=call.now,
    )
    # Three RSA keys take a while; nothing waits for them inside the transaction.
    keys = [signing.make(call, pool.pool_id, use, state="live", signs_from_at=call.now) for use in signing.USES]
    certificate = saml_certificates.for_pool(call, pool.pool_id)
    with call.db.write() as tx:
        pools.add(tx, pool)
        stored_certificates.add(tx, certificate)
        for key in keys:
            signing_keys.add(tx, key)
        events.tell(call, tx, pool.pool_id, "pool_created", fact=Fact(operation="CreateUserPool"))
    return idp.CreateUserPoolResponse(user_pool=_described(call, pool, users=0))


@operation
def describe_user_pool(call: Call, request: idp.DescribeUserPoolRequest) -> idp.DescribeUserPoolResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        users = pools.statistic(tx, pool.pool_id, "users")
        reached_at = {each.custom: each.domain for each in domains.of_pool(tx, pool)}
    described = _described(call, pool, users=users)
    return idp.DescribeUserPoolResponse(
        user_pool=replace(described, domain=reached_at.get(False), custom_domain=reached_at.get(True))
    )


@operation
def update_user_pool(call: Call, request: idp.UpdateUserPoolRequest) -> idp.UpdateUserPoolResponse:
    """Raises ResourceNotFound, InvalidParameter, UserPoolTagging, ConcurrentModification, UserImportInProgress."""
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        user_import.refuse_while_running(tx, pool)
        settings = pool_settings.updated(request, pool.settings, pool.region)
        changed = replace(pool, name=request.pool_name or pool.name, settings=settings)
        _change(call, tx, pool, changed, "UpdateUserPool")
    return idp.UpdateUserPoolResponse()


@operation
def add_custom_attributes(call: Call, request: idp.AddCustomAttributesRequest) -> idp.AddCustomAttributesResponse:
    """Raises ResourceNotFound, InvalidParameter, UserImportInProgress."""
    with call.db.write() as tx:
        # Two additions at once are both right: the second waits for the first.
        pool = access.lock_pool(call, tx, request.user_pool_id)
        user_import.refuse_while_running(tx, pool)
        settings = pool_settings.with_custom_attributes(request.custom_attributes, pool.settings)
        _change(call, tx, pool, replace(pool, settings=settings), "AddCustomAttributes")
    return idp.AddCustomAttributesResponse()


@operation
def delete_user_pool(call: Call, request: idp.DeleteUserPoolRequest) -> None:
    """A chore empties it later.

    Raises ResourceNotFound, InvalidParameter for a protected pool or one with a domain, UserImportInProgress.
    """
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        if pool.settings.shape.deletion_protection == "ACTIVE":
            raise errors.InvalidParameter(
                "The user pool cannot be deleted because deletion protection is activated. "
                "Deletion protection must be inactivated first."
            )
        user_import.refuse_while_running(tx, pool)
        if domains.of_pool(tx, pool):
            raise errors.InvalidParameter(
                "User pool cannot be deleted. It has a domain configured that should be deleted first."
            )
        pools.mark_deleted(tx, pool.pool_id, call.now)
        events.tell(call, tx, pool.pool_id, "pool_deleted", fact=Fact(operation="DeleteUserPool"))


@operation
def list_user_pools(call: Call, request: idp.ListUserPoolsRequest) -> idp.ListUserPoolsResponse:
    """The pools of the region that the request was signed for. Raises InvalidParameter for a foreign token."""
    pages = Pages(call, "ListUserPools", call.region)
    after = pages.after_text(request.next_token)
    with call.db.read() as tx:
        found = pools.page(tx, call.region, after=after, limit=request.max_results + 1)
    shown, next_token = pages.cut(found, request.max_results, lambda pool: [pool.pool_id])
    return idp.ListUserPoolsResponse(user_pools=[_listed(pool) for pool in shown], next_token=next_token)


def _change(call: Call, tx: Transaction, seen: Pool, changed: Pool, name: str) -> None:
    if not pools.set_settings(tx, seen, name=changed.name, settings=changed.settings, now=call.now):
        raise errors.ConcurrentModification
    events.tell(call, tx, seen.pool_id, "pool_changed", fact=Fact(operation=name))


def _described(call: Call, pool: Pool, *, users: int) -> idp.UserPoolType:
    return replace(
        pool.settings.shape,
        id=pool.pool_id,
        arn=identifiers.pool_arn(pool.region, call.house.account_id, pool.pool_id),
        name=pool.name,
        creation_date=timestamp(pool.created_at),
        last_modified_date=timestamp(pool.modified_at),
        estimated_number_of_users=users,
    )


def _listed(pool: Pool) -> idp.UserPoolDescriptionType:
    return idp.UserPoolDescriptionType(
        id=pool.pool_id,
        name=pool.name,
        lambda_config=pool.settings.shape.lambda_config,
        last_modified_date=timestamp(pool.modified_at),
        creation_date=timestamp(pool.created_at),
    )
