"""Configuring identity providers: what a request says, completed by what the provider publishes about itself."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, saml_certificates
from lido.flows.events import Fact, Kind, tell
from lido.ports.documents import Unobtainable
from lido.records import Pool
from lido.rules import identity_providers as rules
from lido.rules import saml_metadata, schema
from lido.rules.identity_providers import Details
from lido.storage import identity_providers
from lido.storage.database import Transaction
from lido.storage.identity_providers import IdentityProvider, ProviderSettings

MOST_PROVIDERS = 300
PURPOSE = "identity provider"

_ENCRYPTION_KEY = "encryption_key"
"""What is sealed beside the secrets of ProviderDetails: the private key of ActiveEncryptionCertificate."""
_LONGEST_DOCUMENT = 256 * 1024


def require(tx: Transaction, pool: Pool, name: str) -> IdentityProvider:
    """The provider of that pool and name. Raises ResourceNotFound."""
    found = identity_providers.find(tx, pool.pool_id, name)
    if found is None:
        raise unknown(name)
    return found


def unknown(name: str) -> errors.Fault:
    """The refusal of a name or identifier that leads to no provider."""
    return errors.ResourceNotFound(f"Identity provider {name} does not exist.")


def create(
    call: Call,
    pool_id: str,
    name: str,
    kind: str,
    given: Mapping[str, str],
    *,
    attribute_mapping: Mapping[str, str] | None,
    identifiers: list[str] | None,
    acr_mapping: dict[str, str] | None,
) -> IdentityProvider:
    """A new provider, after a look at what it publishes.

    Raises ResourceNotFound, InvalidParameter, DuplicateProvider, LimitExceeded.
    """
    rules.check_name(name, kind)
    details = rules.details(kind, given)
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        _refuse_taken(tx, pool, name)
    settings, secrets = _completed(
        call,
        pool,
        name,
        kind,
        details,
        ProviderSettings(
            details={},
            attribute_mapping=_mapping(pool, kind, attribute_mapping),
            identifiers=rules.identifiers(identifiers),
            acr_mapping=rules.levels(kind, acr_mapping),
        ),
        {},
    )
    sealed = _sealed(call, pool_id, name, secrets)
    provider = IdentityProvider(pool_id, name, kind, settings, sealed, 1, call.now, call.now)
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, pool_id)
        if identity_providers.count(tx, pool_id) >= MOST_PROVIDERS:
            raise errors.LimitExceeded(f"A user pool cannot have more than {MOST_PROVIDERS} identity providers.")
        _refuse_taken(tx, pool, name)
        identity_providers.add(tx, provider)
        if not identity_providers.set_identifiers(tx, provider):
            raise errors.DuplicateProvider(_TAKEN)
        _tell(call, tx, provider, "provider_created", "CreateIdentityProvider")
    return provider


def update(
    call: Call,
    pool_id: str,
    name: str,
    *,
    given: Mapping[str, str] | None,
    attribute_mapping: Mapping[str, str] | None,
    identifiers: list[str] | None,
    acr_mapping: dict[str, str] | None,
) -> IdentityProvider:
    """The provider with what is given replaced, each member as a whole; None leaves a member as it is.

    Raises ResourceNotFound, InvalidParameter, ConcurrentModification.
    """
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        seen = require(tx, pool, name)
    settings, secrets = seen.settings, opened(call, seen)
    if attribute_mapping is not None:
        settings = replace(settings, attribute_mapping=_mapping(pool, seen.kind, attribute_mapping))
    if identifiers is not None:
        settings = replace(settings, identifiers=rules.identifiers(identifiers))
    if acr_mapping is not None:
        settings = replace(settings, acr_mapping=rules.levels(seen.kind, acr_mapping))
    if given is not None:
        details = rules.details(seen.kind, given)
        settings, secrets = _completed(call, pool, name, seen.kind, details, settings, secrets)
    changed = replace(seen, settings=settings, secrets=_sealed(call, pool_id, name, secrets))
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, pool_id)
        if not identity_providers.replace(tx, changed, call.now):
            require(tx, pool, name)
            raise errors.ConcurrentModification
        if identifiers is not None and not identity_providers.set_identifiers(tx, changed):
            raise errors.InvalidParameter(_TAKEN)
        _tell(call, tx, changed, "provider_changed", "UpdateIdentityProvider")
        return require(tx, pool, name)


def delete(call: Call, pool_id: str, name: str) -> None:
    """Nobody signs in there from now on; users, links and the lists of app clients stay. Raises ResourceNotFound."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, pool_id)
        provider = require(tx, pool, name)
        identity_providers.remove(tx, pool_id, name)
        _tell(call, tx, provider, "provider_deleted", "DeleteIdentityProvider")


def opened(call: Call, provider: IdentityProvider) -> dict[str, str]:
    """What is sealed of the provider."""
    content = call.keys.open(PURPOSE, provider.secrets, provider.pool_id, provider.name)
    return msgspec.json.decode(content, type=dict[str, str])


def shown_details(call: Call, provider: IdentityProvider) -> dict[str, str]:
    """ProviderDetails as Cognito describes them: with the secrets, which it does not hide."""
    secrets = {name: value for name, value in opened(call, provider).items() if name in rules.SECRETS}
    return dict(sorted((provider.settings.details | secrets).items()))


_TAKEN = "An identity provider identifier is already in use in this user pool."


def _refuse_taken(tx: Transaction, pool: Pool, name: str) -> None:
    if identity_providers.find(tx, pool.pool_id, name) is not None:
        raise errors.DuplicateProvider(f"{name} already exists in user pool {pool.pool_id}")


def _mapping(pool: Pool, kind: str, given: Mapping[str, str] | None) -> dict[str, str] | None:
    return rules.mapping(kind, given, schema.by_name(pool.settings.shape.schema_attributes))


def _sealed(call: Call, pool_id: str, name: str, secrets: dict[str, str]) -> bytes:
    return call.keys.seal(PURPOSE, msgspec.json.encode(secrets), pool_id, name)


def _completed(
    call: Call,
    pool: Pool,
    name: str,
    kind: str,
    details: Details,
    settings: ProviderSettings,
    former: dict[str, str],
) -> tuple[ProviderSettings, dict[str, str]]:
    """Settings with these details and all that follows from them, and what is to be sealed."""
    if kind == "SAML":
        return _with_metadata(call, pool, name, details, settings, former)
    public = details.public
    if kind == "OIDC" and rules.needs_discovery(public):
        _discover(call, public["oidc_issuer"])
    return replace(settings, details=public, issuer=public.get("oidc_issuer")), details.secret


def _discover(call: Call, issuer: str) -> None:
    """Look whether the issuer's discovery document is there, and its own."""
    url = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
    try:
        found = call.documents.fetch(url, accept="application/json", limit_bytes=_LONGEST_DOCUMENT)
        document = msgspec.json.decode(found)
    except (Unobtainable, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise errors.InvalidParameter(f"Unable to contact well-known endpoint {url}") from None
    if not rules.check_discovery(issuer, document):
        raise errors.InvalidParameter(f"The document at the well-known endpoint {url} is not that of the issuer")


def _with_metadata(
    call: Call, pool: Pool, name: str, details: Details, settings: ProviderSettings, former: dict[str, str]
) -> tuple[ProviderSettings, dict[str, str]]:
    public = details.public
    try:
        text = public.get("MetadataFile") or _metadata_at(call, public["MetadataURL"])
        metadata = saml_metadata.read(text, call.now)
    except saml_metadata.Invalid as invalid:
        raise errors.InvalidParameter(f"Invalid SAML metadata: {invalid}") from None
    key, certificate = former.get(_ENCRYPTION_KEY), settings.details.get("ActiveEncryptionCertificate")
    if key is None or certificate is None:
        made = saml_certificates.make(call, f"{pool.pool_id} {name}")
        key, certificate = made.private_key.hex(), made.certificate
    derived = {"ActiveEncryptionCertificate": certificate, "SSORedirectBindingURI": metadata.sso_url}
    if metadata.slo_url:
        derived["SLORedirectBindingURI"] = metadata.slo_url
    return replace(settings, details=public | derived, issuer=metadata.entity_id), {_ENCRYPTION_KEY: key}


def _metadata_at(call: Call, url: str) -> str:
    try:
        accept = "application/samlmetadata+xml, application/xml, text/xml"
        found = call.documents.fetch(url, accept=accept, limit_bytes=saml_metadata.LONGEST)
        return found.decode()
    except (Unobtainable, UnicodeDecodeError):
        raise errors.InvalidParameter(f"Error retrieving metadata from {url}") from None


def _tell(call: Call, tx: Transaction, provider: IdentityProvider, kind: Kind, operation: str) -> None:
    tell(call, tx, provider.pool_id, kind, fact=Fact(operation=operation, names=[provider.name]))
