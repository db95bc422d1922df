"""Domains of user pools: at most one prefix and one custom domain each."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from lido import errors
from lido.call import Call
from lido.flows import access, certificates, events
from lido.flows.events import Fact, Kind
from lido.operations import operation
from lido.rules.domains import check_certificate_arn, check_custom, check_prefix
from lido.shapes import idp
from lido.storage import domains, pools
from lido.storage.database import Transaction
from lido.storage.domains import Domain, DomainSettings

CLASSIC, MANAGED = 1, 2


@operation
def create_user_pool_domain(call: Call, request: idp.CreateUserPoolDomainRequest) -> idp.CreateUserPoolDomainResponse:
    """Raises ResourceNotFound, InvalidParameter."""
    custom = request.custom_domain_config is not None
    if custom:
        check_custom(request.domain, call.house.public_url, call.house.domain_suffix)
    else:
        check_prefix(request.domain)
    settings = _settings(request, DomainSettings(managed_login_version=CLASSIC))
    config = settings.custom_domain_config
    domain = Domain(request.domain, request.user_pool_id, custom, settings, call.now, call.now)
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        if config is not None:
            certificates.check_for(call, tx, config.certificate_arn, request.domain)
        if any(each.custom == custom for each in domains.of_pool(tx, pool)):
            raise errors.InvalidParameter("User pool already has a domain configured.")
        if not domains.add(tx, domain):
            raise errors.InvalidParameter("Domain already associated with another user pool.")
        _tell(call, tx, domain, "domain_created", "CreateUserPoolDomain")
    return idp.CreateUserPoolDomainResponse(
        managed_login_version=settings.managed_login_version,
        cloud_front_domain=_alias_target(call, domain),
        routing=settings.routing,
    )


@operation
def describe_user_pool_domain(
    call: Call, request: idp.DescribeUserPoolDomainRequest
) -> idp.DescribeUserPoolDomainResponse:
    """Empty for a domain that nobody has in the caller's region."""
    with call.db.read() as tx:
        domain = domains.find(tx, request.domain)
        pool = pools.find(tx, domain.pool_id) if domain else None
    if domain is None or pool is None or pool.region != call.region:
        return idp.DescribeUserPoolDomainResponse(domain_description=idp.DomainDescriptionType())
    return idp.DescribeUserPoolDomainResponse(domain_description=_described(call, domain))


@operation
def update_user_pool_domain(call: Call, request: idp.UpdateUserPoolDomainRequest) -> idp.UpdateUserPoolDomainResponse:
    """Changes what is sent. Raises ResourceNotFound, InvalidParameter."""
    with call.db.write() as tx:
        access.lock_pool(call, tx, request.user_pool_id)
        domain = _require(tx, request.user_pool_id, request.domain)
        if request.custom_domain_config is not None and not domain.custom:
            raise errors.InvalidParameter("CustomDomainConfig cannot be set for a prefix domain.")
        settings = _settings(request, domain.settings)
        if request.custom_domain_config is not None:
            certificates.check_for(call, tx, request.custom_domain_config.certificate_arn, domain.domain)
        domains.set_settings(tx, domain, settings, call.now)
        _tell(call, tx, domain, "domain_changed", "UpdateUserPoolDomain")
    return idp.UpdateUserPoolDomainResponse(
        managed_login_version=settings.managed_login_version,
        cloud_front_domain=_alias_target(call, domain),
        routing=settings.routing,
    )


@operation
def delete_user_pool_domain(call: Call, request: idp.DeleteUserPoolDomainRequest) -> idp.DeleteUserPoolDomainResponse:
    """Whoever comes to it finds nothing from now on. Raises ResourceNotFound, InvalidParameter."""
    with call.db.write() as tx:
        access.lock_pool(call, tx, request.user_pool_id)
        domain = _require(tx, request.user_pool_id, request.domain)
        domains.remove(tx, domain.pool_id, domain.domain)
        _tell(call, tx, domain, "domain_deleted", "DeleteUserPoolDomain")
    return idp.DeleteUserPoolDomainResponse()


def _require(tx: Transaction, pool_id: str, name: str) -> Domain:
    domain = domains.find(tx, name)
    if domain is None or domain.pool_id != pool_id:
        raise errors.InvalidParameter("No such domain or user pool exists.")
    return domain


def _settings(
    request: idp.CreateUserPoolDomainRequest | idp.UpdateUserPoolDomainRequest, before: DomainSettings
) -> DomainSettings:
    version = before.managed_login_version if request.managed_login_version is None else request.managed_login_version
    if version not in (CLASSIC, MANAGED):
        raise errors.InvalidParameter("ManagedLoginVersion must be 1 or 2.")
    if request.custom_domain_config is not None:
        check_certificate_arn(request.custom_domain_config.certificate_arn)
    return DomainSettings(
        managed_login_version=version,
        custom_domain_config=request.custom_domain_config or before.custom_domain_config,
        routing=request.routing or before.routing,
    )


def _alias_target(call: Call, domain: Domain) -> str | None:
    """What the name of a custom domain should point to: where the installation itself is."""
    return urlsplit(call.house.public_url).hostname if domain.custom else None


def _described(call: Call, domain: Domain) -> idp.DomainDescriptionType:
    changed = datetime.fromtimestamp(domain.modified_at / 1000, UTC)
    return idp.DomainDescriptionType(
        user_pool_id=domain.pool_id,
        aws_account_id=call.house.account_id,
        domain=domain.domain,
        cloud_front_distribution=_alias_target(call, domain),
        version=changed.strftime("%Y%m%d%H%M%S"),
        status="ACTIVE",
        custom_domain_config=domain.settings.custom_domain_config,
        managed_login_version=domain.settings.managed_login_version,
        routing=domain.settings.routing,
    )


def _tell(call: Call, tx: Transaction, domain: Domain, kind: Kind, name: str) -> None:
    events.tell(call, tx, domain.pool_id, kind, fact=Fact(operation=name, names=[domain.domain]))
