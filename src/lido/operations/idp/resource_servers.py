"""Resource servers: the APIs that a pool's clients ask for scopes of."""

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact, Kind
from lido.operations import operation
from lido.operations.pages import Pages
from lido.shapes import idp
from lido.storage import resource_servers
from lido.storage.database import Transaction
from lido.storage.resource_servers import ResourceServer, Scope

MOST_SERVERS = 300
_LISTED = 50
_OURS = "aws.cognito"
"""What begins so is the service's own: `aws.cognito/dcr/register`."""


@operation
def create_resource_server(call: Call, request: idp.CreateResourceServerRequest) -> idp.CreateResourceServerResponse:
    """Raises ResourceNotFound, InvalidParameter, LimitExceeded."""
    server = _server(request)
    if server.identifier.startswith(_OURS):
        raise errors.InvalidParameter(f"Identifier cannot begin with the reserved word: {_OURS}")
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        if not resource_servers.add(tx, server):
            raise errors.InvalidParameter(f"{server.identifier} already exists in user pool {pool.pool_id}.")
        if resource_servers.count(tx, pool.pool_id) > MOST_SERVERS:
            raise errors.LimitExceeded(f"A user pool cannot have more than {MOST_SERVERS} resource servers.")
        _tell(call, tx, server, "resource_server_created", "CreateResourceServer")
    return idp.CreateResourceServerResponse(resource_server=_described(server))


@operation
def describe_resource_server(
    call: Call, request: idp.DescribeResourceServerRequest
) -> idp.DescribeResourceServerResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        server = resource_servers.find(tx, pool.pool_id, request.identifier)
    if server is None:
        raise _unknown(request.identifier)
    return idp.DescribeResourceServerResponse(resource_server=_described(server))


@operation
def update_resource_server(call: Call, request: idp.UpdateResourceServerRequest) -> idp.UpdateResourceServerResponse:
    """Replaces name and scopes; a scope that is gone is gone for all clients. Raises ResourceNotFound."""
    server = _server(request)
    with call.db.write() as tx:
        access.lock_pool(call, tx, request.user_pool_id)
        if not resource_servers.replace(tx, server):
            raise _unknown(server.identifier)
        _tell(call, tx, server, "resource_server_changed", "UpdateResourceServer")
    return idp.UpdateResourceServerResponse(resource_server=_described(server))


@operation
def delete_resource_server(call: Call, request: idp.DeleteResourceServerRequest) -> None:
    """Its scopes are given to nobody from now on. Raises ResourceNotFound."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        server = resource_servers.find(tx, pool.pool_id, request.identifier)
        if server is None:
            raise _unknown(request.identifier)
        resource_servers.remove(tx, pool.pool_id, server.identifier)
        _tell(call, tx, server, "resource_server_deleted", "DeleteResourceServer")


@operation
def list_resource_servers(call: Call, request: idp.ListResourceServersRequest) -> idp.ListResourceServersResponse:
    """By identifier. Raises ResourceNotFound, InvalidParameter for a foreign token."""
    pages = Pages(call, "ListResourceServers", request.user_pool_id)
    most = request.max_results or _LISTED
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        after = pages.after_text(request.next_token)
        found = resource_servers.page(tx, pool.pool_id, after=after, limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda server: [server.identifier])
    return idp.ListResourceServersResponse(
        resource_servers=[_described(server) for server in shown], next_token=next_token
    )


def _server(request: idp.CreateResourceServerRequest | idp.UpdateResourceServerRequest) -> ResourceServer:
    scopes = [Scope(scope.scope_name, scope.scope_description) for scope in request.scopes or ()]
    if len({scope.name for scope in scopes}) < len(scopes):
        raise errors.InvalidParameter("Scope names must be unique within a resource server.")
    return ResourceServer(request.user_pool_id, request.identifier, request.name, scopes)


def _unknown(identifier: str) -> errors.Fault:
    return errors.ResourceNotFound(f"Resource server {identifier} does not exist.")


def _described(server: ResourceServer) -> idp.ResourceServerType:
    return idp.ResourceServerType(
        user_pool_id=server.pool_id,
        identifier=server.identifier,
        name=server.name,
        scopes=[
            idp.ResourceServerScopeType(scope_name=scope.name, scope_description=scope.description)
            for scope in server.scopes
        ],
    )


def _tell(call: Call, tx: Transaction, server: ResourceServer, kind: Kind, name: str) -> None:
    events.tell(call, tx, server.pool_id, kind, fact=Fact(operation=name, names=[server.identifier]))
