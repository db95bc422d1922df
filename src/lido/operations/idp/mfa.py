"""Second factors of users: authenticator apps, preferences, and what somebody can prove with."""

from collections.abc import Iterable

from lido import errors
from lido.call import Call
from lido.flows import access, factors, totp
from lido.operations import operation
from lido.records import Factor
from lido.rules import mfa_preferences
from lido.rules.mfa_preferences import Wish
from lido.shapes import idp


@operation
def associate_software_token(
    call: Call, request: idp.AssociateSoftwareTokenRequest
) -> idp.AssociateSoftwareTokenResponse:
    """Raises InvalidParameter, NotAuthorized, SoftwareTokenMFANotFound."""
    token, session = _token_or_session(request)
    if session:
        secret_code, further = totp.associate_in_session(call, session)
        return idp.AssociateSoftwareTokenResponse(secret_code=secret_code, session=further)
    return idp.AssociateSoftwareTokenResponse(secret_code=totp.associate(call, token))


@operation
def verify_software_token(call: Call, request: idp.VerifySoftwareTokenRequest) -> idp.VerifySoftwareTokenResponse:
    """A wrong code is EnableSoftwareTokenMFA by token, CodeMismatch by session.

    Raises those, InvalidParameter, NotAuthorized, SoftwareTokenMFANotFound and the refusals of states.
    """
    token, session = _token_or_session(request)
    code, name = request.user_code, request.friendly_device_name
    if session:
        further = totp.verify_in_session(call, session, code, name)
        return idp.VerifySoftwareTokenResponse(status="SUCCESS", session=further)
    totp.verify(call, token, code, name)
    return idp.VerifySoftwareTokenResponse(status="SUCCESS")


def _token_or_session(request: idp.AssociateSoftwareTokenRequest | idp.VerifySoftwareTokenRequest) -> tuple[str, str]:
    """Access token and session, one of which is empty. Raises InvalidParameter for both or neither."""
    token, session = request.access_token or "", request.session or ""
    if bool(token) == bool(session):
        raise errors.InvalidParameter("Exactly one of AccessToken and Session must be given.")
    return token, session


@operation
def admin_delete_software_token(
    call: Call, request: idp.AdminDeleteSoftwareTokenRequest
) -> idp.AdminDeleteSoftwareTokenResponse:
    """Raises ResourceNotFound, UserNotFound, UserNotConfirmed."""
    totp.remove(call, request.user_pool_id, request.username)
    return idp.AdminDeleteSoftwareTokenResponse()


@operation
def set_user_mfa_preference(call: Call, request: idp.SetUserMFAPreferenceRequest) -> idp.SetUserMFAPreferenceResponse:
    """Raises InvalidParameter, NotAuthorized and the refusals of states."""
    signed_in = access.signed_in_user(call, request.access_token)
    factors.prefer_own(call, signed_in, _wishes(request), "SetUserMFAPreference")
    return idp.SetUserMFAPreferenceResponse()


@operation
def admin_set_user_mfa_preference(
    call: Call, request: idp.AdminSetUserMFAPreferenceRequest
) -> idp.AdminSetUserMFAPreferenceResponse:
    """Raises ResourceNotFound, UserNotFound, InvalidParameter."""
    wishes = _wishes(request)
    factors.prefer_for(call, request.user_pool_id, request.username, wishes, "AdminSetUserMFAPreference")
    return idp.AdminSetUserMFAPreferenceResponse()


def _wishes(request: idp.SetUserMFAPreferenceRequest | idp.AdminSetUserMFAPreferenceRequest) -> dict[Factor, Wish]:
    blocks = {
        Factor.SMS: request.sms_mfa_settings,
        Factor.TOTP: request.software_token_mfa_settings,
        Factor.EMAIL: request.email_mfa_settings,
    }
    wishes = {factor: Wish(block.enabled, block.preferred_mfa) for factor, block in blocks.items() if block is not None}
    if request.web_authn_mfa_settings is not None:
        wishes[Factor.PASSKEY_MFA] = Wish(request.web_authn_mfa_settings.enabled)
    return wishes


@operation
def set_user_settings(call: Call, request: idp.SetUserSettingsRequest) -> idp.SetUserSettingsResponse:
    """Raises InvalidParameter, NotAuthorized and the refusals of states."""
    signed_in = access.signed_in_user(call, request.access_token)
    factors.prefer_own(call, signed_in, _sms(request.mfa_options), "SetUserSettings")
    return idp.SetUserSettingsResponse()


@operation
def admin_set_user_settings(call: Call, request: idp.AdminSetUserSettingsRequest) -> idp.AdminSetUserSettingsResponse:
    """Raises ResourceNotFound, UserNotFound, InvalidParameter."""
    wishes = _sms(request.mfa_options)
    factors.prefer_for(call, request.user_pool_id, request.username, wishes, "AdminSetUserSettings")
    return idp.AdminSetUserSettingsResponse()


def _sms(given: Iterable[idp.MFAOptionType]) -> dict[Factor, Wish]:
    """The legacy way to say SMS: on where it is named, off where the list is empty. Raises InvalidParameter."""
    named = {(option.delivery_medium, option.attribute_name) for option in given}
    if named - {("SMS", "phone_number")}:
        raise errors.InvalidParameter("Invalid MFA options given, only SMS to phone_number is supported.")
    return {Factor.SMS: Wish(enabled=bool(named))}


@operation
def get_user_auth_factors(call: Call, request: idp.GetUserAuthFactorsRequest) -> idp.GetUserAuthFactorsResponse:
    """Raises NotAuthorized and the refusals of states."""
    found = access.signed_in_user(call, request.access_token)
    shown = factors.described(found.user)
    return idp.GetUserAuthFactorsResponse(
        username=found.user.username,
        preferred_mfa_setting=shown.preferred,
        user_mfa_setting_list=shown.switched_on,
        configured_user_auth_factors=mfa_preferences.configured(found.pool, found.user) or None,
    )


@operation
def admin_get_user_auth_factors(
    call: Call, request: idp.AdminGetUserAuthFactorsRequest
) -> idp.AdminGetUserAuthFactorsResponse:
    """Raises ResourceNotFound, UserNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        user = access.require_user(tx, pool, request.username)
    shown = factors.described(user)
    return idp.AdminGetUserAuthFactorsResponse(
        username=user.username,
        preferred_mfa_setting=shown.preferred,
        user_mfa_setting_list=shown.switched_on,
        configured_user_auth_factors=mfa_preferences.configured(pool, user) or None,
    )
