"""Reading a connection: the body, within bounds, whose address it came from, and which host it was meant for."""

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any


async def read_body(
    scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[MutableMapping[str, Any]]], limit_bytes: int
) -> bytes | None:
    """The request's body; None when it is larger than `limit_bytes` (the rest is read and dropped).

    A client that goes away mid-body yields what came: its signature or its JSON will not fit. The listener cuts off
    who takes too long.
    """
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    too_large = declared.isdigit() and int(declared) > limit_bytes
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        too_large = too_large or size > limit_bytes
        if not too_large:
            parts.append(part)
        if not message.get("more_body", False) or size > 8 * limit_bytes:
            break
    return None if too_large else b"".join(parts)


def host_of(scope: MutableMapping[str, Any], trusted_proxies: tuple[str, ...]) -> str:
    """The host that the client asked for, with its port if it said one; '' where that is not clear.

    What a configured proxy forwards goes before what it asked for itself; of several the nearest proxy's.
    """
    forwarded = _forwarded(scope, b"x-forwarded-host", trusted_proxies)
    if forwarded:
        return forwarded
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return hosts[0].decode("latin-1") if len(hosts) == 1 else ""


def came_by_https(scope: MutableMapping[str, Any], trusted_proxies: tuple[str, ...]) -> bool:
    """Whether a configured proxy says that it ended TLS for the client."""
    return _forwarded(scope, b"x-forwarded-proto", trusted_proxies).lower() == "https"


def _forwarded(scope: MutableMapping[str, Any], header: bytes, trusted_proxies: tuple[str, ...]) -> str:
    client = scope.get("client")
    if not trusted_proxies or not client or not _trusted(str(client[0]), trusted_proxies):
        return ""
    values = [value for name, value in scope["headers"] if name == header]
    return values[-1].decode("latin-1").rpartition(",")[2].strip() if values else ""


def address_of(scope: MutableMapping[str, Any], trusted_proxies: tuple[str, ...]) -> str:
    """The client's address: the peer's, or behind a configured proxy the nearest forwarded one that is no proxy."""
    client = scope.get("client")
    peer = _plain(str(client[0])) if client else ""
    if not trusted_proxies or not _trusted(peer, trusted_proxies):
        return peer
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    chain: list[str] = [part.strip() for value in forwarded for part in value.decode("latin-1").split(",")]
    for hop in reversed(chain):
        if not _is_address(hop):
            return peer
        if not _trusted(hop, trusted_proxies):
            return _plain(hop)
    return peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _plain(address: str) -> str:
    """An IPv4 address as such, also where a socket of both families wrote it as one of IPv6 (RFC 4291 §2.5.5.2): else
    all of them would be one network of IPv6.
    """
    if ":" not in address:
        return address
    mapped = ip_address(address) if _is_address(address) else None
    return str(mapped.ipv4_mapped) if isinstance(mapped, IPv6Address) and mapped.ipv4_mapped else address


def _trusted(address: str, trusted_proxies: tuple[str, ...]) -> bool:
    address = _plain(address)
    return _is_address(address) and any(ip_address(address) in ip_network(network) for network in trusted_proxies)
