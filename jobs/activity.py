"""The log's spools, into the database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from sidecar.activity.counting import count_sealed_events
from sidecar.activity.forwarded import events_of
from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.activity.rules import to_line
from sidecar.activity.spool import drain, keep_refused
from sidecar.activity.storing import BATCH, People, store_events
from sidecar.billing.store_payers import find_payers
from sidecar.db import reading, session, use_case
from sidecar.members.store import find_member_ids
from sidecar.service import Service
from sidecar.wordpress.bridge_spool import Spooled, list_spooled, remove_spooled, spool_exists
from sidecar.wordpress.options import get_site

DRAIN_SECONDS = 10.0
"""Of real time: other jobs wait meanwhile."""


def drain_spools(service: Service) -> int:
    """Store what this machine's web processes have spooled; gives the number of events."""
    people = people_of(service)
    return drain(_spool_folder(service), people.members_of, people.payers_of)


def make_partitions(service: Service) -> int:
    """The log's partitions for the months to come; gives how many were made."""
    return sync_partitions(months_from(service.clock.now()))


def drain_bridge(service: Service, seconds: float = DRAIN_SECONDS) -> int:
    """Store what the bridge kept while we were away, in order; gives the number of rows.

    Rows go only after their events are stored, and the events' ids make a repetition harmless. What is no event is put aside
    for a person to look at.
    """
    with reading() as reader:
        if not spool_exists(reader, service.tables):
            return 0
    ends, count = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        with reading() as reader:
            rows = list_spooled(reader, service.tables, BATCH)
        _store_rows(service, rows)
        count += len(rows)
        if len(rows) < BATCH:
            break
    return count


def _store_rows(service: Service, rows: Sequence[Spooled]) -> None:
    trusted, now = service.rendering.trusted_proxies, service.clock.now()
    found = {row.seq: events_of(row.event, trusted, now) if row.event else [] for row in rows}
    refused = store_events([event for events in found.values() for event in events], people_of(service))
    lines = [row.body.encode() for row in rows if not found[row.seq]] + [to_line(event) for event in refused]
    keep_refused(_spool_folder(service), lines)
    if rows:
        _remove(service, [row.seq for row in rows])


@use_case
def _remove(service: Service, seqs: list[int]) -> None:
    remove_spooled(session(), service.tables, seqs)


def people_of(service: Service) -> People:
    """How the log finds members, and whose addresses it keeps whole."""
    return People(find_member_ids, find_payers if service.config.log.shorten_addresses else None)


def _spool_folder(service: Service) -> Path:
    return service.config.state_dir / "spool"


def count_events(service: Service) -> int:
    """How many events of each type a day has, as far as they are sealed; gives the number of events that were new."""
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
    return count_sealed_events(zone)
