"""Tokens: refreshed, revoked, and ended for every device at once."""

from lido import errors
from lido.call import Call
from lido.flows import access, client_credentials, families, tokens
from lido.flows.families import ClientProof
from lido.operations import operation
from lido.shapes import idp

_OF_TRIGGERS = (errors.UserLambdaValidation, errors.UnexpectedLambda, errors.InvalidLambdaResponse)
_SENTENCES = {
    "invalid_scope": "Invalid scope requested.",
    "invalid_grant": "The client has no such scope.",
    "invalid_client": "Invalid client or secret",
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
def revoke_token(call: Call, request: idp.RevokeTokenRequest) -> idp.RevokeTokenResponse:
    families.revoke(call, request.client_id, request.client_secret, request.token)
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
