"""Names of hosts: which a pool may have, how they are compared, and the address that is made of one."""

import re
from urllib.parse import urlsplit

from lido import errors

NO_CERTIFICATE = (
    "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, "
    "or doesn't include a valid certificate chain."
)
_LONGEST = 253
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*", re.ASCII)
_HOST = re.compile(r"([^:\[\]@/\\?#\s]{1,254})(?::[0-9]{1,5})?", re.ASCII)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PREFIX = re.compile(_LABEL, re.ASCII)
_CUSTOM = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]", re.ASCII)
_RESERVED = ("aws", "amazon", "cognito")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}", re.ASCII)


def check_prefix(domain: str) -> None:
    """Refuse what cannot be a prefix domain. Raises InvalidParameter."""
    if not _PREFIX.fullmatch(domain):
        raise errors.InvalidParameter(
            "The domain name contains an invalid character. "
            "Domain names can only contain lower-case letters, numbers, and hyphens."
        )
    for word in _RESERVED:
        if word in domain:
            raise errors.InvalidParameter(f"Domain cannot contain reserved word: {word}")


def check_custom(domain: str, public_url: str, suffix: str) -> None:
    """Refuse what cannot be a custom domain: no whole name, or one that is not the pool's to take.

    A pool that had the installation's own name, or one under the suffix, would answer for others. Raises
    InvalidParameter.
    """
    if not _CUSTOM.fullmatch(domain):
        raise errors.InvalidParameter("Custom domain is not a valid subdomain")
    if domain in (urlsplit(public_url).hostname, suffix) or (suffix and domain.endswith(f".{suffix}")):
        raise errors.InvalidParameter(
            "One or more of the CNAMEs that you provided are already associated with a different resource"
        )


def check_certificate_arn(arn: str) -> None:
    """Refuse what is no ARN of a certificate. Raises InvalidParameter."""
    if not _CERTIFICATE.fullmatch(arn):
        raise errors.InvalidParameter(NO_CERTIFICATE)


def host_name(host: str) -> str | None:
    """The name in a Host header, lower-case, without port and final dot; None for an address in brackets or rubbish."""
    match = _HOST.fullmatch(host)
    name = match[1].lower().removesuffix(".") if match else ""
    return name if len(name) <= _LONGEST and _NAME.fullmatch(name) else None


def domain_at(name: str, suffix: str) -> str | None:
    """What a pool calls the domain that answers at a host: a prefix under the suffix, elsewhere the name itself.

    None where no pool can be: at names without a dot, at the suffix and below a prefix. `suffix` is '' for none.
    """
    if suffix and name.endswith(f".{suffix}"):
        prefix = name.removesuffix(f".{suffix}")
        return None if "." in prefix else prefix
    return name if "." in name and name != suffix else None


def host_of(domain: str, suffix: str) -> str | None:
    """The host at which a pool's domain answers; None for a prefix where there is no suffix."""
    if "." in domain:
        return domain
    return f"{domain}.{suffix}" if suffix else None


def address(public_url: str, host: str, *, https: bool = False) -> str:
    """Where clients reach a host: with the scheme and the port of the installation's own address.

    `https` when a trusted proxy says that it ended TLS for an installation that itself has none.
    """
    public = urlsplit(public_url)
    if https and public.scheme == "http":
        return f"https://{host}"
    port = "" if public.port is None else f":{public.port}"
    return f"{public.scheme}://{host}{port}"
