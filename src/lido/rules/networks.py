"""Who stands behind an address, as far as counting goes."""

from ipaddress import ip_address, ip_network


def subscriber(address: str) -> str:
    """The address itself; of version 6 its network of 64 bits, for who has one has billions. `nowhere` for none."""
    try:
        whole = ip_address(address)
    except ValueError:
        return "nowhere"
    return str(ip_network((whole, 64), strict=False)) if whole.version == 6 else address
