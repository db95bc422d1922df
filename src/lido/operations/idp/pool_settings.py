"""Settings beside UpdateUserPool and -Client: multi-factor authentication and passkeys, tracking of sessions, logs."""

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, events, sessions
from lido.flows.events import Fact
from lido.operations import operation
from lido.records import Pool, PoolSettings
from lido.rules import log_delivery, pool_settings
from lido.shapes import idp
from lido.storage import clients, pools


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


@operation
def get_user_pool_session_configuration(
    call: Call, request: idp.GetUserPoolSessionConfigurationRequest
) -> idp.GetUserPoolSessionConfigurationResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
    return idp.GetUserPoolSessionConfigurationResponse(
        user_pool_id=pool.pool_id,
        user_session_tracking=pool.settings.user_session_tracking,
        token_session=idp.UserPoolTokenSessionConfigType(max_per_user=sessions.most_per_user(pool)),
    )


@operation
def set_user_pool_session_configuration(
    call: Call, request: idp.SetUserPoolSessionConfigurationRequest
) -> idp.SetUserPoolSessionConfigurationResponse:
    """A lower number ends nothing until the next sign-in. Raises ResourceNotFound, ConcurrentModification."""
    tracking, token_session = request.user_session_tracking, request.token_session
    with call.db.write() as tx:
        seen = access.require_pool(call, tx, request.user_pool_id)
        settings = replace(seen.settings, user_session_tracking=tracking, token_session=token_session)
        if not pools.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now):
            raise errors.ConcurrentModification
        fact = Fact(operation="SetUserPoolSessionConfiguration")
        events.tell(call, tx, seen.pool_id, "pool_changed", fact=fact)
    return idp.SetUserPoolSessionConfigurationResponse(
        user_pool_id=seen.pool_id, user_session_tracking=tracking, token_session=token_session
    )


@operation
def get_user_pool_client_session_configuration(
    call: Call, request: idp.GetUserPoolClientSessionConfigurationRequest
) -> idp.GetUserPoolClientSessionConfigurationResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        client = access.require_client(tx, pool, request.client_id)
    return idp.GetUserPoolClientSessionConfigurationResponse(
        user_pool_id=pool.pool_id,
        client_id=client.client_id,
        sso_session=idp.ClientSSOSessionConfigType(max_validity_minutes=sessions.sso_minutes(pool, client)),
    )


@operation
def set_user_pool_client_session_configuration(
    call: Call, request: idp.SetUserPoolClientSessionConfigurationRequest
) -> idp.SetUserPoolClientSessionConfigurationResponse:
    """Raises ResourceNotFound, InvalidParameter while the pool tracks no sessions, ConcurrentModification."""
    with call.db.write() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        seen = access.require_client(tx, pool, request.client_id)
        if not sessions.are_tracked(pool):
            raise errors.InvalidParameter("User session tracking is not enabled for the user pool.")
        settings = replace(seen.settings, sso_session=request.sso_session)
        if not clients.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now):
            raise errors.ConcurrentModification
        fact = Fact(client_id=seen.client_id, operation="SetUserPoolClientSessionConfiguration")
        events.tell(call, tx, pool.pool_id, "client_changed", fact=fact)
    return idp.SetUserPoolClientSessionConfigurationResponse(
        user_pool_id=pool.pool_id, client_id=seen.client_id, sso_session=request.sso_session
    )


@operation
def get_log_delivery_configuration(
    call: Call, request: idp.GetLogDeliveryConfigurationRequest
) -> idp.GetLogDeliveryConfigurationResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
    return idp.GetLogDeliveryConfigurationResponse(log_delivery_configuration=_log_delivery(pool, pool.settings))


@operation
def set_log_delivery_configuration(
    call: Call, request: idp.SetLogDeliveryConfigurationRequest
) -> idp.SetLogDeliveryConfigurationResponse:
    """Replaces the whole; records that wait go where it says. Raises ResourceNotFound, InvalidParameter."""
    log_delivery.check(request.log_configurations, call.region)
    with call.db.write() as tx:
        seen = access.lock_pool(call, tx, request.user_pool_id)
        settings = replace(seen.settings, log_configurations=request.log_configurations)
        pools.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now)
        events.tell(call, tx, seen.pool_id, "pool_changed", fact=Fact(operation="SetLogDeliveryConfiguration"))
    return idp.SetLogDeliveryConfigurationResponse(log_delivery_configuration=_log_delivery(seen, settings))


def _log_delivery(pool: Pool, settings: PoolSettings) -> idp.LogDeliveryConfigurationType:
    return idp.LogDeliveryConfigurationType(user_pool_id=pool.pool_id, log_configurations=settings.log_configurations)


def _software_token(settings: PoolSettings) -> idp.SoftwareTokenMfaConfigType | None:
    enabled = settings.software_token_mfa
    return None if enabled is None else idp.SoftwareTokenMfaConfigType(enabled=enabled)
