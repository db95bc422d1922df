"""Tags of user pools."""

from collections.abc import Mapping

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact
from lido.operations import operation
from lido.records import Pool
from lido.rules import identifiers, tags
from lido.shapes import idp
from lido.storage import pools
from lido.storage.database import Transaction


@operation
def tag_resource(call: Call, request: idp.TagResourceRequest) -> idp.TagResourceResponse:
    """Adds and overwrites. Raises ResourceNotFound, InvalidParameter."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, _pool_id(call, request.resource_arn))
        changed = {**_tags(pool), **request.tags}
        tags.check(changed)
        _store(call, tx, pool, changed, "TagResource")
    return idp.TagResourceResponse()


@operation
def untag_resource(call: Call, request: idp.UntagResourceRequest) -> idp.UntagResourceResponse:
    """Keys that are not there are no matter. Raises ResourceNotFound, InvalidParameter."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, _pool_id(call, request.resource_arn))
        kept = {key: value for key, value in _tags(pool).items() if key not in request.tag_keys}
        _store(call, tx, pool, kept, "UntagResource")
    return idp.UntagResourceResponse()


@operation
def list_tags_for_resource(call: Call, request: idp.ListTagsForResourceRequest) -> idp.ListTagsForResourceResponse:
    """Raises ResourceNotFound, InvalidParameter."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, _pool_id(call, request.resource_arn))
    return idp.ListTagsForResourceResponse(tags=_tags(pool))


def _pool_id(call: Call, arn: str) -> str:
    """The pool that the ARN names, if it is one of this account; `access` sees to the region.

    A pool has one ARN: one of another partition would not be what a policy says about the pool.
    """
    named = identifiers.parse_pool_arn(arn)
    if named.partition != "aws" or named.account != call.house.account_id:
        raise errors.ResourceNotFound(f"User pool {named.pool_id} does not exist.")
    return named.pool_id


def _tags(pool: Pool) -> dict[str, str]:
    return pool.settings.shape.user_pool_tags or {}


def _store(call: Call, tx: Transaction, pool: Pool, changed: Mapping[str, str], name: str) -> None:
    settings = replace(pool.settings, shape=replace(pool.settings.shape, user_pool_tags=dict(changed)))
    if not pools.set_settings(tx, pool, name=pool.name, settings=settings, now=call.now):
        raise errors.ResourceNotFound(f"User pool {pool.pool_id} does not exist.")
    events.tell(call, tx, pool.pool_id, "pool_changed", fact=Fact(operation=name))
