"""Whence people come whose app speaks for them: operators and confidential apps tell it, and are believed."""

from ipaddress import ip_address
from typing import Any

from msgspec.structs import replace

from lido.call import Call
from lido.flows import access
from lido.storage import clients


def followed(call: Call, request: Any) -> Call:
    """The call as it would come from the person's own address (`ContextData`, `UserContextData`).

    Whatever names no address changes nothing: no sign-in fails by its context.
    """
    address = _normal(_named(call, request))
    return replace(call, address=address, address_is_own=True) if address else call


def _named(call: Call, request: Any) -> str | None:
    by_operator = getattr(request, "context_data", None)
    if by_operator is not None:
        return str(by_operator.ip_address)
    by_app = getattr(request, "user_context_data", None)
    if by_app is None or not by_app.ip_address or not _is_believed(call, request.client_id):
        return None
    return str(by_app.ip_address)


def _is_believed(call: Call, client_id: str) -> bool:
    """Whether the client wants it (`EnablePropagateAdditionalUserContextData`) and must prove itself by a secret."""
    with call.db.read() as tx:
        pool_id = clients.pool_of(tx, client_id)
        client = clients.find(tx, pool_id, client_id) if pool_id else None
        if client is None or not client.settings.shape.enable_propagate_additional_user_context_data:
            return False
        return bool(access.client_secrets(call, tx, client))


def _normal(address: str | None) -> str | None:
    # A zone is text of any kind, and means nothing elsewhere.
    if not address or "%" in address:
        return None
    try:
        return str(ip_address(address))
    except ValueError:
        return None
