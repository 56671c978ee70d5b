"""What is believed of where requests come from: the log, limits, metrics and pages all ask here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip")
"""The headers in which proxies say whom they ask for. Of a request's, the first counts."""

_WITH_PORT = re.compile(r"(?:\[([^\[\]]+)\]|([\d.]+))(?::(?:\d*|_[\w.-]+))?", re.ASCII)
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)
_MAPPED, _COMPATIBLE = IPv6Network("::ffff:0:0/96"), IPv6Network("::/96")
"""Where IPv4 stands inside IPv6: as on a socket that serves both, and as it was written once."""
_FIRST_COMPATIBLE = 2**24
"""Below are `::`, `::1` and what no host has."""


def address_of(text: str) -> Address | None:
    """The address that a text names, None when it names none.

    IPv4 inside IPv6 is IPv4. What proxies write around an address does not count: quotes, brackets, a port,
    and the zone of a link-local one.
    """
    bare = text.strip().strip('"')
    if found := _WITH_PORT.fullmatch(bare):
        bare = found[1] or found[2]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return address if isinstance(address, IPv4Address) else _plain(IPv6Network(address)).network_address


def networks_of(texts: Iterable[str]) -> list[Network]:
    """The networks (or single addresses) of these texts. Raises ValueError."""
    return [_plain(ip_network(text, strict=False)) for text in texts]


def _plain(network: Network) -> Network:
    """The network, as IPv4 where it lies in what IPv6 keeps, or kept, for that."""
    if isinstance(network, IPv4Network) or int(network.network_address) < _FIRST_COMPATIBLE:
        return network
    if not (network.subnet_of(_MAPPED) or network.subnet_of(_COMPATIBLE)):
        return network
    return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))


class ClientAddress:
    """Whom requests come from. What a request says of that counts only when a trusted proxy sent it, and only
    up to the first stranger."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted = networks_of(trusted_proxies)

    def of(self, scope: Scope) -> str:
        """The nearest address that is not one of our own proxies; `unknown` where there is none."""
        address, forwarded = peer_of(scope), None
        while self._trusts(address):
            forwarded = _forwarded(scope) if forwarded is None else forwarded
            if not (forwarded and (claimed := address_of(forwarded.pop()))):
                break
            address = claimed
        return str(address or "unknown")

    def scheme_of(self, scope: Scope) -> str:
        """What the client speaks, `http` or `https`: with the proxy, where a trusted one says so."""
        if self._trusts(peer_of(scope)):
            said = (value for name, value in scope["headers"] if name == b"x-forwarded-proto")
            claimed = next(said, b"").decode("latin-1").partition(",")[0].strip().lower()
            if claimed in ("http", "https"):
                return claimed
        return str(scope["scheme"])

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _forwarded(scope: Scope) -> list[str]:
    """Whom proxies say that they ask for, the nearest last."""
    for header in FORWARDING:
        sent = b",".join(value for name, value in scope["headers"] if name == header.encode())
        if sent:  # cut at each comma: what a client sent cannot hide in quotes what a proxy added
            parts = sent.decode("latin-1").split(",")
            return parts if header != "forwarded" else [_for(part) for part in parts]
    return []


def _for(element: str) -> str:
    """Whom an element of `Forwarded` names: `for="[2001:db8::9]:4711";proto=https`."""
    found = _FOR.search(element)
    return found[1] if found else ""


def peer_of(scope: Scope) -> Address | None:
    """The address at the other end of the connection, a proxy's too."""
    client = scope.get("client")
    return _of_peer(client[0]) if client else None


@lru_cache(maxsize=1024)
def _of_peer(text: str) -> Address | None:
    """The address of a socket: clients ask more than once, and each request is asked about a few times."""
    return address_of(text)
