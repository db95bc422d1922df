"""Who stands behind an address, as far as counting goes."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_NETWORK_BITS = {4: 24, 6: 48}


def subscriber(address: str) -> str:
    """The address itself; of version 6 its network of 64 bits, for who has one has billions. `nowhere` for none."""
    try:
        whole = ip_address(address)
    except ValueError:
        return "nowhere"
    return str(ip_network((whole, 64), strict=False)) if whole.version == 6 else address


@lru_cache(maxsize=4_096)
def site(address: str) -> str:
    """The network of 24 bits, of version 6 of 48: what is handed out to one organisation at least.

    '' for none, and for the machine itself.
    """
    try:
        whole = ip_address(address)
    except ValueError:
        return ""
    if isinstance(whole, IPv6Address) and whole.ipv4_mapped:
        whole = whole.ipv4_mapped
    return "" if whole.is_loopback else str(ip_network((whole, _NETWORK_BITS[whole.version]), strict=False))
