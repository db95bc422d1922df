"""A pool's settings beside UpdateUserPool: multi-factor authentication and passkeys."""

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact
from lido.operations import operation
from lido.records import PoolSettings
from lido.rules import pool_settings
from lido.shapes import idp
from lido.storage import pools


@operation
def get_user_pool_mfa_config(call: Call, request: idp.GetUserPoolMfaConfigRequest) -> idp.GetUserPoolMfaConfigResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
    settings = pool.settings
    return idp.GetUserPoolMfaConfigResponse(
        sms_mfa_configuration=settings.sms_mfa,
        software_token_mfa_configuration=_software_token(settings),
        email_mfa_configuration=settings.email_mfa,
        mfa_configuration=settings.shape.mfa_configuration,
        web_authn_configuration=settings.webauthn,
    )


@operation
def set_user_pool_mfa_config(call: Call, request: idp.SetUserPoolMfaConfigRequest) -> idp.SetUserPoolMfaConfigResponse:
    """Replaces the whole. Raises ResourceNotFound, InvalidParameter, ConcurrentModification."""
    with call.db.write() as tx:
        seen = access.require_pool(call, tx, request.user_pool_id)
        settings = pool_settings.with_mfa(request, seen.settings, seen.region)
        if not pools.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now):
            raise errors.ConcurrentModification
        events.tell(call, tx, seen.pool_id, "pool_changed", fact=Fact(operation="SetUserPoolMfaConfig"))
    return idp.SetUserPoolMfaConfigResponse(
        sms_mfa_configuration=settings.sms_mfa,
        software_token_mfa_configuration=_software_token(settings),
        email_mfa_configuration=settings.email_mfa,
        mfa_configuration=settings.shape.mfa_configuration,
        web_authn_configuration=settings.webauthn,
    )


def _software_token(settings: PoolSettings) -> idp.SoftwareTokenMfaConfigType | None:
    return idp.SoftwareTokenMfaConfigType(enabled=True) if settings.software_token_mfa else None
