"""Addresses of clients, compared as addresses: the log, limits and metrics all ask here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d*)?|([\d.]+):\d*", re.ASCII)
_MAPPED = IPv6Network("::ffff:0:0/96")
"""Where IPv4 stands inside IPv6, as on a socket that serves both."""


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
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def networks_of(texts: Iterable[str]) -> list[Network]:
    """The networks (or single addresses) of these texts. Raises ValueError."""
    return [_plain(ip_network(text, strict=False)) for text in texts]


def _plain(network: Network) -> Network:
    """The network, as IPv4 where it lies in what IPv6 keeps for that."""
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


class ClientAddress:
    """Whom requests come from. `X-Forwarded-For` counts only when a trusted proxy sent it, and only up to the
    first stranger."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted = networks_of(trusted_proxies)

    def of(self, scope: Scope) -> str:
        """The nearest address that is not one of our own proxies; `unknown` where there is none."""
        address = peer_of(scope)
        sent = (value for name, value in scope["headers"] if name == b"x-forwarded-for")
        forwarded = b",".join(sent).decode("latin-1").split(",")
        while address and forwarded and any(address in network for network in self._trusted):
            if not (claimed := address_of(forwarded.pop())):
                break
            address = claimed
        return str(address or "unknown")


def peer_of(scope: Scope) -> Address | None:
    """The address at the other end of the connection, a proxy's too."""
    client = scope.get("client")
    return address_of(client[0]) if client else None
