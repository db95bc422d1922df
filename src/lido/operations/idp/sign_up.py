"""Signing up and confirming: by the person with a code, or by an operator."""

from lido.call import Call
from lido.flows import sign_up as flow
from lido.operations import operation
from lido.operations.describing import validation_data
from lido.records import Status
from lido.shapes import idp


@operation
def sign_up(call: Call, request: idp.SignUpRequest) -> idp.SignUpResponse:
    """Raises as flows/sign_up.register."""
    made = flow.register(
        call,
        client_id=request.client_id,
        secret_hash=request.secret_hash,
        username=request.username,
        password=request.password,
        attributes={attribute.name: attribute.value for attribute in request.user_attributes or ()},
        validation_data=validation_data(request.validation_data),
    )
    return idp.SignUpResponse(
        user_confirmed=made.user.status == Status.CONFIRMED,
        user_sub=made.user.sub,
        code_delivery_details=made.delivery.details() if made.delivery else None,
        session=made.session,
    )


@operation
def confirm_sign_up(call: Call, request: idp.ConfirmSignUpRequest) -> idp.ConfirmSignUpResponse:
    """Raises as flows/sign_up.confirm."""
    session = flow.confirm(
        call,
        client_id=request.client_id,
        secret_hash=request.secret_hash,
        username=request.username,
        code=request.confirmation_code,
        force_alias=bool(request.force_alias_creation),
        session=request.session,
    )
    return idp.ConfirmSignUpResponse(session=session)


@operation
def resend_confirmation_code(
    call: Call, request: idp.ResendConfirmationCodeRequest
) -> idp.ResendConfirmationCodeResponse:
    """Raises as flows/sign_up.resend."""
    delivery = flow.resend(
        call, client_id=request.client_id, secret_hash=request.secret_hash, username=request.username
    )
    return idp.ResendConfirmationCodeResponse(code_delivery_details=delivery.details())


@operation
def admin_confirm_sign_up(call: Call, request: idp.AdminConfirmSignUpRequest) -> idp.AdminConfirmSignUpResponse:
    """Raises as flows/sign_up.confirm_by_operator."""
    flow.confirm_by_operator(call, pool_id=request.user_pool_id, username=request.username)
    return idp.AdminConfirmSignUpResponse()
