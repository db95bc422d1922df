"""App clients: creating, describing, changing, deleting and listing them, and rotating their secrets."""

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, branding, client_secrets, events
from lido.flows.events import Fact, Kind
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages, size
from lido.records import Client, ClientSecret, ClientSettings, Pool
from lido.rules import client_settings, identifiers, scopes
from lido.shapes import idp
from lido.storage import clients, identity_providers, resource_servers
from lido.storage.database import Transaction

MOST_CLIENTS = 1_000
SLOTS = (1, 2)


@operation
def create_user_pool_client(call: Call, request: idp.CreateUserPoolClientRequest) -> idp.CreateUserPoolClientResponse:
    """Raises ResourceNotFound, InvalidParameter, InvalidOAuthFlow, ScopeDoesNotExist, LimitExceeded."""
    if request.generate_secret and request.client_secret is not None:
        raise errors.InvalidParameter("Only one of GenerateSecret or ClientSecret can be set.")
    secret = client_secrets.new(call) if request.generate_secret else request.client_secret
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        if clients.count(tx, pool.pool_id, "REGULAR") >= MOST_CLIENTS:
            raise errors.LimitExceeded(f"A user pool cannot have more than {MOST_CLIENTS} app clients.")
        settings = client_settings.requested(
            request,
            pool,
            has_secret=secret is not None,
            custom_scopes=resource_servers.scopes_of(tx, pool) | scopes.beyond_cognito(pool),
            providers=identity_providers.names_of(tx, pool),
        )
        client = _new_client(call, pool, request.client_name, settings)
        clients.add(tx, client)
        if secret is not None:
            clients.add_secret(
                tx, client_secrets.sealed(call, client, secret, slot=1, secret_id=client_secrets.original_id(client))
            )
        _tell(call, tx, client, "client_created", "CreateUserPoolClient")
    return idp.CreateUserPoolClientResponse(user_pool_client=_described(client, secret))


@operation
def describe_user_pool_client(
    call: Call, request: idp.DescribeUserPoolClientRequest
) -> idp.DescribeUserPoolClientResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        client = _require(call, tx, request.user_pool_id, request.client_id)
        secret = _original_secret(call, tx, client)
    return idp.DescribeUserPoolClientResponse(user_pool_client=_described(client, secret))


@operation
def update_user_pool_client(call: Call, request: idp.UpdateUserPoolClientRequest) -> idp.UpdateUserPoolClientResponse:
    """Replaces every setting; the secret stays.

    Raises ResourceNotFound, InvalidParameter, InvalidOAuthFlow, ScopeDoesNotExist, ConcurrentModification.
    """
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        seen = access.require_client(tx, pool, request.client_id)
        settings = client_settings.requested(
            request,
            pool,
            has_secret=bool(clients.secrets(tx, seen)),
            custom_scopes=resource_servers.scopes_of(tx, pool) | scopes.beyond_cognito(pool),
            providers=identity_providers.names_of(tx, pool),
            options=seen.settings.options,
        )
        kept = seen.settings
        settings = replace(settings, sso_session=kept.sso_session, registered=kept.registered, by_token=kept.by_token)
        name = request.client_name or seen.name
        if not clients.set_settings(tx, seen, name=name, settings=settings, now=call.now):
            raise errors.ConcurrentModification
        client = access.require_client(tx, pool, request.client_id)
        secret = _original_secret(call, tx, client)
        _tell(call, tx, client, "client_changed", "UpdateUserPoolClient")
    return idp.UpdateUserPoolClientResponse(user_pool_client=_described(client, secret))


@operation
def delete_user_pool_client(call: Call, request: idp.DeleteUserPoolClientRequest) -> None:
    """Its tokens refresh no more, and its looks and terms go with it. Raises ResourceNotFound."""
    with call.db.write() as tx:
        access.lock_pool(call, tx, request.user_pool_id)
        client = _require(call, tx, request.user_pool_id, request.client_id)
        clients.remove(tx, client.pool_id, client.client_id)
        branding.forget_unused(tx, client.pool_id)
        _tell(call, tx, client, "client_deleted", "DeleteUserPoolClient")


@operation
def list_user_pool_clients(call: Call, request: idp.ListUserPoolClientsRequest) -> idp.ListUserPoolClientsResponse:
    """A page may be short, or empty, when it is narrowed by kind. Raises ResourceNotFound, InvalidParameter."""
    pages = Pages(call, "ListUserPoolClients", request.user_pool_id, {"ClientType": request.client_type})
    most = size(request.max_results)
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = clients.page(tx, pool.pool_id, after=pages.after_text(request.next_token), limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda client: [client.client_id])
    return idp.ListUserPoolClientsResponse(
        user_pool_clients=[
            idp.UserPoolClientDescription(
                client_id=client.client_id, user_pool_id=client.pool_id, client_name=client.name
            )
            for client in shown
            if request.client_type in (None, client.kind)
        ],
        next_token=next_token,
    )


@operation
def add_user_pool_client_secret(
    call: Call, request: idp.AddUserPoolClientSecretRequest
) -> idp.AddUserPoolClientSecretResponse:
    """A second secret beside the first; its value is told only now, and only if we made it.

    Raises ResourceNotFound, InvalidParameter for a client without secret, LimitExceeded for a third.
    """
    value = request.client_secret or client_secrets.new(call)
    with call.db.write() as tx:
        client = _locked(call, tx, request.user_pool_id, request.client_id)
        _refuse_registered(client)
        present = clients.secrets(tx, client)
        if not present:
            raise errors.InvalidParameter("A client secret can only be added to an app client that has one.")
        free = [slot for slot in SLOTS if slot not in {secret.slot for secret in present}]
        if not free:
            raise errors.LimitExceeded("Client secrets cannot exceed limit of 2 secrets.")
        secret_id = _free_id(client, {secret.secret_id for secret in present}, call.now)
        secret = client_secrets.sealed(call, client, value, slot=free[0], secret_id=secret_id)
        clients.add_secret(tx, secret)
        _tell(call, tx, client, "client_changed", "AddUserPoolClientSecret")
    descriptor = _descriptor(secret)
    if request.client_secret is None:
        descriptor = replace(descriptor, client_secret_value=value)
    return idp.AddUserPoolClientSecretResponse(client_secret_descriptor=descriptor)


@operation
def delete_user_pool_client_secret(
    call: Call, request: idp.DeleteUserPoolClientSecretRequest
) -> idp.DeleteUserPoolClientSecretResponse:
    """Raises ResourceNotFound, InvalidParameter for the last secret."""
    with call.db.write() as tx:
        client = _locked(call, tx, request.user_pool_id, request.client_id)
        _refuse_registered(client)
        secret_id = request.client_secret_id
        if secret_id not in {secret.secret_id for secret in clients.secrets(tx, client)}:
            raise errors.ResourceNotFound(f"Client secret {secret_id} does not exist.")
        if not clients.remove_secret(tx, client.pool_id, client.client_id, secret_id):
            raise errors.InvalidParameter("The last secret of an app client cannot be deleted.")
        _tell(call, tx, client, "client_changed", "DeleteUserPoolClientSecret")
    return idp.DeleteUserPoolClientSecretResponse()


@operation
def list_user_pool_client_secrets(
    call: Call, request: idp.ListUserPoolClientSecretsRequest
) -> idp.ListUserPoolClientSecretsResponse:
    """Never values. Raises ResourceNotFound, InvalidParameter for a token, for there is no second page."""
    Pages(call, "ListUserPoolClientSecrets", request.user_pool_id).after(request.next_token)
    with call.db.read() as tx:
        client = _require(call, tx, request.user_pool_id, request.client_id)
        _refuse_registered(client)
        present = clients.secrets(tx, client)
    return idp.ListUserPoolClientSecretsResponse(client_secrets=[_descriptor(secret) for secret in present])


def _require(call: Call, tx: Transaction, pool_id: str, client_id: str) -> Client:
    return access.require_client(tx, access.require_pool(call, tx, pool_id), client_id)


def _locked(call: Call, tx: Transaction, pool_id: str, client_id: str) -> Client:
    """The client, held until the transaction ends; every process then reads its secrets anew."""
    clients.touch(tx, pool_id, _require(call, tx, pool_id, client_id).client_id, call.now)
    return _require(call, tx, pool_id, client_id)


def _refuse_registered(client: Client) -> None:
    if client.kind == "DCR":
        raise errors.InvalidParameter("Secrets of dynamically registered clients cannot be managed.")


def _new_client(call: Call, pool: Pool, name: str, settings: ClientSettings) -> Client:
    return Client(
        pool_id=pool.pool_id,
        client_id=identifiers.client_id(call.entropy.bytes(identifiers.RANDOM_BYTES)),
        name=name,
        settings=settings,
        kind="REGULAR",
        version=1,
        created_at=call.now,
        modified_at=call.now,
    )


def _original_secret(call: Call, tx: Transaction, client: Client) -> str | None:
    """The secret that a description shows: the one of the client's creation, while it lives."""
    for secret in clients.secrets(tx, client):
        if secret.secret_id == client_secrets.original_id(client):
            place = (client.pool_id, client.client_id, secret.secret_id)
            return call.keys.open(access.SECRET_PURPOSE, secret.secret, *place).decode()
    return None


def _free_id(client: Client, taken: set[str], now: int) -> str:
    """An id by the present second, or the next that is free."""
    while (secret_id := identifiers.secret_id(client.client_id, now)) in taken | {client_secrets.original_id(client)}:
        now += 1000
    return secret_id


def _descriptor(secret: ClientSecret) -> idp.ClientSecretDescriptorType:
    return idp.ClientSecretDescriptorType(
        client_secret_id=secret.secret_id, client_secret_create_date=timestamp(secret.created_at)
    )


def _described(client: Client, secret: str | None) -> idp.UserPoolClientType:
    return replace(
        client.settings.shape,
        user_pool_id=client.pool_id,
        client_name=client.name,
        client_id=client.client_id,
        client_secret=secret,
        last_modified_date=timestamp(client.modified_at),
        creation_date=timestamp(client.created_at),
        client_type=client.kind,
    )


def _tell(call: Call, tx: Transaction, client: Client, kind: Kind, name: str) -> None:
    events.tell(call, tx, client.pool_id, kind, fact=Fact(client_id=client.client_id, operation=name))
