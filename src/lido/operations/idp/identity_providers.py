"""Identity providers of a pool, and the accounts there that are its users."""

from typing import cast

from msgspec import structs

from lido import errors
from lido.call import Call
from lido.flows import access, identities, saml_certificates
from lido.flows import identity_providers as flow
from lido.flows.identities import Account
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages, size
from lido.shapes import idp
from lido.storage import identity_providers
from lido.storage.identity_providers import IdentityProvider


@operation
def create_identity_provider(
    call: Call, request: idp.CreateIdentityProviderRequest
) -> idp.CreateIdentityProviderResponse:
    """Raises ResourceNotFound, InvalidParameter, DuplicateProvider, LimitExceeded."""
    provider = flow.create(
        call,
        request.user_pool_id,
        request.provider_name,
        request.provider_type,
        request.provider_details,
        attribute_mapping=request.attribute_mapping,
        identifiers=request.idp_identifiers,
        acr_mapping=request.acr_mapping,
    )
    return idp.CreateIdentityProviderResponse(identity_provider=_described(call, provider))


@operation
def describe_identity_provider(
    call: Call, request: idp.DescribeIdentityProviderRequest
) -> idp.DescribeIdentityProviderResponse:
    """With its secrets, and with a list of identifiers where it has none, as on AWS. Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        provider = flow.require(tx, pool, request.provider_name)
    described = structs.replace(_described(call, provider), idp_identifiers=provider.settings.identifiers or [])
    return idp.DescribeIdentityProviderResponse(identity_provider=described)


@operation
def update_identity_provider(
    call: Call, request: idp.UpdateIdentityProviderRequest
) -> idp.UpdateIdentityProviderResponse:
    """Replaces each member that is sent as a whole; what is omitted stays.

    Raises ResourceNotFound, InvalidParameter, ConcurrentModification.
    """
    provider = flow.update(
        call,
        request.user_pool_id,
        request.provider_name,
        given=request.provider_details,
        attribute_mapping=request.attribute_mapping,
        identifiers=request.idp_identifiers,
        acr_mapping=request.acr_mapping,
    )
    return idp.UpdateIdentityProviderResponse(identity_provider=_described(call, provider))


@operation
def delete_identity_provider(call: Call, request: idp.DeleteIdentityProviderRequest) -> None:
    """App clients may go on naming it until they are next changed. Raises ResourceNotFound."""
    flow.delete(call, request.user_pool_id, request.provider_name)


@operation
def list_identity_providers(call: Call, request: idp.ListIdentityProvidersRequest) -> idp.ListIdentityProvidersResponse:
    """By name. Raises ResourceNotFound, InvalidParameter for a foreign token."""
    pages = Pages(call, "ListIdentityProviders", request.user_pool_id)
    most = size(request.max_results)
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        after = pages.after_text(request.next_token)
        found = identity_providers.page(tx, pool.pool_id, after=after, limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda provider: [provider.name])
    return idp.ListIdentityProvidersResponse(
        providers=[
            idp.ProviderDescription(
                provider_name=provider.name,
                provider_type=_kind(provider),
                last_modified_date=timestamp(provider.modified_at),
                creation_date=timestamp(provider.created_at),
            )
            for provider in shown
        ],
        next_token=next_token,
    )


@operation
def get_identity_provider_by_identifier(
    call: Call, request: idp.GetIdentityProviderByIdentifierRequest
) -> idp.GetIdentityProviderByIdentifierResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        provider = identity_providers.identified_by(tx, pool.pool_id, request.idp_identifier)
    if provider is None:
        raise flow.unknown(request.idp_identifier)
    return idp.GetIdentityProviderByIdentifierResponse(identity_provider=_described(call, provider))


@operation
def get_signing_certificate(call: Call, request: idp.GetSigningCertificateRequest) -> idp.GetSigningCertificateResponse:
    """The pool's, for SAML providers; the same one for ever after. Raises ResourceNotFound."""
    return idp.GetSigningCertificateResponse(certificate=saml_certificates.of_pool(call, request.user_pool_id))


@operation
def admin_link_provider_for_user(
    call: Call, request: idp.AdminLinkProviderForUserRequest
) -> idp.AdminLinkProviderForUserResponse:
    """Raises ResourceNotFound, UserNotFound, InvalidParameter, LimitExceeded."""
    destination = _account(request.destination_user, "DestinationUser")
    identities.link(call, request.user_pool_id, destination, _account(request.source_user, "SourceUser"))
    return idp.AdminLinkProviderForUserResponse()


@operation
def admin_disable_provider_for_user(
    call: Call, request: idp.AdminDisableProviderForUserRequest
) -> idp.AdminDisableProviderForUserResponse:
    """Raises ResourceNotFound, UserNotFound, InvalidParameter."""
    identities.disable(call, request.user_pool_id, _account(request.user, "User"))
    return idp.AdminDisableProviderForUserResponse()


def _account(given: idp.ProviderUserIdentifierType, member: str) -> Account:
    """The model requires nothing of it. A destination needs no attribute's name."""
    if not given.provider_name or not given.provider_attribute_value:
        raise errors.InvalidParameter(f"Invalid {member}: ProviderName and ProviderAttributeValue are required")
    return Account(given.provider_name, given.provider_attribute_name or "", given.provider_attribute_value)


def _described(call: Call, provider: IdentityProvider) -> idp.IdentityProviderType:
    settings = provider.settings
    return idp.IdentityProviderType(
        user_pool_id=provider.pool_id,
        provider_name=provider.name,
        provider_type=_kind(provider),
        provider_details=flow.shown_details(call, provider),
        attribute_mapping=settings.attribute_mapping,
        idp_identifiers=settings.identifiers,
        acr_mapping=settings.acr_mapping,
        last_modified_date=timestamp(provider.modified_at),
        creation_date=timestamp(provider.created_at),
    )


def _kind(provider: IdentityProvider) -> idp.IdentityProviderTypeType:
    return cast("idp.IdentityProviderTypeType", provider.kind)
