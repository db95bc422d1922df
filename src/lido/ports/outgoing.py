"""The way out for addresses that others chose: HTTP to public destinations, bounded in time and size.

A name is resolved once for each connection, all its addresses are looked at, and the connection goes to one of those
very addresses, so that a name which changes its mind leads nowhere else. Redirects are not followed, proxies
not asked, and clear-text HTTP goes to nobody but private destinations that the operator allowed.
"""

import ipaddress
import os
import queue
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from lido import silence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
ANYWHERE = ("0.0.0.0/0", "::/0")
"""Every private destination: for addresses that are the operator's own settings."""

_CHUNK_BYTES = 64 * 1024
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What ipaddress takes for global although it is not, or is a way to some IPv4 address that nobody looks at.
_NEVER_GLOBAL = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001::/23", "fec0::/10")
)


class Refused(Exception):
    """The destination is not allowed."""


class Unreachable(Exception):
    """Nobody answered, or not in HTTP; the message names the kind of trouble."""


class TooSlow(Exception):
    """The answer was not complete in time."""


class TooLarge(Exception):
    """The answer has more bytes than asked for."""


TROUBLE = (Refused, Unreachable, TooSlow, TooLarge)
"""Everything that may keep an answer from coming."""


class Answer(NamedTuple):
    """Status, headers with lower-case names, and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Outgoing:
    """A client that keeps connections. `private_destinations` are networks (CIDR) that it may reach although they are
    not public; `authority` is a file of certificates to trust instead of the system's. Safe to share between threads.
    """

    def __init__(self, private_destinations: Sequence[str] = (), *, authority: str | None = None) -> None:
        self._destinations = _Destinations(private_destinations)
        self._pools = urllib3.PoolManager(ca_certs=authority, maxsize=8)
        self._pools.pool_classes_by_scheme = {"http": _ClearPool, "https": _SecurePool}

    def post(
        self,
        url: str,
        body: bytes,
        headers: dict[str, str],
        *,
        seconds: float,
        limit_bytes: int,
        method: Literal["GET", "POST", "PUT"] = "POST",
    ) -> Answer:
        """Post (or put, or get) once, waiting `seconds` for all of the answer.

        Raises Refused, Unreachable, TooSlow, TooLarge; RuntimeError while a transaction is open.
        """
        silence.refuse_if_open("Posting to an address")
        check(url)
        with _exchange(self._destinations, seconds) as exchange:
            try:
                answer = self._post(method, url, body, headers, seconds, limit_bytes)
            except (HTTPError, OSError, ValueError) as trouble:
                if exchange.is_over or isinstance(trouble, TimeoutError | urllib3.exceptions.TimeoutError):
                    raise TooSlow from None
                raise Unreachable(type(trouble).__name__) from None
            if exchange.is_over:  # a body without a length may have ended by our own doing
                raise TooSlow
            return answer

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def _post(
        self, method: str, url: str, body: bytes, headers: dict[str, str], seconds: float, limit_bytes: int
    ) -> Answer:
        response = self._pools.request(
            method,
            url,
            body=body,
            headers={"accept-encoding": "identity", **headers},
            timeout=seconds,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            content = bytearray()
            for chunk in response.stream(_CHUNK_BYTES, decode_content=False):
                content += chunk
                if len(content) > limit_bytes:
                    response.close()
                    raise TooLarge
            return Answer(
                response.status, {name.lower(): value for name, value in response.headers.items()}, bytes(content)
            )
        finally:
            response.release_conn()


def check(url: str) -> None:
    """Raise Refused for what is no plain http(s) address: other schemes, a user name, no host, an odd port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("it is not an address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or "@" in parts.netloc:
        raise Refused("it must be https://host/path")
    if not url.isascii() or any(character <= " " or character == "\\" for character in url):
        raise Refused("it holds a character that no address has")


class _Destinations:
    """Which addresses may be connected to."""

    def __init__(self, private: Sequence[str]) -> None:
        self._private = tuple(ipaddress.ip_network(network, strict=False) for network in private)

    def resolve(self, host: str, port: int, seconds: float, *, in_clear: bool) -> list[str]:
        """The addresses of a host. Raises Refused when one of them is not allowed, OSError when there is none."""
        addresses = _addresses(host.strip("[]"), port, seconds)
        for address in addresses:
            if not self._allows(ipaddress.ip_address(address), in_clear=in_clear):
                raise Refused("the destination is private")
        return addresses

    def _allows(self, address: Address, *, in_clear: bool) -> bool:
        reached = _embedded(address) or address
        if any(reached in network for network in self._private):
            return True
        return _is_public(reached) and not in_clear


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """What a name resolves to. Raises OSError, TimeoutError too: nothing else ends a resolver that waits."""
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError("no name"))
        else:
            answers.put(list(dict.fromkeys(str(row[4][0]) for row in found)))

    threading.Thread(target=ask, name=f"resolving {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved)
        and not any(address in network for network in _NEVER_GLOBAL)
    )


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, compatible, 6to4 or NAT64 (RFC 4291, 3056, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return low
    return address.ipv4_mapped or address.sixtofour


def _connect(connection: HTTPConnection, *, in_clear: bool) -> socket.socket:
    """A socket to the host of `connection`, as this thread's exchange allows it."""
    exchange = _current.exchange
    if exchange is None:
        raise Refused("nobody asked for it")
    trouble: OSError = OSError("no address")
    for address in exchange.destinations.resolve(connection.host, connection.port, exchange.seconds, in_clear=in_clear):
        try:
            reached = socket.create_connection((address, connection.port), exchange.seconds)
        except OSError as error:
            trouble = error
            continue
        reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.watch(reached)
        return reached
    raise trouble


class _ClearConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, in_clear=True)

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        _watch(self.sock)
        super().putrequest(*arguments, **options)


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, in_clear=False)

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        _watch(self.sock)
        super().putrequest(*arguments, **options)


class _ClearPool(HTTPConnectionPool):
    ConnectionCls = _ClearConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Exchange:
    """One request and its answer: where it may go, and the end of its connections when its time is over."""

    def __init__(self, destinations: _Destinations, seconds: float) -> None:
        self.destinations = destinations
        self.seconds = seconds
        self.is_over = False
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []

    def watch(self, connection: socket.socket) -> None:
        """End this connection too, whatever it waits for: TLS, a header, a body that never ends."""
        # A duplicate, since the socket itself gives way to another when TLS begins.
        twin = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._watched.append(twin)
            if self.is_over:
                _shut(twin)

    def end(self) -> None:
        with self._lock:
            self.is_over = True
            for twin in self._watched:
                _shut(twin)

    def release(self) -> None:
        with self._lock:
            for twin in self._watched:
                twin.close()
            self._watched = []


class _Current(threading.local):
    exchange: _Exchange | None = None


_current = _Current()


@contextmanager
def _exchange(destinations: _Destinations, seconds: float) -> Iterator[_Exchange]:
    exchange = _current.exchange = _Exchange(destinations, seconds)
    timer = threading.Timer(seconds, exchange.end)
    timer.daemon = True
    timer.start()
    try:
        yield exchange
    finally:
        _current.exchange = None
        timer.cancel()
        exchange.release()


def _watch(connection: socket.socket | None) -> None:
    """A kept connection is used again: it obeys the exchange that uses it now."""
    if _current.exchange is not None and connection is not None:
        _current.exchange.watch(connection)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)
