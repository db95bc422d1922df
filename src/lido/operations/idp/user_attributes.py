"""Attributes of a user: written and deleted by the person or by an operator, and addresses proven by codes."""

from lido.call import Call
from lido.flows import access, verification
from lido.operations import operation
from lido.shapes import idp


@operation
def update_user_attributes(call: Call, request: idp.UpdateUserAttributesRequest) -> idp.UpdateUserAttributesResponse:
    """Raises NotAuthorized, InvalidParameter, AliasExists, TooManyRequests, UnexpectedLambda, refusals of states."""
    signed_in = access.signed_in_user(call, request.access_token)
    deliveries = verification.update_own(call, signed_in, _values(request.user_attributes))
    return idp.UpdateUserAttributesResponse(code_delivery_details_list=[delivery.details() for delivery in deliveries])


@operation
def admin_update_user_attributes(
    call: Call, request: idp.AdminUpdateUserAttributesRequest
) -> idp.AdminUpdateUserAttributesResponse:
    """Raises ResourceNotFound, UserNotFound, InvalidParameter, AliasExists, UnexpectedLambda."""
    verification.update_for(call, request.user_pool_id, request.username, _values(request.user_attributes))
    return idp.AdminUpdateUserAttributesResponse()


@operation
def delete_user_attributes(call: Call, request: idp.DeleteUserAttributesRequest) -> idp.DeleteUserAttributesResponse:
    """Raises NotAuthorized, InvalidParameter and the refusals of states."""
    signed_in = access.signed_in_user(call, request.access_token)
    verification.delete_own(call, signed_in, request.user_attribute_names)
    return idp.DeleteUserAttributesResponse()


@operation
def admin_delete_user_attributes(
    call: Call, request: idp.AdminDeleteUserAttributesRequest
) -> idp.AdminDeleteUserAttributesResponse:
    """Raises ResourceNotFound, UserNotFound, InvalidParameter."""
    verification.delete_for(call, request.user_pool_id, request.username, request.user_attribute_names)
    return idp.AdminDeleteUserAttributesResponse()


@operation
def get_user_attribute_verification_code(
    call: Call, request: idp.GetUserAttributeVerificationCodeRequest
) -> idp.GetUserAttributeVerificationCodeResponse:
    """Raises NotAuthorized, InvalidParameter, LimitExceeded, UnexpectedLambda and the refusals of states."""
    signed_in = access.signed_in_user(call, request.access_token)
    delivery = verification.ask(call, signed_in, request.attribute_name)
    return idp.GetUserAttributeVerificationCodeResponse(code_delivery_details=delivery.details())


@operation
def verify_user_attribute(call: Call, request: idp.VerifyUserAttributeRequest) -> idp.VerifyUserAttributeResponse:
    """Raises NotAuthorized, InvalidParameter, LimitExceeded, ExpiredCode, CodeMismatch, AliasExists, UserNotFound."""
    signed_in = access.signed_in_user(call, request.access_token)
    verification.prove(call, signed_in, request.attribute_name, request.code)
    return idp.VerifyUserAttributeResponse()


def _values(given: list[idp.AttributeType]) -> dict[str, str | None]:
    return {attribute.name: attribute.value for attribute in given}
