"""Passkeys of a signed-in user: registered in two steps, listed, deleted."""

from lido import errors
from lido.call import Call
from lido.flows import access, passkeys
from lido.flows.access import SignedInUser
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages
from lido.records import Passkey
from lido.shapes import idp
from lido.storage import passkeys as stored

_MOST = 20


@operation
def start_web_authn_registration(
    call: Call, request: idp.StartWebAuthnRegistrationRequest
) -> idp.StartWebAuthnRegistrationResponse:
    """Raises NotAuthorized, PasswordResetRequired, WebAuthnNotEnabled, WebAuthnConfigurationMissing, LimitExceeded."""
    options = passkeys.start_registration(call, _signed_in(call, request.access_token))
    return idp.StartWebAuthnRegistrationResponse(credential_creation_options=options)


@operation
def complete_web_authn_registration(
    call: Call, request: idp.CompleteWebAuthnRegistrationRequest
) -> idp.CompleteWebAuthnRegistrationResponse:
    """Raises NotAuthorized, PasswordResetRequired, InvalidParameter, LimitExceeded and the faults of WebAuthn."""
    passkeys.complete_registration(call, _signed_in(call, request.access_token), request.credential)
    return idp.CompleteWebAuthnRegistrationResponse()


@operation
def list_web_authn_credentials(
    call: Call, request: idp.ListWebAuthnCredentialsRequest
) -> idp.ListWebAuthnCredentialsResponse:
    """By credential id. Raises NotAuthorized, PasswordResetRequired, InvalidParameter for a foreign token."""
    user = _signed_in(call, request.access_token).user
    pages = Pages(call, "ListWebAuthnCredentials", user.pool_id, {"sub": user.sub})
    after, most = pages.after_text(request.next_token), request.max_results or _MOST
    with call.db.read() as tx:
        found = stored.page(tx, user.pool_id, user.sub, after=after, limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda passkey: [passkey.credential_id])
    return idp.ListWebAuthnCredentialsResponse(credentials=[_described(each) for each in shown], next_token=next_token)


@operation
def delete_web_authn_credential(
    call: Call, request: idp.DeleteWebAuthnCredentialRequest
) -> idp.DeleteWebAuthnCredentialResponse:
    """The session goes on. Raises NotAuthorized, PasswordResetRequired, ResourceNotFound."""
    passkeys.remove(call, _signed_in(call, request.access_token), request.credential_id)
    return idp.DeleteWebAuthnCredentialResponse()


def _signed_in(call: Call, access_token: str) -> SignedInUser:
    """Whose access token this is; the models of passkeys know neither UserNotFound nor UserNotConfirmed."""
    try:
        return access.signed_in_user(call, access_token)
    except (errors.UserNotFound, errors.UserNotConfirmed) as fault:
        raise errors.NotAuthorized(fault.message) from None


def _described(passkey: Passkey) -> idp.WebAuthnCredentialDescription:
    return idp.WebAuthnCredentialDescription(
        credential_id=passkey.credential_id,
        friendly_credential_name=passkey.name or "Passkey",
        relying_party_id=passkey.rp_id,
        authenticator_transports=passkeys.transports(passkey),
        created_at=timestamp(passkey.created_at),
        authenticator_attachment=passkey.attachment,
    )
