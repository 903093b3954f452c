"""Whose address a request came from, behind proxies. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sidecar.errors import Misconfigured
from sidecar.i18n import _

Network = IPv4Network | IPv6Network
_KEPT_BITS = {4: 24, 6: 48}


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """`log.trusted_proxies` as networks; raises Misconfigured."""
    try:
        return tuple(ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise Misconfigured(_("log.trusted_proxies: {reason}").format(reason=error)) from error


def real_ip(remote: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The visitor's address: `remote`, or, when that is a trusted proxy, the last address in X-Forwarded-For (`forwarded`)
    that is not one. What is no address gives ''.

    >>> proxies = parse_networks(["10.0.0.0/8"])
    >>> real_ip("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.2.2.2", proxies)
    '198.51.100.7'
    >>> real_ip("203.0.113.9", "1.2.3.4", proxies)
    '203.0.113.9'
    """
    chain = [*[part.strip() for part in forwarded.split(",") if part.strip()][-20:], remote]
    for text in reversed(chain):
        address = _address(text)
        if address is None:
            return ""
        if not is_among(address, trusted):
            return address
    return _address(chain[0]) or ""


def is_among(text: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    address = _address(text)
    return address is not None and any(ip_address(address) in network for network in networks)


def shortened(text: str) -> str:
    """The network that an address lies in: of IPv4 the /24, of IPv6 the /48. What is no address gives ''.

    >>> shortened("203.0.113.9"), shortened("2001:db8:1:2::5"), shortened("")
    ('203.0.113.0', '2001:db8:1::', '')
    """
    address = _address(text)
    if address is None:
        return ""
    length = _KEPT_BITS[ip_address(address).version]
    return str(ip_network(f"{address}/{length}", strict=False).network_address)


def last_hop(forwarded: str) -> str:
    """The address that the nearest proxy has added to X-Forwarded-For; '' for none.

    >>> last_hop("1.2.3.4, 198.51.100.7"), last_hop(""), last_hop("1.2.3.4, made up")
    ('198.51.100.7', '', '')
    """
    return _address(forwarded.rpartition(",")[2]) or ""


def _address(text: str) -> str | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address).partition("%")[
        0
    ]  # an IPv6 zone says nothing to others, and may be anything
