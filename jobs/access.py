"""Access that ends by its date."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from sidecar.db import reading
from sidecar.errors import GatepostError
from sidecar.members.changing import end_entitlement
from sidecar.members.store import list_ended
from sidecar.service import Service
from sidecar.wordpress.options import get_site

log = logging.getLogger(__name__)
MOST_A_RUN = 20_000


def end_access(service: Service) -> int:
    """Write down every end that has passed; gives how many. One that fails does not hold up the others."""
    now, ended, failed = service.clock.now(), 0, 0
    while ended + failed < MOST_A_RUN:
        with reading() as reader:
            zone = get_site(reader, service.tables).zone
            due = list_ended(reader, now)
        before = ended
        for user_id, held in due[failed:]:
            try:
                ended += end_entitlement(user_id, held, now=now, zone=zone)
            except (GatepostError, SQLAlchemyError):
                failed += 1
                log.exception("the access of user %s could not be ended", user_id)
        if ended == before:
            break
    return ended
