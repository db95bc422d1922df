"""Pushed authorization requests (RFC 9126): a client says beforehand what its browser will ask, and gets a name for it.

The name must reach the browser soon; then a person may take time to sign in and reload pages, but one answer ends it.
"""

from collections.abc import Mapping

import msgspec

from lido.call import Call
from lido.flows.client_authentication import ProvenClient
from lido.records import Client
from lido.storage import pushed_requests
from lido.storage.database import Transaction
from lido.storage.pushed_requests import PushedRequest

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFE_SECONDS = 90
OPENED_SECONDS = 1_800

MOST_PUBLIC_BYTES = 8_192
"""The longest request (as JSON) of a client that proves nothing."""

_PURPOSE = "pushed request"
_NAME_BYTES = 32
_LONGEST = 128
_decode = msgspec.json.Decoder(dict[str, str]).decode


class Used(Exception):
    """The request was answered before, or its time is over."""


class TooLong(Exception):
    """The request has more than is kept for a client that proves nothing."""


class Pushed(msgspec.Struct, frozen=True):
    """A request that was pushed and is not answered yet; `digest` is what it is found by."""

    digest: bytes
    parameters: dict[str, str]

    def __repr__(self) -> str:
        return "Pushed(…)"


def is_named(request_uri: str | None) -> bool:
    """Whether that is the name of a pushed request, and not an address to fetch one from."""
    return request_uri is not None and request_uri.startswith(PREFIX)


def require_short(client: ProvenClient, parameters: Mapping[str, str]) -> None:
    """Refuse what a public client may not have kept. Raises TooLong."""
    if client.is_public and len(msgspec.json.encode(parameters)) > MOST_PUBLIC_BYTES:
        raise TooLong


def push(call: Call, client: Client, parameters: Mapping[str, str]) -> str:
    """Keep a request that was judged; its `request_uri`."""
    name = PREFIX + call.entropy.bytes(_NAME_BYTES).hex()
    row = PushedRequest(
        pool_id=client.pool_id,
        digest=call.keys.mac(_PURPOSE, client.pool_id, name),
        client_id=client.client_id,
        parameters=msgspec.json.encode(parameters).decode(),
        expires_at=call.now + LIFE_SECONDS * 1000,
        opened_at=None,
        used_at=None,
    )
    with call.db.write() as tx:
        pushed_requests.add(tx, row)
    return name


def find(call: Call, client: Client, request_uri: str) -> Pushed | None:
    """The request of that name which this client pushed; None where it was answered, is over, or another's."""
    row = _row(call, client.pool_id, request_uri)
    if row is None or row.client_id != client.client_id or row.used_at is not None or row.expires_at <= call.now:
        return None
    if row.opened_at is None:
        with call.db.write() as tx:
            until = call.now + OPENED_SECONDS * 1000
            pushed_requests.open_until(tx, row.pool_id, row.digest, now=call.now, expires_at=until)
    return Pushed(row.digest, _decode(row.parameters))


def use(tx: Transaction, client: Client, digest: bytes | None, now: int) -> None:
    """The request, if it was pushed, is answered with what this transaction makes true. Raises Used."""
    if digest is not None and not pushed_requests.use(tx, client.pool_id, digest, now):
        raise Used


def _row(call: Call, pool_id: str, request_uri: str) -> PushedRequest | None:
    if len(request_uri) > _LONGEST:
        return None
    with call.db.read() as tx:
        digests = call.keys.macs(_PURPOSE, pool_id, request_uri)
        found = (pushed_requests.find(tx, pool_id, digest) for digest in digests)
        return next((row for row in found if row is not None), None)
