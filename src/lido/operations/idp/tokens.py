"""Tokens: refreshed, revoked, and ended for every device at once."""

from lido import errors
from lido.call import Call
from lido.flows import access, client_authentication, client_credentials, families, token_exchange, tokens
from lido.flows.families import ClientProof
from lido.flows.token_exchange import Wish
from lido.operations import operation
from lido.rules.token_exchange import Kind
from lido.shapes import idp

_OF_TRIGGERS = (errors.UserLambdaValidation, errors.UnexpectedLambda, errors.InvalidLambdaResponse)
_SENTENCES = {
    "invalid_scope": "Invalid scope requested.",
    "invalid_grant": "The client has no such scope.",
    "invalid_client": "Invalid client or secret",
    "invalid_target": "The audience or resource is unknown.",
    "invalid_request": "The tokens cannot be exchanged.",
}


@operation
def get_tokens_from_refresh_token(
    call: Call, request: idp.GetTokensFromRefreshTokenRequest
) -> idp.GetTokensFromRefreshTokenResponse:
    proof = ClientProof("secret", request.client_secret)
    client_id, device_key = request.client_id, request.device_key
    try:
        given = families.refresh(call, client_id, request.refresh_token, proof, by_flow=False, device_key=device_key)
    except errors.PasswordResetRequired as refusal:
        # The model of this operation does not know this refusal.
        raise errors.NotAuthorized(refusal.message) from None
    return idp.GetTokensFromRefreshTokenResponse(
        authentication_result=idp.AuthenticationResultType(
            access_token=given.access,
            expires_in=given.expires_in_seconds,
            token_type="Bearer",  # noqa: S106 - a kind of token
            refresh_token=given.refresh,
            id_token=given.id,
        )
    )


@operation
def get_client_token(call: Call, request: idp.GetClientTokenRequest) -> idp.GetClientTokenResponse:
    try:
        given = client_credentials.by_api(call, request.client_id, request.secret, request.scopes or ())
    except errors.OAuthError as refusal:
        raise errors.InvalidParameter(_SENTENCES[refusal.error]) from None
    except _OF_TRIGGERS as refusal:
        # The model of this operation does not know these refusals.
        raise errors.NotAuthorized(refusal.message) from None
    return idp.GetClientTokenResponse(
        client_authentication_result=idp.ClientAuthenticationResultType(
            access_token=given.access,
            expires_in=given.expires_in_seconds,
            token_type="Bearer",  # noqa: S106 - a kind of token
        )
    )


@operation
def get_derived_token(call: Call, request: idp.GetDerivedTokenRequest) -> idp.GetDerivedTokenResponse:
    is_signed = call.caller is not None
    client = client_authentication.by_secret(call, request.client_id, request.client_secret, is_signed=is_signed)
    wish = _wish(request)
    try:
        given = token_exchange.exchange(call, client, wish, version=None)
    except errors.OAuthError as refusal:
        if refusal.error == "unauthorized_client":
            sentence = f"{token_exchange.flow_of(wish)} flow not enabled for this client"
            raise errors.InvalidParameter(sentence) from None
        raise errors.InvalidParameter(_SENTENCES[refusal.error]) from None
    return idp.GetDerivedTokenResponse(
        issued_token=given.token,
        issued_token_type="ACCESS_TOKEN" if given.kind == "access" else "ID_TOKEN",
        token_type="Bearer" if given.kind == "access" else "N_A",
        expires_in=given.expires_in_seconds,
        scopes=list(given.scopes),
    )


def _wish(request: idp.GetDerivedTokenRequest) -> Wish:
    for provider in (request.subject_token_provider_name, request.actor_token_provider_name):
        if provider is not None:
            raise errors.InvalidParameter(f"Identity provider {provider} does not exist.")
    if (request.actor_token is None) != (request.actor_token_type is None):
        raise errors.InvalidParameter("ActorToken and ActorTokenType must be given together.")
    if request.audiences and request.resources:
        raise errors.InvalidParameter("Only one of Audiences and Resources can be set.")
    return Wish(
        subject_token=request.subject_token,
        subject_kind=_kind(request.subject_token_type),
        actor_token=request.actor_token,
        actor_kind=_kind(request.actor_token_type or "ACCESS_TOKEN"),
        scopes=tuple(request.scopes or ()),
        audience=next(iter(request.audiences or ()), None),
        resource=next(iter(request.resources or ()), None),
        issued=_kind(request.requested_token_type or "ACCESS_TOKEN"),
    )


def _kind(token_type: idp.TokenTypeIdentifierType) -> Kind:
    if token_type == "SAML2":  # noqa: S105 - a kind of token
        raise errors.InvalidParameter("SAML2 tokens cannot be exchanged: no identity provider issues them.")
    return "access" if token_type == "ACCESS_TOKEN" else "id"  # noqa: S105 - a kind of token


@operation
def revoke_token(call: Call, request: idp.RevokeTokenRequest) -> idp.RevokeTokenResponse:
    linked = request.revoke_associated_sessions == "LINKED"
    families.revoke(call, request.client_id, request.client_secret, request.token, linked=linked)
    return idp.RevokeTokenResponse()


@operation
def global_sign_out(call: Call, request: idp.GlobalSignOutRequest) -> idp.GlobalSignOutResponse:
    try:
        whose = access.signed_in_user(call, request.access_token)
        tokens.sign_out_everywhere(call, whose.pool, whose.user)
    except errors.UserNotFound:
        # The model of this operation does not know this refusal.
        raise errors.NotAuthorized("Access Token has been revoked") from None
    return idp.GlobalSignOutResponse()


@operation
def admin_user_global_sign_out(
    call: Call, request: idp.AdminUserGlobalSignOutRequest
) -> idp.AdminUserGlobalSignOutResponse:
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        user = access.require_user(tx, pool, request.username)
    tokens.sign_out_everywhere(call, pool, user)
    return idp.AdminUserGlobalSignOutResponse()
