"""Secrets of app clients: made, and sealed for their place."""

from lido.call import Call
from lido.flows import access
from lido.records import Client, ClientSecret
from lido.rules import identifiers


def new(call: Call) -> str:
    """A secret as Cognito's look."""
    return identifiers.client_secret(call.entropy.bytes(identifiers.RANDOM_BYTES))


def original_id(client: Client) -> str:
    """The id of the secret that the client was created with; no later secret gets it."""
    return identifiers.secret_id(client.client_id, client.created_at)


def sealed(call: Call, client: Client, value: str, *, slot: int, secret_id: str) -> ClientSecret:
    """The secret as it is stored."""
    pool_id, client_id = client.pool_id, client.client_id
    blob = call.keys.seal(access.SECRET_PURPOSE, value.encode(), pool_id, client_id, secret_id)
    return ClientSecret(pool_id, client_id, slot, secret_id, blob, call.now)
