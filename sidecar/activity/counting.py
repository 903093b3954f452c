"""How many events of each type a day has, for charts; from how many addresses members come.

Each event is counted once, when it is under a seal: an event gets one seal, in one transaction, whoever stored it and however
often it was repeated. What is not under a counted seal yet is counted when somebody asks, which are the events of the last
minutes; so the numbers are exact at any moment. Recording knows nothing of it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import groupby

from sqlalchemy.orm import Session

from sidecar.activity import store_counts
from sidecar.activity.rules import EventType
from sidecar.db import session, use_case

SEALS_A_STEP = 20
Counts = Mapping[date, Mapping[EventType, int]]


def count_sealed_events(zone: tzinfo, seconds: float = 20.0) -> int:
    """Count what was sealed since the last time, for `seconds` of real time at most; gives how many events.

    Needs no transaction. Days are those of `zone`: they stay as they were counted when the site moves to another one.
    """
    ends, done = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        number = _count_some(zone)
        if number is None:
            break
        done += number
    return done


@use_case
def _count_some(zone: tzinfo) -> int | None:
    """One step: the events of some seals. None when there is none, or somebody else is counting."""
    after = store_counts.find_counted_seal(session())
    to = min(store_counts.find_newest_seal(session()), after + SEALS_A_STEP)
    if to <= after:
        return None
    store_counts.start_counting(session())
    if not store_counts.claim_seals(session(), after, to):
        return None
    found = store_counts.count_sealed(session(), after, to)
    store_counts.add_counts(session(), _by_day(found, zone))
    return sum(number for _slot, _kind, number in found)


def read_counts(reader: Session, zone: tzinfo, first: date, last: date) -> Counts:
    """How many events of each type the days from `first` to `last` have: every day is there, and in it every type."""
    begin, end = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    while True:
        seal = store_counts.find_counted_seal(reader)
        numbers = Counter(
            {(day, kind): number for day, kind, number in store_counts.list_counts(reader, first, last)}
        )
        numbers.update(_by_day(store_counts.count_beyond(reader, seal, begin, end), zone))
        if store_counts.find_counted_seal(reader) == seal:
            break  # else it was counted on meanwhile: what moved was seen twice or not at all
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: {kind: numbers[day, kind] for kind in EventType} for day in days}


def _by_day(
    found: Iterable[tuple[datetime, EventType, int]], zone: tzinfo
) -> Counter[tuple[date, EventType]]:
    numbers: Counter[tuple[date, EventType]] = Counter()
    for slot, kind, number in found:
        numbers[slot.astimezone(zone).date(), kind] += number
    return numbers


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time_of_day(), zone).astimezone(UTC)


# --- from how many addresses members come -----------------------------------------------------------------------------

_COMING = (EventType.LOGIN, EventType.PAGE)


@dataclass(frozen=True)
class Seen:
    """A network that a member came from: an IPv4 address, or the /64 of IPv6 addresses, which is one connection."""

    network: str
    number: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Traveller:
    """A member who came from many networks, the latest first."""

    member_id: int
    user_id: int | None
    networks: tuple[Seen, ...]


def list_travellers(reader: Session, begin: datetime, end: datetime, at_least: int) -> list[Traveller]:
    """Members whose sign-ins and page views in [begin, end) came from `at_least` networks; those with the most first."""
    rows = store_counts.list_addresses(reader, _COMING, begin, end, at_least)
    found = []
    for member_id, group in groupby(rows, key=lambda row: int(row.member_id)):
        theirs = list(group)
        networks: dict[str, list[Seen]] = defaultdict(list)
        for row in theirs:
            network = network_of(row.ip)
            networks[network].append(Seen(network, row.number, row.first_at, row.last_at))
        if len(networks) >= at_least:
            user_id = max((row.user_id for row in theirs if row.user_id is not None), default=None)
            found.append(Traveller(member_id, user_id, _latest_first(networks)))
    return sorted(found, key=lambda one: (-len(one.networks), one.member_id))


def _latest_first(networks: Mapping[str, list[Seen]]) -> tuple[Seen, ...]:
    together = [
        Seen(
            network,
            sum(seen.number for seen in parts),
            min(seen.first_at for seen in parts),
            max(seen.last_at for seen in parts),
        )
        for network, parts in networks.items()
    ]
    return tuple(sorted(together, key=lambda seen: (seen.last_at, seen.network), reverse=True))


def network_of(ip: str) -> str:
    """
    >>> network_of("192.0.2.7"), network_of("2001:db8:1:2:3:4:5:6"), network_of("nonsense")
    ('192.0.2.7', '2001:db8:1:2::/64', 'nonsense')
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else ip
