"""Signing in, by people and for them."""

from typing import TypeVar, cast

from lido import errors
from lido.call import Call
from lido.flows import families, sign_in, sign_in_triggers, tokens
from lido.flows.devices import NewDevice
from lido.flows.families import ClientProof
from lido.flows.scenes import Attempt
from lido.flows.sign_in import Outcome, SignedIn
from lido.flows.tokens import Tokens
from lido.operations import operation
from lido.shapes import idp

_REFRESH = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")


@operation
def initiate_auth(call: Call, request: idp.InitiateAuthRequest) -> idp.InitiateAuthResponse:
    attempt = Attempt("client", request.client_id, request.auth_parameters or {})
    return _initiate(call, attempt, request.auth_flow, request.session, idp.InitiateAuthResponse)


@operation
def admin_initiate_auth(call: Call, request: idp.AdminInitiateAuthRequest) -> idp.AdminInitiateAuthResponse:
    attempt = Attempt("admin", request.client_id, request.auth_parameters or {}, request.user_pool_id)
    return _initiate(call, attempt, request.auth_flow, request.session, idp.AdminInitiateAuthResponse)


@operation
def respond_to_auth_challenge(
    call: Call, request: idp.RespondToAuthChallengeRequest
) -> idp.RespondToAuthChallengeResponse:
    attempt = Attempt("client", request.client_id, request.challenge_responses or {})
    outcome = sign_in.answer(call, attempt, request.challenge_name, request.session)
    return _told(call, outcome, idp.RespondToAuthChallengeResponse)


@operation
def admin_respond_to_auth_challenge(
    call: Call, request: idp.AdminRespondToAuthChallengeRequest
) -> idp.AdminRespondToAuthChallengeResponse:
    attempt = Attempt("admin", request.client_id, request.challenge_responses or {}, request.user_pool_id)
    outcome = sign_in.answer(call, attempt, request.challenge_name, request.session)
    return _told(call, outcome, idp.AdminRespondToAuthChallengeResponse)


_Response = TypeVar(
    "_Response",
    idp.InitiateAuthResponse,
    idp.AdminInitiateAuthResponse,
    idp.RespondToAuthChallengeResponse,
    idp.AdminRespondToAuthChallengeResponse,
)


def _initiate(call: Call, attempt: Attempt, flow: str, session: str | None, response: type[_Response]) -> _Response:
    if flow in _REFRESH:
        return response(authentication_result=_result(_refreshed(call, attempt)), challenge_parameters={})
    outcome = sign_in.start(call, attempt, flow, session)
    return _told(sign_in_triggers.without_metadata(call), outcome, response)


def _refreshed(call: Call, attempt: Attempt) -> Tokens:
    given = attempt.given
    proof = ClientProof("hash", given.get("SECRET_HASH"))
    token = given.get("REFRESH_TOKEN")
    if not token:
        raise errors.InvalidParameter("Missing required parameter REFRESH_TOKEN")
    try:
        return families.refresh(
            call,
            attempt.client_id,
            token,
            proof,
            by_flow=True,
            pool_id=attempt.pool_id,
            device_key=given.get("DEVICE_KEY"),
        )
    except errors.RefreshTokenReuse:
        # The model of InitiateAuth does not know this refusal.
        raise errors.NotAuthorized(families.REVOKED) from None


def _told(call: Call, outcome: Outcome, response: type[_Response]) -> _Response:
    if isinstance(outcome, SignedIn):
        return response(authentication_result=_result(tokens.issue(call, outcome)), challenge_parameters={})
    return response(
        challenge_name=cast("idp.ChallengeNameType", outcome.name),
        challenge_parameters=outcome.parameters,
        session=outcome.session,
        available_challenges=cast("list[idp.ChallengeNameType]", list(outcome.available)) or None,
    )


def _result(given: Tokens) -> idp.AuthenticationResultType:
    return idp.AuthenticationResultType(
        access_token=given.access,
        expires_in=given.expires_in_seconds,
        token_type="Bearer",  # noqa: S106 - a kind of token
        refresh_token=given.refresh,
        id_token=given.id,
        new_device_metadata=_named(given.new_device),
    )


def _named(new: NewDevice | None) -> idp.NewDeviceMetadataType | None:
    return None if new is None else idp.NewDeviceMetadataType(device_key=new.key, device_group_key=new.group_key)
