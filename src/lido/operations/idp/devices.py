"""Devices: confirmed by their users, looked at, remembered or not, forgotten."""

from typing import TypeVar

from lido import errors
from lido.call import Call
from lido.flows import access, devices
from lido.operations import operation
from lido.operations.describing import attribute_list, timestamp
from lido.operations.pages import Pages, size
from lido.records import Device, DeviceStatus, Pool, User
from lido.shapes import idp
from lido.storage import devices as stored
from lido.storage.database import Transaction

_STATUSES = {"remembered": DeviceStatus.REMEMBERED, "not_remembered": DeviceStatus.NOT_REMEMBERED}


@operation
def confirm_device(call: Call, request: idp.ConfirmDeviceRequest) -> idp.ConfirmDeviceResponse:
    """Raises InvalidUserPoolConfiguration, InvalidParameter, DeviceKeyExists, NotAuthorized, refusals of states."""
    signed_in = access.signed_in_user(call, request.access_token)
    config = request.device_secret_verifier_config
    asks = devices.confirm(call, signed_in, request.device_key, config, request.device_name)
    return idp.ConfirmDeviceResponse(user_confirmation_necessary=asks)


@operation
def update_device_status(call: Call, request: idp.UpdateDeviceStatusRequest) -> idp.UpdateDeviceStatusResponse:
    """Raises InvalidUserPoolConfiguration, ResourceNotFound, InvalidParameter, NotAuthorized, refusals of states."""
    status = _status(request.device_remembered_status)
    signed_in = access.signed_in_user(call, request.access_token)
    devices.remember_own(call, signed_in, request.device_key, status)
    return idp.UpdateDeviceStatusResponse()


@operation
def admin_update_device_status(
    call: Call, request: idp.AdminUpdateDeviceStatusRequest
) -> idp.AdminUpdateDeviceStatusResponse:
    """Raises ResourceNotFound, UserNotFound, InvalidUserPoolConfiguration, InvalidParameter."""
    status = _status(request.device_remembered_status)
    with call.db.write() as tx:
        pool, user = _of(call, tx, request.user_pool_id, request.username)
        devices.remember(call, tx, pool, user, request.device_key, status)
    return idp.AdminUpdateDeviceStatusResponse()


@operation
def get_device(call: Call, request: idp.GetDeviceRequest) -> idp.GetDeviceResponse:
    """Raises InvalidUserPoolConfiguration, ResourceNotFound, InvalidParameter, NotAuthorized, refusals of states."""
    pool, user = _own(call, request.access_token)
    with call.db.read() as tx:
        device = devices.require(tx, pool, user, request.device_key)
    return idp.GetDeviceResponse(device=_device_type(device, {}))


@operation
def admin_get_device(call: Call, request: idp.AdminGetDeviceRequest) -> idp.AdminGetDeviceResponse:
    """Raises ResourceNotFound, InvalidUserPoolConfiguration."""
    with call.db.read() as tx:
        pool, user = _of_whom_the_model_is_silent(call, tx, request)
        device = devices.require(tx, pool, user, request.device_key)
    return idp.AdminGetDeviceResponse(device=_device_type(device, _for_operators(call, pool, user, device)))


@operation
def list_devices(call: Call, request: idp.ListDevicesRequest) -> idp.ListDevicesResponse:
    """By key. Raises InvalidUserPoolConfiguration, InvalidParameter, NotAuthorized, refusals of states."""
    pool, user = _own(call, request.access_token)
    devices.tracking(pool)
    pages, most = Pages(call, "ListDevices", pool.pool_id, {"sub": user.sub}), size(request.limit)
    with call.db.read() as tx:
        after = pages.after_text(request.pagination_token)
        found = stored.page(tx, pool.pool_id, user.sub, after=after, limit=most + 1)
    shown, token = pages.cut(found, most, lambda device: [device.device_key])
    return idp.ListDevicesResponse(devices=[_device_type(device, {}) for device in shown], pagination_token=token)


@operation
def admin_list_devices(call: Call, request: idp.AdminListDevicesRequest) -> idp.AdminListDevicesResponse:
    """By key. Raises ResourceNotFound, InvalidUserPoolConfiguration, InvalidParameter for a foreign token."""
    most = size(request.limit)
    with call.db.read() as tx:
        pool, user = _of_whom_the_model_is_silent(call, tx, request)
        devices.tracking(pool)
        pages = Pages(call, "AdminListDevices", pool.pool_id, {"sub": user.sub})
        after = pages.after_text(request.pagination_token)
        found = stored.page(tx, pool.pool_id, user.sub, after=after, limit=most + 1)
    shown, token = pages.cut(found, most, lambda device: [device.device_key])
    described = [_device_type(device, _for_operators(call, pool, user, device)) for device in shown]
    return idp.AdminListDevicesResponse(devices=described, pagination_token=token)


@operation
def forget_device(call: Call, request: idp.ForgetDeviceRequest) -> None:
    """Raises InvalidUserPoolConfiguration, ResourceNotFound, InvalidParameter, NotAuthorized, refusals of states."""
    pool, user = _own(call, request.access_token)
    with call.db.write() as tx:
        devices.forget(call, tx, pool, user, request.device_key)


@operation
def admin_forget_device(call: Call, request: idp.AdminForgetDeviceRequest) -> None:
    """Raises ResourceNotFound, UserNotFound, InvalidUserPoolConfiguration."""
    with call.db.write() as tx:
        pool, user = _of(call, tx, request.user_pool_id, request.username)
        devices.forget(call, tx, pool, user, request.device_key)


def _own(call: Call, access_token: str | None) -> tuple[Pool, User]:
    if not access_token:  # optional in the model of two operations, where nothing else says whose device it is
        raise errors.InvalidParameter("Missing required parameter AccessToken")
    signed_in = access.signed_in_user(call, access_token)
    return signed_in.pool, signed_in.user


def _of(call: Call, tx: Transaction, pool_id: str, username: str) -> tuple[Pool, User]:
    pool = access.require_pool(call, tx, pool_id)
    return pool, access.require_user(tx, pool, username)


_Silent = TypeVar("_Silent", idp.AdminGetDeviceRequest, idp.AdminListDevicesRequest)


def _of_whom_the_model_is_silent(call: Call, tx: Transaction, request: _Silent) -> tuple[Pool, User]:
    try:
        return _of(call, tx, request.user_pool_id, request.username)
    except errors.UserNotFound as refusal:
        # The models of these operations do not know this refusal.
        raise errors.ResourceNotFound(refusal.message) from None


def _status(asked: idp.DeviceRememberedStatusType | None) -> DeviceStatus:
    if asked is None:
        raise errors.InvalidParameter("Missing required parameter DeviceRememberedStatus")
    return _STATUSES[asked]


def _for_operators(call: Call, pool: Pool, user: User, device: Device) -> dict[str, str]:
    """The attributes of a device that only operators see."""
    owner = f"{user.username}.{pool.pool_id}"
    place = f"arn:aws:cognito-idp:{pool.region}:{call.house.account_id}"
    remembered = {status: word for word, status in _STATUSES.items()}[DeviceStatus(device.status)]
    return {
        "dev:device_arn": f"{place}:owner/{owner}/device/{device.device_key}",
        "dev:device_owner": owner,
        "dev:device_remembered_status": remembered,
        "dev:device_sdk": "aws-sdk",
    }


def _device_type(device: Device, more: dict[str, str]) -> idp.DeviceType:
    """A device with `more` attributes; what it lacks is left out."""
    own = {"device_status": "valid", "device_name": device.name, "last_ip_used": device.last_ip}
    present = {name: value for name, value in own.items() if value is not None}
    return idp.DeviceType(
        device_key=device.device_key,
        device_attributes=attribute_list(present | more),
        device_create_date=timestamp(device.created_at),
        device_last_modified_date=timestamp(device.modified_at),
        # Cognito tells this one in whole seconds.
        device_last_authenticated_date=float(device.last_signed_in_at // 1000),
    )
