"""Provisioned limits of a region: the request rates that hold for each of its pools unless a pool has its own."""

from lido import errors
from lido.call import Call
from lido.flows import provisioned_limits
from lido.operations import operation
from lido.rules import rate_limits
from lido.shapes import idp


@operation
def get_provisioned_limit(call: Call, request: idp.GetProvisionedLimitRequest) -> idp.GetProvisionedLimitResponse:
    """Raises InvalidParameter, ResourceNotFound."""
    return idp.GetProvisionedLimitResponse(limit=_limit(call, _category(request.limit_definition)))


@operation
def update_provisioned_limit(
    call: Call, request: idp.UpdateProvisionedLimitRequest
) -> idp.UpdateProvisionedLimitResponse:
    """Raises InvalidParameter, also below AWS's default rate; ResourceNotFound, ServiceQuotaExceeded."""
    category, rate = _category(request.limit_definition), request.requested_limit_value
    provisioned_limits.within_bounds(category, rate)
    provisioned_limits.set_rate(call, call.region, category, rate, operation="UpdateProvisionedLimit")
    return idp.UpdateProvisionedLimitResponse(limit=_limit(call, category))


def _category(definition: idp.LimitDefinitionType) -> str:
    if set(definition.attributes) != {"Category"}:
        raise errors.InvalidParameter("The attributes of a limit definition must be exactly: Category")
    category = definition.attributes["Category"]
    if category not in rate_limits.ADJUSTABLE:
        raise errors.ResourceNotFound("There is no provisioned limit for this category.")
    return category


def _limit(call: Call, category: str) -> idp.LimitType:
    """Where nothing is limited, the most that could be set."""
    return idp.LimitType(
        limit_definition=idp.LimitDefinitionType(limit_class="API_CATEGORY", attributes={"Category": category}),
        provisioned_limit_value=provisioned_limits.find(call, call.region, category) or provisioned_limits.MOST,
        free_limit_value=rate_limits.DEFAULT_RATES[category],
    )
