"""Names of hosts: how they are compared, which domain of a pool they mean, and the address that is made of one."""

import re
from urllib.parse import urlsplit

_LONGEST = 253
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*", re.ASCII)
_HOST = re.compile(r"([^:\[\]@/\\?#\s]{1,254})(?::[0-9]{1,5})?", re.ASCII)


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
