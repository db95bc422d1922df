"""An app client's settings: what CreateUserPoolClient and UpdateUserPoolClient make of them.

Both replace everything: what a request omits has its default afterwards.
"""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from lido import errors
from lido.records import ClientSettings, Pool
from lido.rules import attributes, schema, scopes
from lido.shapes import idp

COGNITO = "COGNITO"

_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
_TOKEN_SECONDS = range(300, 86_400 + 1)
_REFRESH_SECONDS = range(3600, 315_360_000 + 1)
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_SCRIPTS = ("javascript", "data", "vbscript", "blob", "filesystem", "file", "about")
_RANGE = "Invalid range for token validity."

Request = idp.CreateUserPoolClientRequest | idp.UpdateUserPoolClientRequest


def requested(
    request: Request,
    pool: Pool,
    *,
    has_secret: bool,
    custom_scopes: Collection[str] = (),
    providers: Collection[str] = (),
    options: Mapping[str, str] | None = None,
) -> ClientSettings:
    """The client's settings as the request wants them, complete with Cognito's defaults.

    `custom_scopes` are those of the pool's resource servers, `providers` the names of its identity providers; `options`
    are the settings that Cognito lacks, which no request touches. Raises InvalidParameter, InvalidOAuthFlow,
    ScopeDoesNotExist.
    """
    shape = _completed(request)
    _check_attributes(request, pool)
    _check_validity(shape)
    _check_auth_flows(shape)
    _check_providers(shape, pool.pool_id, providers)
    _check_oauth(shape, has_secret=has_secret)
    _check_scopes(shape, custom_scopes)
    _check_urls(shape)
    _check_analytics(shape.analytics_configuration)
    if shape.enable_propagate_additional_user_context_data and not has_secret:
        raise errors.InvalidParameter(
            "Client Secret is required to set EnablePropagateAdditionalUserContextData as true"
        )
    return ClientSettings(shape=shape, options=dict(options or {}))


def _completed(request: Request) -> idp.UserPoolClientType:
    names = set(request.__struct_fields__) & set(idp.UserPoolClientType.__struct_fields__)
    names -= {"user_pool_id", "client_id", "client_name", "client_secret"}
    members: dict[str, Any] = {name: getattr(request, name) for name in names}
    given = idp.UserPoolClientType(**members)
    return replace(
        given,
        refresh_token_validity=given.refresh_token_validity or 30,
        token_validity_units=given.token_validity_units or idp.TokenValidityUnitsType(),
        allowed_o_auth_flows_user_pool_client=bool(given.allowed_o_auth_flows_user_pool_client),
        enable_token_revocation=given.enable_token_revocation is not False,
        enable_propagate_additional_user_context_data=bool(given.enable_propagate_additional_user_context_data),
        auth_session_validity=given.auth_session_validity or 3,
    )


def _check_attributes(request: Request, pool: Pool) -> None:
    attributes.check_client_lists(
        schema.by_name(pool.settings.shape.schema_attributes),
        request.read_attributes,
        request.write_attributes,
        "creating" if isinstance(request, idp.CreateUserPoolClientRequest) else "updating",
    )


def _check_validity(shape: idp.UserPoolClientType) -> None:
    """Ranges, once converted. A unit without a number applies to the default number, as on AWS."""
    units = shape.token_validity_units or idp.TokenValidityUnitsType()
    refresh = (shape.refresh_token_validity or 30) * _SECONDS[units.refresh_token or "days"]
    access = (shape.access_token_validity or 1) * _SECONDS[units.access_token or "hours"]
    identity = (shape.id_token_validity or 1) * _SECONDS[units.id_token or "hours"]
    if refresh not in _REFRESH_SECONDS or access not in _TOKEN_SECONDS or identity not in _TOKEN_SECONDS:
        raise errors.InvalidParameter(_RANGE)
    if max(access, identity) > refresh:
        raise errors.InvalidParameter(
            "Access and Id Token expiration times must be less than or equal to refresh token expiration times."
        )


def _check_auth_flows(shape: idp.UserPoolClientType) -> None:
    flows = shape.explicit_auth_flows or []
    allowing = [flow for flow in flows if flow.startswith("ALLOW_")]
    if allowing and len(allowing) < len(flows):
        raise errors.InvalidParameter("Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.")
    if "ALLOW_CLIENT_TOKEN_AUTH" in flows and len(set(flows)) > 1:
        raise errors.InvalidParameter("ALLOW_CLIENT_TOKEN_AUTH cannot be used with other auth flows.")
    rotation = shape.refresh_token_rotation
    if rotation is not None and rotation.feature == "ENABLED" and "ALLOW_REFRESH_TOKEN_AUTH" in flows:
        raise errors.InvalidParameter(
            "Refresh token rotation cannot be enabled together with the auth flow ALLOW_REFRESH_TOKEN_AUTH."
        )


def _check_providers(shape: idp.UserPoolClientType, pool_id: str, known: Collection[str]) -> None:
    for provider in shape.supported_identity_providers or ():
        if provider != COGNITO and provider not in known:
            raise errors.InvalidParameter(f"The provider {provider} does not exist for User Pool {pool_id}.")


def _check_oauth(shape: idp.UserPoolClientType, *, has_secret: bool) -> None:
    flows = shape.allowed_o_auth_flows or []
    if shape.allowed_o_auth_flows_user_pool_client and not (flows and shape.allowed_o_auth_scopes):
        raise errors.InvalidParameter(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."
        )
    with_pages = {"code", "implicit"} & set(flows)
    if "client_credentials" in flows and with_pages:
        raise errors.InvalidOAuthFlow(
            "client_credentials flow can not be selected along with code flow or implicit flow."
        )
    if "client_credentials" in flows and not has_secret:
        raise errors.InvalidOAuthFlow(
            "client_credentials flow can not be selected if client does not have a client secret."
        )
    if with_pages and not shape.callback_urls:
        raise errors.InvalidOAuthFlow("CallbackUrls can not be empty when code flow or implicit flow is selected")


def _check_scopes(shape: idp.UserPoolClientType, custom_scopes: Collection[str]) -> None:
    for scope in shape.allowed_o_auth_scopes or ():
        if scope not in scopes.STANDARD and scope not in custom_scopes:
            raise errors.ScopeDoesNotExist(f"Invalid scope requested: {scope}")


def _check_urls(shape: idp.UserPoolClientType) -> None:
    callbacks = shape.callback_urls or []
    for url in [*callbacks, *(shape.logout_urls or ())]:
        check_url(url)
    default = shape.default_redirect_uri
    if default is not None and default not in callbacks:
        raise errors.InvalidParameter(f"The default redirect URI {default} is not in the callback URIs list.")


def check_url(url: str) -> None:
    """Refuse what no browser may be sent to. Raises InvalidParameter."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise errors.InvalidParameter(f"{url} is not a valid URL") from None
    # A browser would run what these schemes carry, or show what is its own.
    if not parts.scheme or parts.scheme in _SCRIPTS:
        raise errors.InvalidParameter(f"{url} is not a valid URL")
    if parts.scheme in ("http", "https") and not host:
        raise errors.InvalidParameter(f"{url} is not a valid URL")
    if parts.scheme == "http" and host not in _LOCAL_HOSTS:
        raise errors.InvalidParameter(f"{url} cannot use the HTTP protocol.")
    if "#" in url:
        raise errors.InvalidParameter(f"{url} cannot use fragment")


def _check_analytics(config: idp.AnalyticsConfigurationType | None) -> None:
    if config is None:
        return
    by_id = (config.application_id, config.role_arn, config.external_id)
    by_arn = config.application_arn is not None and config.application_id is None and config.external_id is None
    if not (by_arn or (config.application_arn is None and all(by_id))):
        raise errors.InvalidParameter(
            "Invalid analytics configuration given, either <application arn> or "
            "<application id, role arn, external id> are valid"
        )
