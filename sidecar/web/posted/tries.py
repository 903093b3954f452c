"""How often somebody may try: coupons and cards are guessed by machines. Counted for all processes together, by real time."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from sidecar.activity.addresses import Network, is_among, last_hop, real_ip
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.tries import claim_try, give_back_try

WINDOW_SECONDS = 3600.0
READ_AGAIN_SECONDS = 3.0
BEHIND_ONE_ADDRESS = 20
"""So many times as much as one address may try its connection, where a proxy that nobody has named trusted stands before many."""


class TooManyTries(Refused):
    """Somebody has tried too often within an hour."""


@dataclass(frozen=True)
class Origin:
    """Where a request comes from, as limits count it: `connection`, and `behind` it the address that a proxy has added
    whom nobody has named trusted; '' where there is none."""

    connection: str
    behind: str = ""

    @property
    def name(self) -> str:
        """The two as one."""
        return f"{self.connection} {self.behind}".strip()


def origin_of(remote: str, forwarded: str, trusted: Sequence[Network]) -> Origin:
    """By the connection's address and the header X-Forwarded-For.

    >>> origin_of("192.0.2.7", "", ()), origin_of("2001:db8:1:2:3::4", "1.2.3.4, 2001:db8:9::1", ())
    (Origin(connection='192.0.2.7', behind=''), Origin(connection='2001:db8:1:2::/64', behind='2001:db8:9::/64'))
    """
    connection = _counted(real_ip(remote, forwarded, trusted))
    return (
        Origin(connection) if is_among(remote, trusted) else Origin(connection, _counted(last_hop(forwarded)))
    )


def count_origin(what: str, origin: Origin, limit: int) -> None:
    """Count one more try of an address; raises TooManyTries from the one after `limit` within an hour on.

    Of a header that anybody may have made up, all that comes by the connection counts first.
    """
    if origin.behind:
        count_try(what, f"connection:{origin.connection}", limit * BEHIND_ONE_ADDRESS)
    count_try(what, f"ip:{origin.name}", limit)


def count_try(what: str, who: str, limit: int) -> None:
    """Count one more try; raises TooManyTries from the one after `limit` within an hour on."""
    if not claim_try(what, who, limit, WINDOW_SECONDS):
        raise TooManyTries(_("That was tried too often. Please wait an hour, or contact us."))


def take_back(what: str, origin: Origin) -> None:
    """The last counted try of an address was none."""
    if origin.behind:
        give_back_try(what, f"connection:{origin.connection}")
    give_back_try(what, f"ip:{origin.name}")


def may_ask_gateway(order_name: str) -> bool:
    """Whether nobody has asked the gateway about this order for a moment; whoever is told so asks now."""
    return claim_try("read", order_name, 1, READ_AGAIN_SECONDS)


def _counted(ip: str) -> str:
    """Of IPv6 the network, since one household has 2^64 addresses."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    return ip if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
