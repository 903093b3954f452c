"""The log's spools, into the database."""

from __future__ import annotations

from sidecar.activity.forwarded import event_of
from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.activity.spool import drain, store_events
from sidecar.db import reading, transaction
from sidecar.members.store import find_member_ids
from sidecar.service import Service
from sidecar.wordpress.bridge_spool import list_spooled, remove_spooled, spool_exists


def drain_spools(service: Service) -> int:
    """Store what this machine's web processes have spooled; gives the number of events."""
    return drain(service.config.state_dir / "spool", find_member_ids)


def make_partitions(service: Service) -> int:
    """The log's partitions for the months to come; gives how many were made."""
    return sync_partitions(months_from(service.clock.now()))


def drain_bridge(service: Service) -> int:
    """Store what the bridge kept while we were away, in order; gives the number of rows.

    Rows go only after their events are stored, and the events' ids make a repetition harmless.
    """
    with reading() as reader:
        if not spool_exists(reader, service.tables):
            return 0
        rows = list_spooled(reader, service.tables)
    claims = [claim for _seq, claim in rows if claim is not None]
    found = [event_of(claim, service.rendering.trusted_proxies, service.clock.now()) for claim in claims]
    store_events([event for event in found if event is not None], find_member_ids)
    if rows:
        with transaction() as session:
            remove_spooled(session, service.tables, [seq for seq, _claim in rows])
    return len(rows)
